"""`vitruvian quarantine list`."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

quarantine_app = typer.Typer(no_args_is_help=True, help="What was kept but not accepted, and why.")


@quarantine_app.callback()
def quarantine_root() -> None:
    """Quarantine keeps the bytes, the reason and the place."""


@quarantine_app.command("list")
def list_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """All quarantined records, oldest first."""
    with open_record(record) as opened:
        rows = opened.quarantined()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in rows], indent=2, ensure_ascii=False))
        return
    for one in rows:
        typer.echo(f"{one.name}\t{one.place}\t{one.what}\n  {one.reason}")
    typer.echo(f"{len(rows)} in quarantine")
