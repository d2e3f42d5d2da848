"""`vitruvian deid`: files without what identifies a person, and how well people hide in a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from vitruvian.cli.deid_fhir import fhir_command
from vitruvian.cli.deid_report import report_command

if TYPE_CHECKING:
    from vitruvian.deid import Known


class _FilesFirst(TyperGroup):
    """What is no command is a file: `vitruvian deid PATH…` is `vitruvian deid files PATH…`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = ["files", *args] if args and args[0] not in (*self.commands, "--help") else args
        return super().parse_args(ctx, words)


deid_app = typer.Typer(
    cls=_FilesFirst,
    help="Copies without what identifies a person; how well people hide in a table.",
    no_args_is_help=True,
)
deid_app.command("fhir")(fhir_command)
deid_app.command("report")(report_command)


@deid_app.command("files")
def files_command(
    paths: list[Path] = typer.Argument(..., help="Files or folders: FHIR, DICOM, tables (CSV, TSV), text in UTF-8."),
    out: Path = typer.Option(..., "--out", help="A folder for the new files, which get new names."),
    key_file: Path | None = typer.Option(
        None, "--key-file", help="At least 16 secret bytes; the same key gives the same UIDs again. Default: a new key."
    ),
    shift_days: int | None = typer.Option(
        None, help="Move dates of DICOM and texts by so many days instead of removing them."
    ),
    shift_dates: bool = typer.Option(
        False, "--shift-dates", help="Move dates of DICOM by the days of the person, as in tables and FHIR."
    ),
    blank: list[str] = typer.Option([], help="LEFT,TOP,RIGHT,BOTTOM in pixels, set to zero in every frame."),
    name: list[str] = typer.Option([], help="A name of the person that is to go from texts."),
    person: str | None = typer.Option(None, "--person", help="The column of a table that says whose each row is."),
    column: list[str] = typer.Option(
        [], help="COLUMN=keep|drop|pseudonym|year|shift|age|region|text, where its name does not say what to do."
    ),
) -> None:
    """Write de-identified copies; warnings say what a person must still look at."""
    from vitruvian.cli._deid import key_of, resources_of, text_of, unpacked, written_fhir
    from vitruvian.core import InputError
    from vitruvian.deid import Known, deidentify_dicom, deidentify_text
    from vitruvian.record import files_under

    if shift_dates and shift_days is not None:
        raise InputError("two ways to move dates", got="--shift-days and --shift-dates", todo="Name one of them.")
    key, days = key_of(key_file), "person" if shift_dates else shift_days
    rectangles = [_rectangle(one) for one in blank]
    files = files_under(paths)
    out.mkdir(parents=True, exist_ok=True)
    for k, path in enumerate(files, 1):
        data = unpacked(path)
        text = text_of(data)
        if text is None:
            clean = deidentify_dicom(data, key=key, shift_days=days, blank=rectangles)  # type: ignore[arg-type]
            written, new, warnings = out / f"{clean.uid}.dcm", clean.content, clean.warnings
        elif resources := resources_of(text):
            ending = "json" if len(resources) == 1 else "ndjson"
            written = out / f"fhir-{k:04d}.{ending}"
            new, warnings, _ = written_fhir(resources, key=key, known=Known(names=name))
        elif by := _separator(text):
            written, new = out / f"table-{k:04d}.csv", _table(text, by, path, key, person, column, Known(names=name))
            warnings = ("let a person read the columns that are kept",)
        else:
            found = deidentify_text(text, Known(names=name), shift_days=shift_days)
            written, new = out / f"text-{k:04d}.txt", found.text.encode()
            warnings = ("let a person read it: a name that nothing marks stays",)
        if written.exists():
            raise InputError("the file is there already", got=str(written), todo="Name an empty folder.")
        written.write_bytes(new)
        typer.echo(f"{path} → {written.name}")
        for one in warnings:
            typer.echo(f"  look at it: {one}", err=True)


def _separator(text: str) -> str | None:
    """What separates the cells of a table: the same number of it in each of the first lines; None for prose."""
    lines = [line for line in text.splitlines() if line.strip()][:5]
    for by in ("\t", ";", ","):
        counts = {line.count(by) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            return by
    return None


def _table(text: str, by: str, path: Path, key: bytes, person: str | None, column: list[str], known: Known) -> bytes:
    """The table with each column treated; raises `InputError` where nobody says whose a row is."""
    import csv
    import io

    from vitruvian.core import DataError, InputError
    from vitruvian.deid import deidentify_table, plan

    rows = csv.DictReader(io.StringIO(text), delimiter=by)
    header = list(rows.fieldnames or ())
    if person not in header:
        todo = "Name the column that says whose each row is with --person."
        raise InputError(f"{path.name} is a table", got=f"--person {person}", allowed=", ".join(header), todo=todo)
    told = dict(one.rpartition("=")[::2] for one in column)
    try:
        treatments = plan(header, told)  # type: ignore[arg-type]
    except DataError as error:
        raise InputError(f"{path.name}: {error}", todo="Say it with --column COLUMN=TREATMENT.") from error
    out = io.StringIO()
    writer = csv.DictWriter(out, [one for one in header if treatments[one] != "drop"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(deidentify_table(rows, treatments, key=key, person=person, known=known))
    return out.getvalue().encode()


def _rectangle(written: str) -> tuple[int, int, int, int]:
    from vitruvian.core import InputError

    try:
        left, top, right, bottom = map(int, written.split(","))
    except ValueError as error:
        raise InputError("not a rectangle", got=written, allowed="LEFT,TOP,RIGHT,BOTTOM in pixels") from error
    return left, top, right, bottom
