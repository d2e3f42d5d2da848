"""`vitruvian laboratory propose`: a mapping of a laboratory table for the user to confirm."""

from __future__ import annotations

from pathlib import Path

import typer

laboratory_app = typer.Typer(
    help="Laboratory tables (CSV, XLSX): propose what their columns are.", no_args_is_help=True
)


@laboratory_app.callback()
def root() -> None:
    """Laboratory tables: propose what their columns are."""


@laboratory_app.command("propose")
def propose_command(
    file: Path = typer.Argument(..., help="A laboratory table: CSV, TSV or XLSX."),
    out: Path | None = typer.Option(None, "--out", help="Write the mapping here; else it is printed."),
) -> None:
    """Propose a mapping: column to code, unit, date and person, each with its reason. Nothing is ingested."""
    from vitruvian.core import InputError
    from vitruvian.ingest import propose_mapping

    if not file.is_file():
        raise InputError("no such file", got=str(file))
    if out is not None and out.exists():
        raise InputError("the mapping exists already", got=str(out), todo="Give another name, or remove it.")
    text = propose_mapping(file)
    if out is None:
        typer.echo(text)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: check every line, set confirmed = true, then: vitruvian ingest {file} --mapping {out}")
