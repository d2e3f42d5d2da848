"""`vitruvian glucose simulate`: people of a table under a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._data import write_csv

if TYPE_CHECKING:
    from vitruvian.physiology.glucose import Persons, Scenario
    from vitruvian.study import Simulated

_HEADER = ("person", "Time", "BG", "CGM", "CHO", "insulin", "LBGI", "HBGI", "Risk")


def simulate_command(
    persons: Annotated[Path, typer.Option(help="CSV: Name, and parameters named as in the model's equations.")],
    scenario: Annotated[Path, typer.Option(help="JSON: meals, boluses, basal, exercise, sensor, pump, controller.")],
    out: Annotated[Path, typer.Option(help="CSV to write: a row per person and sample time.")],
    model: Annotated[str, typer.Option(help="Model of glucose.")] = "uva_padova_2008",
) -> None:
    """Simulate people under a scenario; what is doubtful in the files is told, what is wrong is refused."""
    from vitruvian.physiology.glucose import glucose_model, read_persons, read_scenario
    from vitruvian.study import simulate_glucose

    found = glucose_model(model)
    told, plan = read_persons(persons, found), read_scenario(scenario)
    for note in (*told.notes, *plan.notes):
        typer.echo(f"vitruvian: {note}", err=True)
    result = simulate_glucose(told, plan, found)
    write_csv(out, _HEADER, _rows(told, plan, result))
    typer.echo(f"{found.name}: {len(told)} people, {plan.minutes} min → {out}")


def _rows(persons: Persons, scenario: Scenario, result: Simulated) -> Iterator[list[Any]]:
    import jax.numpy as jnp
    import numpy as np

    from vitruvian.physiology.glucose import high_risk, low_risk

    glucose = jnp.asarray(result.glucose)
    low, high = np.asarray(low_risk(glucose)), np.asarray(high_risk(glucose))
    times = [str(scenario.start + timedelta(minutes=float(minute))) for minute in result.minute]
    for n, name in enumerate(persons.names):
        for k, time in enumerate(times):
            values = (result.glucose, result.sensor, result.carbohydrates, result.insulin, low, high, low + high)
            yield [name, time, *("" if np.isnan(one[k, n]) else one[k, n] for one in values)]
