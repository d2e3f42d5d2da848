"""`vitruvian cohort`: a view or a query over everybody, as far as consent allows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record


def cohort_command(
    view: str = typer.Argument(None, help="A ViewDefinition: a JSON file, or patients, observations, conditions, …"),
    sql: str = typer.Option(None, "--sql", help="Instead: one SELECT over people, facts, resources and samples."),
    out: Path = typer.Option(None, "--out", help="Write the rows to this .csv or .parquet file."),
    refresh: bool = typer.Option(False, "--refresh", help="Only bring the analytic copy up to date."),
    rebuild: bool = typer.Option(False, "--rebuild", help="Only make the analytic copy anew from the record."),
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Rows about everybody whom you may see, by a SQL-on-FHIR ViewDefinition or a SQL query."""
    from vitruvian.core import InputError

    if sum((view is not None, sql is not None, refresh, rebuild)) != 1:
        raise InputError("say one thing", allowed="VIEW, --sql, --refresh or --rebuild")
    if out is not None and (refresh or rebuild or out.suffix not in (".csv", ".parquet")):
        raise InputError("rows can be written as .csv or .parquet", got=out.name)
    with open_record(record) as opened:
        if refresh or rebuild:
            copy = opened.analytic()
            done = asdict(copy.rebuild() if rebuild else copy.refresh())
            typer.echo(json.dumps(done) if as_json else ", ".join(f"{name} {count:,}" for name, count in done.items()))
            return
        rows = opened.query(sql) if sql is not None else opened.cohort(view)
    if out is not None:
        rows.write_csv(out) if out.suffix == ".csv" else rows.write_parquet(out)
        typer.echo(json.dumps({"rows": rows.height, "file": str(out)}) if as_json else f"{rows.height:,} rows: {out}")
    elif as_json:
        typer.echo(json.dumps(rows.to_dicts(), ensure_ascii=False, default=str))
    else:
        typer.echo(rows.write_csv(separator="\t"), nl=False)
