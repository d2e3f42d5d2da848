"""`vitruvian dose`: the right dose for one patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitruvian.core import InputError


def dose_command(
    patient: Annotated[str, typer.Argument(help="Patient id, or an identifier such as a hospital number.")],
    drug: Annotated[str, typer.Option("--drug", help="Drug name; see `vitruvian models list`.")],
    goal: Annotated[
        str | None, typer.Option(help='Target name, or e.g. "auc24 400-600 mg.h/L". Default: the first target.')
    ] = None,
    at: Annotated[str | None, typer.Option(help="Moment asked about (ISO 8601). Default: the newest fact.")] = None,
    record: Annotated[
        str, typer.Option(envvar="VITRUVIAN_RECORD", help="Record: a SQLite file or a database URL.")
    ] = "vitruvian.db",
    route: Annotated[str | None, typer.Option(help="oral, iv or sc. Default: the route of the last dose.")] = None,
    indication: Annotated[str, typer.Option(help="Indication, where targets or label rules depend on it.")] = "",
    mic: Annotated[float | None, typer.Option(help="MIC in mg/L, for targets that depend on it.")] = None,
    model: Annotated[str | None, typer.Option(help="Use this model alone instead of averaging.")] = None,
    covariate: Annotated[
        list[str] | None, typer.Option(help='A number the record lacks, e.g. "ALB=3.1" (unit of the model).')
    ] = None,
    loading: Annotated[bool, typer.Option("--loading", help="Compare regimens with a loading dose.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    draws: Annotated[int, typer.Option(min=100, help="Draws from the posterior.")] = 400,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
) -> None:
    """The personalised dose with its uncertainty, the reasons, and a report. Exit code 4: refused by the guard."""
    from vitruvian.record import Record
    from vitruvian.twin import Asked, dose

    extra = covariates(covariate or [])
    with Record.open(_existing(record)) as opened:
        asked = Asked(at, route, indication, extra)
        answer = dose(
            opened, patient, drug, goal=goal, mic=mic, model=model, loading=loading, asked=asked, draws=draws, seed=seed
        )
        if html is not None:
            from vitruvian.reports import Paper, report

            report(answer, html, Paper.of(opened.patient(patient)))
    if json:
        import orjson

        typer.echo(orjson.dumps(answer.to_dict(), option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo(str(answer))
        if html is not None:
            typer.echo(f"\nReport: {html}")
    if answer.refused:
        raise typer.Exit(4)


def covariates(given: list[str]) -> dict[str, float]:
    """NAME=NUMBER texts as numbers by upper-case name; raises `InputError`."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name.strip().upper()] = float(value)
        except ValueError as error:
            raise InputError("not a covariate", got=repr(text), allowed='NAME=NUMBER, e.g. "ALB=3.1"') from error
    return found


def _existing(url: str) -> str:
    if "://" not in url and not Path(url).exists():
        raise InputError("no such record", got=url, todo="Make one with `vitruvian ingest FILE… --record " + url + "`.")
    return url
