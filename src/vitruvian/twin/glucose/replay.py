"""Replay: the same day again with something else done, with bands.

What the model left unexplained on the day is part of the day: it is found by smoothing the readings and is added to
every replay, so that the replay of what was done is what was read. What the change does is the model's own word, which
is right only to within a share of itself; both go into the band.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError, derive_seed
from vitruvian.twin.glucose.course import RUN_IN, course_of, len_padded, meals_of_window
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.identify import GlucoseTwin, paths
from vitruvian.twin.glucose.unknowns import PERSON

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
DOUBT = 0.4
"""SD of the model's error in what a change does, as a share of it; found on simulated people of another model."""
DOUBT_OF_TIME = 3.0
"""SD of the error in when it does so, min."""
SENSOR = 6.0
"""SD of a smoothed reading from glucose, mg/dL: a sensor's error lasts, and no smoothing takes it away."""


@dataclass(frozen=True)
class Replay:
    """Sensor glucose at the edges first + 1..last of a day as it was and as it would have been, mg/dL."""

    twin: GlucoseTwin
    first: int
    last: int
    changed: Evidence
    was: Float[np.ndarray, T]
    """Readings, smoothed; the twin's path where there are none."""
    median: Float[np.ndarray, T]
    quantiles: Float[np.ndarray, "t 5"]
    """LEVELS."""
    draws: Float[np.ndarray, "t s"]

    def below(self, level: float = 70.0) -> float:
        """Chance of any glucose below a level, mg/dL."""
        return float((self.draws.min(axis=0) < level).mean())

    def inside(self, low: float = 70.0, high: float = 180.0) -> float:
        """Expected share of the time within a range, mg/dL."""
        return float(((self.draws >= low) & (self.draws <= high)).mean())


def replay(twin: GlucoseTwin, changed: Evidence, *, first: int | None = None, last: int | None = None) -> Replay:
    """The steps first..last − 1 of the twin's window under `changed` evidence (see `edits`); default: the whole window.

    What is changed before `first` counts too. Raises `InputError` where the steps are not in the window.
    """
    first, last = twin.first if first is None else first, twin.last if last is None else last
    if not twin.first <= first < last <= twin.last or len(changed) != len(twin.evidence):
        raise InputError("a replay must lie in the twin's window", got=f"{first}–{last}", allowed=_window(twin))
    factual = _paths(twin, twin.evidence)
    other = _paths(twin, changed)
    change = other - factual
    chance = np.random.default_rng(derive_seed(twin.seed, "replay"))
    shown = change * (1.0 + DOUBT * chance.standard_normal(change.shape[1]))
    late = DOUBT_OF_TIME / STEP * chance.standard_normal(change.shape[1])
    shown = shown + late * np.gradient(change, axis=0)
    unexplained = _unexplained(twin, factual)
    noise = SENSOR * _wandering(chance, change.shape, twin.fades)
    drawn = np.clip(factual + unexplained + shown + noise, 20.0, 600.0)
    here = slice(first - twin.first, last - twin.first)
    quantiles = np.quantile(drawn[here], LEVELS, axis=1).T
    was = np.median(factual + unexplained, axis=1)
    return Replay(twin, first, last, changed, was[here], quantiles[:, 2], quantiles, drawn[here])


def _paths(twin: GlucoseTwin, evidence: Evidence) -> Float[np.ndarray, "t s"]:
    """Sensor glucose of each draw over the window under the evidence."""
    meals = meals_of_window(evidence, twin.first, twin.last)
    known = {round(minute): k for k, minute in enumerate(twin.meals.minute.tolist())}
    own, room = len(PERSON), len_padded(len(meals.minute))
    chance = np.random.default_rng(derive_seed(twin.seed, "meals"))
    z = np.zeros((len(twin.z), own + 3 * room))
    z[:, :own] = twin.z[:, :own]
    for k, minute in enumerate(meals.minute.tolist()):
        place = own + 3 * known.get(round(minute), 0)
        new = chance.standard_normal((len(z), 3))
        z[:, own + 3 * k : own + 3 * k + 3] = twin.z[:, place : place + 3] if round(minute) in known else new
    course = course_of(evidence, twin.first, twin.last, twin.known, meals, room)
    # the same first reading and habits, whatever was changed
    wide: Any = type(course)(*(_repeat(name, np.asarray(x), len(z)) for name, x in course._asdict().items()))
    return np.asarray(paths(jnp.asarray(z), wide))[RUN_IN:]


def _repeat(name: str, x: np.ndarray, times: int) -> Any:
    scanned = name in {"fast", "slow", "activity", "recent", "part", "moving"}
    return jnp.asarray(np.repeat(x, times, axis=1 if scanned else 0))


def _unexplained(twin: GlucoseTwin, factual: Float[np.ndarray, "t s"]) -> Float[np.ndarray, "t s"]:
    """Readings less each draw's path, smoothed: the expected autoregression given them, whose readings are noisy.

    In gaps it fades towards nothing, as it does in the fit.
    """
    seen = np.append(twin.evidence.glucose[twin.first + 1 : twin.last], np.nan)
    there = np.isfinite(seen)
    keep, variance = np.exp(-STEP / twin.fades), twin.sd**2
    count = len(seen)
    forward_mean, forward_var = np.zeros_like(factual), np.zeros(count)
    mean, var = np.zeros(factual.shape[1]), variance
    before: list[tuple[np.ndarray, float]] = []
    for t in range(count):
        mean, var = keep * mean, keep**2 * var + (1.0 - keep**2) * variance
        before.append((mean, var))
        if there[t]:
            gain = var / (var + SENSOR**2)
            mean, var = mean + gain * (seen[t] - factual[t] - mean), (1.0 - gain) * var
        forward_mean[t], forward_var[t] = mean, var
    smooth = forward_mean.copy()
    for t in range(count - 2, -1, -1):
        back = forward_var[t] * keep / before[t + 1][1]
        smooth[t] = forward_mean[t] + back * (smooth[t + 1] - before[t + 1][0])
    return smooth


def _wandering(chance: np.random.Generator, shape: tuple[int, ...], minutes: float) -> Float[np.ndarray, "t s"]:
    """Unit noise that lasts some minutes."""
    keep = float(np.exp(-STEP / minutes))
    white = chance.standard_normal(shape)
    found = np.empty(shape)
    found[0] = white[0]
    for t in range(1, shape[0]):
        found[t] = keep * found[t - 1] + np.sqrt(1.0 - keep**2) * white[t]
    return found


def _window(twin: GlucoseTwin) -> str:
    return f"{twin.first}–{twin.last} of evidence of {len(twin.evidence)} steps"


def with_dose(evidence: Evidence, step: int, units: float) -> Evidence:
    """The bolus of a step is `units`, U; raises `InputError` for less than none."""
    if not (np.isfinite(units) and units >= 0):
        raise InputError("a bolus must be a number of units", got=units, allowed="0 or more")
    return replace(evidence, bolus=_put(evidence.bolus, step, units))


def moved_dose(evidence: Evidence, step: int, minutes: float) -> Evidence:
    """The bolus of a step is given so much later (earlier: below 0)."""
    later = step + round(minutes / STEP)
    without = _put(evidence.bolus, step, 0.0)
    return replace(evidence, bolus=_put(without, later, without[later] + evidence.bolus[step]))


def with_meal(evidence: Evidence, step: int, grams: float) -> Evidence:
    """The carbohydrates of a step are `grams`; a meal that was there keeps what was learned of it."""
    if not (np.isfinite(grams) and grams >= 0):
        raise InputError("a meal must be a number of grams", got=grams, allowed="0 or more")
    return replace(evidence, carbohydrates=_put(evidence.carbohydrates, step, grams))


def with_exercise(evidence: Evidence, step: int, minutes: float, share: float) -> Evidence:
    """Activity of `share` (0 to 1: as hard as can be) from a step on."""
    beats = evidence.heart_rate.copy()
    rest = np.nanquantile(beats, 0.1) if np.isfinite(beats).any() else 60.0
    beats[step : step + max(round(minutes / STEP), 1)] = rest + 15.0 + 80.0 * share
    return replace(evidence, heart_rate=beats)


def _put(x: Float[np.ndarray, T], step: int, value: float) -> Float[np.ndarray, T]:
    if not 0 <= step < len(x):
        raise InputError("no such step", got=step, allowed=f"0 to {len(x) - 1}")
    found = x.copy()
    found[step] = value
    return found
