"""`vitruvian ingest`: files into the record, every record accounted for."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

if TYPE_CHECKING:
    from vitruvian.record import IngestReport


def ingest_command(
    paths: list[Path] = typer.Argument(None, help="Files or folders of any kind that can be read; gzip too."),
    record: str | None = RECORD_OPTION,
    patient: str | None = typer.Option(None, "--patient", help="Whose the files are that do not say so (a genome)."),
    zone: str | None = typer.Option(None, "--zone", help="Where local times were taken (Europe/Berlin)."),
    sample: list[str] = typer.Option([], "--sample", help="NAME=PATIENT: whose a sample of a file with several is."),
    mapping: Path | None = typer.Option(None, "--mapping", help="Confirmed column mapping of laboratory tables."),
    dicomweb: str | None = typer.Option(None, "--dicomweb", help="Address of a PACS, with --study."),
    study: str | None = typer.Option(None, "--study", help="Study Instance UID that is fetched from the PACS."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Take files, or a study from a PACS, in; exit code 3 if anything was put into quarantine.

    A PACS that asks for a bearer token gets VITRUVIAN_DICOMWEB_TOKEN.
    """
    if dicomweb or study:
        _from_pacs(dicomweb, study, paths, record, patient, as_json)
    else:
        _from_files(paths, record, patient, zone, sample, mapping, as_json)


def _from_files(
    paths: list[Path] | None,
    record: str | None,
    patient: str | None,
    zone: str | None,
    sample: list[str],
    mapping: Path | None,
    as_json: bool,
) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from vitruvian.core import InputError
    from vitruvian.record import IngestReport, files_under

    if not paths:
        raise InputError("nothing to ingest", allowed="files or folders, or --dicomweb URL --study UID")
    named = sample_pairs(sample)
    total = len(files_under(paths))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with open_record(record, create=True) as opened, Progress(*columns, console=Console(stderr=True)) as bar:
        task, done = bar.add_task("ingest", total=total), IngestReport()
        count = itertools.count(1)

        def on_file(path: Path, one: IngestReport) -> None:
            nonlocal done
            done, k = done + one, next(count)  # an archive counts as its members
            bar.update(task, completed=k, total=max(total, k), description=path.name)

        try:
            report = opened.ingest(*paths, patient=patient, zone=zone, samples=named, mapping=mapping, on_file=on_file)
        except KeyboardInterrupt:
            bar.stop()
            _tell_stopped(done, as_json)
            raise typer.Exit(130) from None
    tell(report, as_json)


def _tell_stopped(done: IngestReport, as_json: bool) -> None:
    """What was stored before the user stopped it; the file at hand was taken back whole."""
    if as_json:
        typer.echo(json.dumps(done.to_json(), indent=2, ensure_ascii=False))
    counts = f"{done.stored} stored, {done.duplicate} duplicate, {done.quarantined} quarantined"
    todo = "All of that is kept; the same command goes on from there."
    typer.echo(f"vitruvian: stopped after {done.records_in} records: {counts}. {todo}", err=True)


def _from_pacs(
    url: str | None, study: str | None, paths: list[Path] | None, record: str | None, patient: str | None, as_json: bool
) -> None:
    import os

    from vitruvian.core import InputError, QuarantineError
    from vitruvian.ingest import ingest_dicomweb

    if not url or not study or paths:
        raise InputError("a study from a PACS needs --dicomweb and --study, and no files", got=f"{url}, {study}")
    token = os.environ.get("VITRUVIAN_DICOMWEB_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else None
    with open_record(record, create=True) as opened:
        try:
            done = ingest_dicomweb(opened, url, study=study, headers=headers, patient=patient)
        except KeyboardInterrupt:
            typer.echo("vitruvian: stopped. Instances that were stored are kept; the same command goes on.", err=True)
            raise typer.Exit(130) from None
    typer.echo(f"{done.found} instances: {done.held} held already, {len(done.failed)} not retrieved", err=True)
    tell(done.report, as_json)
    if done.failed:
        lines = "\n  ".join(done.failed)
        raise QuarantineError(f"{len(done.failed)} instances were not retrieved", todo=f"Run it again.\n  {lines}")


def tell(report: IngestReport, as_json: bool) -> None:
    """Print an account; raises `QuarantineError` if anything was put into quarantine."""
    from vitruvian.core import QuarantineError

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


def sample_pairs(texts: list[str]) -> dict[str, str]:
    """NAME=PATIENT, parsed; raises `InputError`."""
    from vitruvian.core import InputError

    pairs = [text.partition("=") for text in texts]
    for text, (name, _, subject) in zip(texts, pairs, strict=True):
        if not (name and subject):
            raise InputError("--sample cannot be read", got=text, allowed="NAME=PATIENT")
    return {name: subject for name, _, subject in pairs}
