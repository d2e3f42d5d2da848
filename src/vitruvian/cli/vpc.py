"""`vitruvian vpc`: a visual predictive check."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from vitruvian.cli._data import COVARIATES, DATA, IGNORE, MODEL, load


def vpc_command(
    model: str = MODEL,
    data: Path = DATA,
    out: Path = typer.Option(..., "--out", help="Picture to write: .svg, .png or .pdf."),
    covariates: str = COVARIATES,
    ignore: list[str] = IGNORE,
    replicates: int = typer.Option(500, "--replicates", min=20, help="How many data sets to simulate."),
    seed: int = typer.Option(1, "--seed", help="Seed of the random draws."),
    bins: int = typer.Option(10, "--bins", min=1, help="Bins of time, with about equal numbers of observations."),
    corrected: bool = typer.Option(
        False, "--prediction-corrected", help="Correct for dose and covariates within bins."
    ),
    output: str | None = typer.Option(None, "--output", help="Which output; default: the model's first."),
) -> None:
    """Compare percentiles of the data with those of data simulated from the model, over time."""
    from vitruvian.core import InputError, UnknownNameError

    if out.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise UnknownNameError("unknown picture format", got=out.name, allowed=".svg, .png, .pdf")
    if not out.absolute().parent.is_dir():
        raise InputError(f"cannot write {out}", todo="Give a folder that exists.")
    from vitruvian.infer import predictive_check
    from vitruvian.reports import plot_predictive_check

    found, _, table = load(model, data, covariates, ignore)
    index = found.output_index(output) if output else 0
    with typer.progressbar(length=replicates, label="Simulating") as bar:
        check = predictive_check(found, table, replicates=replicates, seed=seed, bins=bins, corrected=corrected,
                                 output=index, progress=lambda done: bar.update(1))  # fmt: skip
    part = out.with_name(f".{os.getpid()}.{out.name}")
    try:
        plot_predictive_check(check, part, f"{'Prediction-corrected ' if corrected else ''}VPC of {found.name}")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"{100 * check.inside:.0f} % of the observed percentiles lie in their simulated bands; picture in {out}")
