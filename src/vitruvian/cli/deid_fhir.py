"""`vitruvian deid fhir`: FHIR resources and bundles by Safe Harbor."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import typer


def fhir_command(
    paths: list[Path] = typer.Argument(..., help="Files or folders of FHIR R4: JSON or lines of JSON, also in gzip."),
    out: Path = typer.Option(..., "--out", help="A folder for the new files, which get new names."),
    key_file: Path | None = typer.Option(
        None, "--key-file", help="At least 16 secret bytes; the same key gives the same pseudonyms and shifts again."
    ),
    dates: Literal["shift", "year"] = typer.Option(
        "shift", help="Move the dates of each person, or leave the year alone (Safe Harbor to the letter)."
    ),
    texts: Literal["remove", "clean"] = typer.Option(
        "remove", help="Take free text out, or clean it as notes are; then let a person read it."
    ),
    on: datetime | None = typer.Option(
        None, formats=["%Y-%m-%d"], help="The day the data are given away, for ages over 89. Default: today."
    ),
    name: list[str] = typer.Option([], help="A name that is to go from texts, beside those in the resources."),
) -> None:
    """Write de-identified copies of FHIR resources and bundles."""
    from vitruvian.cli._deid import key_of, resources_of, text_of, unpacked, written_fhir
    from vitruvian.core import InputError
    from vitruvian.deid import Known
    from vitruvian.record import files_under

    key, day, known = key_of(key_file), on.date() if on else None, Known(names=name)
    out.mkdir(parents=True, exist_ok=True)
    for k, path in enumerate(files_under(paths), 1):
        resources = resources_of(text_of(unpacked(path)) or "")
        if not resources:
            raise InputError("not FHIR", got=path.name, todo="vitruvian deid files takes notes, tables and DICOM.")
        new, warnings, removed = written_fhir(resources, key=key, dates=dates, texts=texts, on=day, known=known)
        written = out / f"fhir-{k:04d}.{'json' if len(resources) == 1 else 'ndjson'}"
        if written.exists():
            raise InputError("the file is there already", got=str(written), todo="Name an empty folder.")
        written.write_bytes(new)
        gone = ", ".join(f"{what} {count}" for what, count in sorted(removed.items()))
        typer.echo(f"{path} → {written.name}; out: {gone or 'nothing'}")
        for one in warnings:
            typer.echo(f"  look at it: {one}", err=True)
