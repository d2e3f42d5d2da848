"""`vitruvian audit verify | list`."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

audit_app = typer.Typer(no_args_is_help=True, help="Who read and wrote what; whether that was altered.")


@audit_app.command("verify")
def verify_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """Check every row and the heads outside the database; exit code 2 if anything was altered."""
    from vitruvian.core import DataError

    with open_record(record) as opened:
        rows, findings = opened.audit_findings()
    if as_json:
        typer.echo(json.dumps({"rows": rows, "whole": not findings, "findings": [asdict(one) for one in findings]}))
    elif not findings:
        typer.echo(f"{rows} rows, whole")
    if findings:
        told = "; ".join(str(one) for one in findings)
        raise DataError("the audit was altered", got=told, todo="Compare with a backup.")


@audit_app.command("list")
def list_command(
    patient: str | None = typer.Option(None, "--patient", help="What was done to this person's data."),
    actor: str | None = typer.Option(None, "--actor", help="What this actor did."),
    since: str | None = typer.Option(None, "--since", help="From this date on."),
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Who did what, in order of time; persons are pseudonyms. Asking is audited too."""
    with open_record(record) as opened:
        rows = opened.audit_log(patient, actor=actor, since=since)
    if as_json:
        told = [{**asdict(one), "at": one.at, "detail": json.loads(one.detail)} for one in rows]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for one in rows:
        typer.echo("\t".join((one.at, one.actor, one.purpose, one.action, one.person[:12], one.detail)))
