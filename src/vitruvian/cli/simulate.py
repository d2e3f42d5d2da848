"""`vitruvian simulate`: predictions of a model for a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vitruvian.cli._data import COVARIATES, DATA, IGNORE, MODEL, load, prediction_columns, prediction_rows, write_csv

if TYPE_CHECKING:
    import numpy as np

    from vitruvian.model import EventTable, Model


def simulate_command(
    model: str = MODEL,
    data: Path = DATA,
    out: Path = typer.Option(..., "--out", help="CSV to write: ID, TIME, and PRED and IPRED of each output."),
    covariates: str = COVARIATES,
    ignore: list[str] = IGNORE,
    etas: Path | None = typer.Option(None, "--etas", help="CSV with ID, ETA1 … n (as `estimate` writes it) for IPRED."),
    seed: int | None = typer.Option(None, "--seed", help="Draw the etas of IPRED from the model with this seed."),
    replicates: int = typer.Option(1, "--replicates", min=1, help="Draws per person (with --seed); adds a column REP."),
) -> None:
    """Predict every record that is not a dose.

    PRED has all etas 0; IPRED equals PRED unless --etas or --seed is given.
    """
    from vitruvian.core import InputError
    from vitruvian.model import simulate

    if (etas is not None and seed is not None) or (replicates > 1 and seed is None):
        raise InputError("--etas, --seed and --replicates do not fit together",
                         allowed="--etas FILE, or --seed N with or without --replicates N")  # fmt: skip
    found, subjects, table = load(model, data, covariates, ignore)
    pred = simulate(found, table)
    drawn = _read_etas(etas, found, table) if etas else None
    rows = []
    for replicate in range(replicates):
        if seed is not None:
            drawn = _draw(found, table, seed, replicate)
        ipred = pred if drawn is None else simulate(found, table, eta=drawn)
        mark = [replicate + 1] if replicates > 1 else []
        rows += [mark + row for row in prediction_rows(subjects, table, pred, ipred)]
    head = ["REP"] if replicates > 1 else []
    write_csv(out, [*head, "ID", "TIME", *prediction_columns(found)], rows)
    typer.echo(f"{found.name}: {len(table.ids)} people, {len(rows)} rows in {out}")


def _draw(model: Model, table: EventTable, seed: int, replicate: int) -> np.ndarray:
    import numpy as np

    omega = model.omega(table.n_occasions)
    rng = np.random.default_rng([seed, replicate])
    return rng.multivariate_normal(np.zeros(len(omega)), omega, size=len(table.ids), method="cholesky")


def _read_etas(path: Path, model: Model, table: EventTable) -> np.ndarray:
    import csv

    import numpy as np

    from vitruvian.cli.estimate import eta_columns
    from vitruvian.core import DataError

    names = eta_columns(model.eta_names(table.n_occasions))
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = {row["ID"]: [float(row[n]) for n in names] for row in csv.DictReader(file)}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"cannot read etas from {path.name}", got=repr(error), allowed=f"ID, {', '.join(names)}"
        ) from error
    missing = [i for i in table.ids if i not in rows]
    if missing:
        raise DataError(f"{path.name} has no etas of all people", got=f"missing ID {', '.join(missing[:5])}")
    return np.array([rows[i] for i in table.ids])
