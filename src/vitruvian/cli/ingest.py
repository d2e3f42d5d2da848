"""`vitruvian ingest`: files into the record, every record accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record


def ingest_command(
    paths: list[Path] = typer.Argument(..., help="Files or folders: FHIR R4 (JSON, NDJSON), VCF; gzip too."),
    record: str | None = RECORD_OPTION,
    patient: str | None = typer.Option(None, "--patient", help="Whose the files are that do not say so (a genome)."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Take files in; exit code 3 if anything was put into quarantine."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from vitruvian.core import QuarantineError
    from vitruvian.record import IngestReport, files_under

    total = len(files_under(paths))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with open_record(record, create=True) as opened, Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("ingest", total=total)

        def on_file(path: Path, _: IngestReport) -> None:
            bar.update(task, advance=1, description=path.name)

        report = opened.ingest(*paths, patient=patient, on_file=on_file)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        counts = f"{report.stored} stored, {report.duplicate} duplicate, {report.quarantined} quarantined"
        typer.echo(f"{report.records_in} records in: {counts}")
        if report.people:
            typer.echo(f"people: {', '.join(report.people)}")
    if report.quarantined:
        lines = "\n  ".join(report.problems)
        todo = f"See `vitruvian quarantine list`.\n  {lines}"
        raise QuarantineError(f"{report.quarantined} of {report.records_in} records are in quarantine", todo=todo)
