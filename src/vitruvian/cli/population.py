"""`vitruvian population`: many virtual people, streamed to Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def population_command(
    model: Annotated[str, typer.Argument(help="Library name, control stream or Python file.")],
    dose: Annotated[str, typer.Option(help='Amount and unit, e.g. "100 mg".')],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    people: Annotated[int, typer.Option(min=1, help="Number of virtual people.")] = 1000,
    every: Annotated[str, typer.Option(help="Dosing interval.")] = "24 h",
    count: Annotated[int, typer.Option(min=1, help="Number of doses.")] = 7,
    over: Annotated[str | None, typer.Option(help="Infusion time; none: by mouth or bolus.")] = None,
    route: Annotated[str | None, typer.Option(help="Route; default: the model's first.")] = None,
    times: Annotated[int, typer.Option(min=2, help="Equally spaced times per person.")] = 200,
    covariate: Annotated[list[str] | None, typer.Option(help='NAME=NUMBER, e.g. "WT=70".')] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
) -> None:
    """Draw virtual people from a model's variability and simulate them; memory does not grow with their number."""
    import numpy as np

    from vitruvian.cli.dose import covariates
    from vitruvian.core import Quantity
    from vitruvian.model import Dose, Schedule
    from vitruvian.model.schedule import hours
    from vitruvian.pharmacology import find_model
    from vitruvian.scale import progress_bar
    from vitruvian.study import simulate_population

    found, amount, interval = find_model(model), Quantity.parse(dose), hours(every)
    how = route or next(iter(found.routes))
    given = Dose(0.0, amount.value, amount.unit, how, None if over is None else hours(over), interval, count)
    at = np.linspace(0.0, interval * count, times)
    with progress_bar("virtual people", people) as advance:
        path = simulate_population(
            found,
            Schedule((given,)),
            at,
            people=people,
            seed=seed,
            path=out,
            covariates=covariates(covariate or []),
            advance=advance,
        )
    typer.echo(f"{people} people × {times} times × {len(found.outputs)} outputs → {path}")
