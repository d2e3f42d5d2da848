"""`vitruvian glucose report`: the ambulatory glucose profile of a person, or one day with meals and insulin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vitruvian.cli._record import RECORD_OPTION, open_record

if TYPE_CHECKING:
    from vitruvian.twin.glucose import Evidence


def report_command(
    patient: str | None = typer.Argument(None, help="Id of the person, or an identifier; or a CSV file."),
    out: Path = typer.Option(..., "--out", help="Page (.html) or sheet (.pdf) to write; a day also as .svg or .png."),
    csv: Path | None = typer.Option(None, "--csv", help="Read this table instead of a record (columns: docs)."),
    since: str | None = typer.Option(None, "--since", help="First local day, such as 2026-03-01."),
    until: str | None = typer.Option(None, "--until", help="Last local day."),
    day: str | None = typer.Option(None, "--day", help="This day alone, with food, insulin and activity."),
    unit: str = typer.Option("mg/dL", "--unit", help="mg/dL or mmol/L."),
    person: str = typer.Option("", "--person", help="Whose rows, where the table holds several people."),
    record: str | None = RECORD_OPTION,
) -> None:
    """Time in range and the usual day of a sensor's glucose; one day with --day. Prints where it was written."""
    from vitruvian.reports import agp_report, day_report

    evidence = _evidence(patient, csv, person, day or since, day or until, record)
    written = agp_report(evidence, out, unit) if day is None else day_report(evidence, day, out, unit)
    for message in evidence.messages:
        if message.severity == "warning":
            typer.echo(f"{message.text}. {message.todo}", err=True)
    typer.echo(written)


def _evidence(
    patient: str | None, csv: Path | None, person: str, since: str | None, until: str | None, record: str | None
) -> Evidence:
    """What is known of a person's days, from a record or a table; raises `InputError` for neither or both."""
    from vitruvian.core import InputError
    from vitruvian.twin.glucose import read_evidence, read_table

    if (patient is None) == (csv is None):
        raise InputError("name one person", got=f"PATIENT {patient}, --csv {csv}", allowed="PATIENT or --csv FILE")
    if patient is not None and patient.lower().endswith(".csv"):
        csv = Path(patient)
    if csv is not None:
        if not csv.is_file():
            raise InputError("no such table", got=str(csv), todo="Name a CSV file.")
        return _days(read_table(csv, person=person), since, until)
    with open_record(record) as opened:
        return read_evidence(opened.patient(str(patient)), since, until)


def _days(evidence: Evidence, since: str | None, until: str | None) -> Evidence:
    """The local days `since` to `until` of a table, both included; raises `InputError` where there are none."""
    from datetime import date

    from vitruvian.core import InputError

    per_day = 288
    try:
        first = 0 if since is None else (date.fromisoformat(since) - evidence.start.date()).days * per_day
        ends = len(evidence) if until is None else (date.fromisoformat(until) - evidence.start.date()).days * per_day
    except ValueError as error:
        raise InputError("a day is written as a date", got=f"{since} to {until}", allowed="2026-03-01") from error
    last = ends if until is None else ends + per_day
    if not max(first, 0) < min(last, len(evidence)):
        raise InputError("the table holds nothing of these days", got=f"{since} to {until}")
    return evidence.part(max(first, 0), min(last, len(evidence)))
