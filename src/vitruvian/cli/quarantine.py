"""`vitruvian quarantine list`, `replay` and `dismiss`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

quarantine_app = typer.Typer(no_args_is_help=True, help="What was kept but not accepted, and why.")


@quarantine_app.callback()
def quarantine_root() -> None:
    """Quarantine keeps the bytes, the reason and the place."""


@quarantine_app.command("list")
def list_command(
    record: str | None = RECORD_OPTION,
    dismissed: bool = typer.Option(False, "--dismissed", help="What was dismissed, and why, instead."),
    as_json: bool = JSON_OPTION,
) -> None:
    """All quarantined records, oldest first."""
    with open_record(record) as opened:
        rows = opened.quarantined(dismissed=dismissed)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in rows], indent=2, ensure_ascii=False))
        return
    for one in rows:
        typer.echo(f"{one.id}\t{one.name}\t{one.place}\t{one.what}\n  {one.reason}")
        if one.dismissed:
            typer.echo(f"  dismissed: {one.dismissed}")
    typer.echo(f"{len(rows)} {'dismissed' if dismissed else 'in quarantine'}")


@quarantine_app.command("dismiss")
def dismiss_command(
    ids: list[str] = typer.Argument(..., help="Which, by the ids of `list`."),
    reason: str = typer.Option(..., "--reason", help="Why they need not be tried again."),
    record: str | None = RECORD_OPTION,
) -> None:
    """Put aside what need not be tried again, with a reason; the bytes stay."""
    with open_record(record) as opened:
        opened.dismiss(ids, reason)
    typer.echo(f"{len(ids)} dismissed")


@quarantine_app.command("replay")
def replay_command(
    ids: list[str] = typer.Argument(None, help="Which, by the ids of `list`; all without."),
    record: str | None = RECORD_OPTION,
    patient: str | None = typer.Option(None, "--patient", help="Whose the files are that do not say so."),
    zone: str | None = typer.Option(None, "--zone", help="Where local times were taken (Europe/Berlin)."),
    sample: list[str] = typer.Option([], "--sample", help="NAME=PATIENT: whose a sample of a file with several is."),
    mapping: Path | None = typer.Option(None, "--mapping", help="Confirmed column mapping of laboratory tables."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Try what is in quarantine again, after a fix or with what was missing; exit code 3 if anything stays there."""
    from vitruvian.cli.ingest import sample_pairs, tell

    with open_record(record) as opened:
        report = opened.replay(ids or None, patient=patient, zone=zone, samples=sample_pairs(sample), mapping=mapping)
    tell(report, as_json)
