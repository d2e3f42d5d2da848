"""Given people under one scenario: glucose, sensor, insulin and meals over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.control import GlucosePolicy, Plan, Scripted, Setting, Therapy, policy_named, run, unplanned
from vitruvian.core import DataError, UnknownNameError
from vitruvian.model import Driven
from vitruvian.physiology.glucose import PUMPS, SENSORS, UVA_PADOVA_2008, Persons, Scenario, settings_of

TARGET = 120.0
"""mg/dL that a controller aims at."""
LARGEST_DAILY = 3.0
"""U/kg/d; a scenario that gives more is refused: the unit must be wrong."""


@dataclass(frozen=True)
class Simulated:
    """At each `minute` from the start, first and last included, of n people.

    Insulin (U/min) and carbohydrates (g/min) are means over the minutes until the next row; NaN in the last one.
    """

    minute: Float[np.ndarray, " k"]
    glucose: Float[np.ndarray, "k n"]
    """In plasma, mg/dL."""
    sensor: Float[np.ndarray, "k n"]
    """Newest reading since the row before, mg/dL; NaN where there is none."""
    carbohydrates: Float[np.ndarray, "k n"]
    insulin: Float[np.ndarray, "k n"]


def simulate_glucose(persons: Persons, scenario: Scenario, model: Driven = UVA_PADOVA_2008) -> Simulated:
    """People of a table under one scenario; raises `DataError` or `UnknownNameError` where they do not fit.

    Without a controller boluses and basal rates are the scenario's. With one, settings that the table lacks are found
    by tests on the person (`settings_of`).
    """
    parameters = {name: jnp.asarray(value) for name, value in persons.parameters.items()}
    policy = _policy(scenario)
    therapy = _therapy(persons, parameters, model, bool(scenario.controller))
    if not scenario.controller:
        _plausible(persons, scenario, therapy)
    sensor, pump = _named(SENSORS, scenario.sensor, "sensor"), _named(PUMPS, scenario.pump, "pump")
    if scenario.sensor == "perfect":
        sensor = replace(sensor, every=min(scenario.sample_time, sensor.every))
    body = _begin(model, parameters, persons)
    setting = Setting(model, parameters, therapy, sensor, pump)
    trace = run(setting, policy, _plan(scenario, len(persons), policy.every, sensor.every),
                jax.random.key(scenario.seed), scenario.minute_of_day, body)  # fmt: skip
    first = np.asarray(model.observe(body, parameters)["glucose"])
    return _sampled(scenario, first, jax.tree.map(np.asarray, trace))


def _policy(scenario: Scenario) -> GlucosePolicy:
    if scenario.controller:
        return policy_named(scenario.controller)
    profile = tuple((one.at, one.rate) for one in scenario.basal)
    return Scripted(profile, tuple((one.at, one.units) for one in scenario.boluses))


def _named(known: dict[str, Any], name: str, what: str) -> Any:
    if name not in known:
        raise UnknownNameError(f"there is no such {what}", got=name, allowed=", ".join(known))
    return known[name]


def _therapy(persons: Persons, parameters: dict[str, Any], model: Driven, whole: bool) -> Therapy:
    told = dict(persons.settings)
    needed = {"basal", "correction", "carbohydrate_ratio", "total_daily"}
    if whole and not needed <= set(told):
        told = settings_of(model, persons.parameters)._asdict() | told
    own = model.basal(parameters)  # type: ignore[attr-defined]
    none = np.full(len(persons), np.nan)
    basal, ratio, correction, daily = (
        jnp.asarray(told.get(name, other), float)
        for name, other in (("basal", own), ("carbohydrate_ratio", none), ("correction", none), ("total_daily", none))
    )
    return Therapy(parameters["BW"], basal, ratio, correction, jnp.full(len(persons), TARGET), daily)


def _plausible(persons: Persons, scenario: Scenario, therapy: Therapy) -> None:
    """Refuses insulin that no one takes."""
    edges = [one.at for one in scenario.basal] + [1440]
    profile = sum(one.rate * (edges[k + 1] - one.at) / 60.0 for k, one in enumerate(scenario.basal))
    daily = profile if scenario.basal else 24.0 * np.asarray(therapy.basal)
    boluses = sum(one.units for one in scenario.boluses) * 1440.0 / max(scenario.minutes, 1440)
    share = (daily + boluses) / np.asarray(therapy.weight)
    if (share > LARGEST_DAILY).any():
        at = int(np.argmax(share))
        raise DataError(
            "the scenario gives more insulin than a person takes",
            got=f"{share[at]:.1f} U/kg/d for {persons.names[at]}",
            allowed=f"up to {LARGEST_DAILY:g} U/kg/d",
            todo="Rates are in U/h, boluses in U.",
        )


def _begin(model: Driven, parameters: dict[str, Any], persons: Persons) -> Any:
    body = model.steady(parameters)
    if not persons.start:
        return body
    fields = body._fields[: len(persons.start)]
    if set(persons.start) != set(range(1, len(fields) + 1)):
        raise DataError("columns of the state must be x0_1, x0_2 … without gaps", got=sorted(persons.start))
    return body._replace(**{name: jnp.asarray(persons.start[k + 1]) for k, name in enumerate(fields)})


def _plan(scenario: Scenario, n: int, every: int, reading: int) -> Plan:
    """Whole decisions, and one more reading than asked for."""
    minutes = -(-(scenario.minutes + reading) // every) * every

    def each(values: np.ndarray, later: float = 0.0) -> Any:
        whole = np.full(minutes, later)
        whole[: len(values)] = values
        return jnp.asarray(np.tile(whole[:, None], (1, n)))

    return unplanned(minutes, n)._replace(
        eaten=each(scenario.eaten()),
        announced=each(scenario.announced()),
        activity=each(scenario.activity()),
        heart_rate=each(scenario.heart_rate()),
        sensitivity=each(scenario.sensitivity(), 1.0),
    )


def _sampled(scenario: Scenario, first: np.ndarray, trace: Any) -> Simulated:
    every, minutes = scenario.sample_time, scenario.minutes
    n = len(first)
    glucose = np.concatenate([first[None], trace.glucose[:minutes]])[::every]
    blank = np.full((1, n), np.nan)
    means = (
        np.concatenate([one[:minutes].reshape(-1, every, n).mean(1), blank])
        for one in (trace.carbohydrates, trace.insulin)
    )
    read = np.concatenate([np.full((every - 1, n), np.nan), trace.sensor[: minutes + 1]]).reshape(-1, every, n)
    newest = read[:, 0]
    for k in range(1, every):
        newest = np.where(np.isnan(read[:, k]), newest, read[:, k])
    return Simulated(np.arange(0.0, minutes + 1, every), glucose, newest, *means)
