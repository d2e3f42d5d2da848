"""`vitruvian identity link | unlink | merge | unmerge | log | candidates`."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

identity_app = typer.Typer(no_args_is_help=True, help="Which ids of sources are one person.")
_REASON = typer.Option(..., "--reason", help="How it is known; kept in the log.")
_DESPITE = typer.Option(False, "--despite-differences", help="Even if sexes or birth dates contradict.")


@identity_app.command("link")
def link_command(
    subject: str = typer.Argument(..., help="An id that a source uses."),
    person: str = typer.Argument(..., help="The person whose it is."),
    reason: str = _REASON,
    despite: bool = _DESPITE,
    record: str | None = RECORD_OPTION,
) -> None:
    """Say whose one id of a source is."""
    with open_record(record) as opened:
        opened.link(subject, person, reason, despite_differences=despite)
    typer.echo(f"{subject} is {person}")


@identity_app.command("unlink")
def unlink_command(
    subject: str = typer.Argument(..., help="The id that was linked to a person."),
    reason: str = _REASON,
    record: str | None = RECORD_OPTION,
) -> None:
    """Take the last link of an id back."""
    with open_record(record) as opened:
        person = opened.unlink(subject, reason)
    typer.echo(f"{subject} is {person} again")


@identity_app.command("merge")
def merge_command(
    kept: str = typer.Argument(..., help="The person who stays."),
    other: str = typer.Argument(..., help="The person who is the same."),
    reason: str = _REASON,
    despite: bool = _DESPITE,
    record: str | None = RECORD_OPTION,
) -> None:
    """Make two persons one; no fact is touched."""
    with open_record(record) as opened:
        opened.merge(kept, other, reason, despite_differences=despite)
    typer.echo(f"{other} is {kept}")


@identity_app.command("unmerge")
def unmerge_command(
    other: str = typer.Argument(..., help="The person who was merged into another one."),
    reason: str = _REASON,
    record: str | None = RECORD_OPTION,
) -> None:
    """Take the last merge of a person back."""
    with open_record(record) as opened:
        moved = opened.unmerge(other, reason)
    typer.echo(f"{other} is a person again: {', '.join(moved)}")


@identity_app.command("log")
def log_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """Every link, unlink, merge and unmerge, oldest first."""
    from vitruvian.core import to_datetime

    with open_record(record) as opened:
        rows = opened.identity_log()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in rows], indent=2, ensure_ascii=False))
        return
    if not rows:
        typer.echo("nobody was linked or merged")
    for one in rows:
        at = to_datetime(one.at_ms).isoformat(timespec="seconds")
        typer.echo(
            "\t".join((at, one.actor, one.action, one.subject, f"{one.person_before} → {one.person_after}", one.reason))
        )


@identity_app.command("candidates")
def candidates_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """Persons who may be one: shared identifiers, or birth date and name. Nothing is merged by itself."""
    with open_record(record) as opened:
        rows = opened.candidates()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in rows], indent=2, ensure_ascii=False))
        return
    if not rows:
        typer.echo("no two persons share an identifier, or birth date and name")
    for one in rows:
        typer.echo(f"{one.one}\t{one.other}\t{', '.join(one.shared)}")
