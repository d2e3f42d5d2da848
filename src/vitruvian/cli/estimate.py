"""`vitruvian estimate`: individual (post hoc, MAP) estimates for a data set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vitruvian.cli._data import COVARIATES, DATA, IGNORE, MODEL, load, prediction_columns, prediction_rows, write_csv

if TYPE_CHECKING:
    from vitruvian.infer import MapEstimate
    from vitruvian.model import Subject


def estimate_command(
    model: str = MODEL,
    data: Path = DATA,
    out: Path = typer.Option(..., "--out", help="CSV to write: predictions as `simulate` does, at each person's etas. "
                             "Beside it STEM.etas.csv: one row per ID with ETA, SE, SHRINK, and OBJ."),
    covariates: str = COVARIATES,
    ignore: list[str] = IGNORE,
    covariance: str = typer.Option("gauss-newton", "--covariance",
                                   help="Standard errors by gauss-newton (as NONMEM) or from the exact Hessian."),
    before_dose: bool = typer.Option(False, "--allow-before-dose", help="Accept levels before a person's first dose."),
) -> None:  # fmt: skip
    """Estimate each person's etas at the model's fixed effects.

    OBJ is NONMEM's individual objective (FOCE with interaction).
    """
    from vitruvian.core import UnknownNameError
    from vitruvian.infer import map_estimate
    from vitruvian.model import simulate

    kinds: dict[str, Any] = {"gauss-newton": "gauss_newton", "exact": "exact"}
    if covariance not in kinds:
        raise UnknownNameError("unknown covariance", got=covariance, allowed=", ".join(kinds))
    found, subjects, table = load(model, data, covariates, ignore)
    if not before_dose:
        _refuse_before_dose(subjects)
    estimate = map_estimate(found, table, covariance=kinds[covariance]).require_converged()
    pred, ipred = simulate(found, table), simulate(found, table, eta=estimate.eta)
    beside = out.with_name(f"{out.stem}.etas.csv")
    write_csv(beside, *_eta_table(estimate))
    write_csv(out, ["ID", "TIME", *prediction_columns(found)], prediction_rows(subjects, table, pred, ipred))
    named = ", ".join(f"{c} = {n}" for c, n in zip(eta_columns(estimate.names), estimate.names, strict=True) if c != n)
    typer.echo(f"{found.name}: {len(table.ids)} people; predictions in {out}, etas in {beside}")
    if named:
        typer.echo(f"Random effects: {named}")


def eta_columns(names: Sequence[str]) -> list[str]:
    """Column of each random effect: its NONMEM number where it has one, else its place."""
    numbered = all(re.fullmatch(r"ETA\d+", n) for n in names)
    return list(names) if numbered else [f"ETA{k + 1}" for k in range(len(names))]


def _eta_table(estimate: MapEstimate) -> tuple[list[str], list[list[Any]]]:
    etas = eta_columns(estimate.names)
    numbers = [name.removeprefix("ETA") for name in etas]
    header = ["ID", *etas, "OBJ", *(f"SE{k}" for k in numbers), *(f"SHRINK{k}" for k in numbers)]
    parts = zip(estimate.ids, estimate.eta, estimate.ofv, estimate.standard_error, estimate.shrinkage, strict=True)
    return header, [[name, *eta, objective, *se, *shrink] for name, eta, objective, se, shrink in parts]


def _refuse_before_dose(subjects: Sequence[Subject]) -> None:
    from vitruvian.core import DataError
    from vitruvian.model import levels_before_first_dose

    early = [(s.id, float(s.time[k])) for s in subjects for k in levels_before_first_dose(s)]
    if early:
        where = ", ".join(f"ID {i} at {t:g}" for i, t in early[:5]) + (" …" if len(early) > 5 else "")
        raise DataError("a level was taken before the first dose", got=where,
                        todo="Correct the times, set MDV 1, or say --allow-before-dose if it is meant.")  # fmt: skip
