"""`vitruvian deid report`: k-anonymity, l-diversity and t-closeness of a table that is to be given away."""

from __future__ import annotations

from pathlib import Path

import typer

_SHOWN = 10


def report_command(
    table: Path = typer.Argument(..., help="A CSV file."),
    quasi: list[str] = typer.Option(..., help="A column that others may know of a person (age, sex, region); repeat."),
    sensitive: list[str] = typer.Option([], help="A column that must not be found out (diagnosis); repeat."),
    person: str | None = typer.Option(None, help="The column that says whose each row is; else each row is a person."),
    at_least: int = typer.Option(11, help="The least people in a class."),
    suppress: Path | None = typer.Option(None, help="Write the table without the rows of smaller classes here."),
) -> None:
    """Say how well people hide in a table: the smallest class, the classes that are too small, what they give away."""
    import csv
    import io

    from vitruvian.cli._deid import text_of, unpacked
    from vitruvian.core import InputError
    from vitruvian.deid import anonymity, suppressed

    text = text_of(unpacked(table)) if table.is_file() else None
    if text is None:
        raise InputError("not a CSV file", got=str(table))
    if suppress is not None and suppress.exists():
        raise InputError("the file is there already", got=str(suppress))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    told = anonymity(rows, quasi, sensitive, person=person, wanted=at_least)
    typer.echo(f"{told.rows} rows, {told.people} people, {told.classes} classes by {', '.join(told.quasi)}")
    typer.echo(f"k = {told.k}; highest risk {told.highest_risk:.1%}, mean risk {told.mean_risk:.1%}")
    for name, one in told.sensitive.items():
        words = f"l = {one.different}, entropy l = {one.entropy:.2f}, t = {one.closeness:.2f}"
        typer.echo(f"{name}: {words}")
    for known, size in told.small[:_SHOWN]:
        typer.echo(f"  {size} of {at_least}: {', '.join(known)}")
    if told.small:
        typer.echo(f"{len(told.small)} classes with {told.people_at_risk} people are below {at_least}")
    if suppress is not None:
        kept = suppressed(rows, quasi, at_least, person=person)
        with suppress.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        typer.echo(f"{len(kept)} rows written to {suppress}")
