"""Consensus metrics of glucose traces, for many people at once; what was not measured is left out, never filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError, Source
from vitruvian.physiology.glucose.excursions import mage, modd
from vitruvian.physiology.glucose.risk import high_risk, low_risk

CONSENSUS = Source(
    "Battelino T, Danne T, Bergenstal RM, et al. Clinical targets for continuous glucose monitoring data "
    "interpretation. Diabetes Care 2019;42:1593",
    doi="10.2337/dci19-0028",
    status="one transcription",
)
GMI = Source(
    "Bergenstal RM, Beck RW, Close KL, et al. Glucose management indicator (GMI). Diabetes Care 2018;41:2275",
    doi="10.2337/dc18-1581",
    status="two transcriptions agree",
)
TARGETS: Mapping[str, tuple[str, float]] = {
    "in_range": (">", 70.0),
    "below_70": ("<", 4.0),
    "below_54": ("<", 1.0),
    "above_180": ("<", 25.0),
    "above_250": ("<", 5.0),
    "cv": ("<=", 36.0),
}
"""What most adults with type 1 diabetes aim for, in % (`CONSENSUS`)."""


@dataclass(frozen=True)
class Metrics:
    """Each () for one person or (n,) for n people; times in percent of the readings there are."""

    coverage: Float[np.ndarray, "*n"]
    """Percent of the sensor's intervals with a reading."""
    mean: Float[np.ndarray, "*n"]
    """mg/dL."""
    sd: Float[np.ndarray, "*n"]
    """mg/dL, of the population (divided by the number of readings)."""
    cv: Float[np.ndarray, "*n"]
    """sd / mean, %."""
    gmi: Float[np.ndarray, "*n"]
    """Glucose management indicator 3.31 + 0.02392·mean, %: the HbA1c to expect."""
    in_range: Float[np.ndarray, "*n"]
    """70 to 180 mg/dL, both included."""
    below_70: Float[np.ndarray, "*n"]
    """Includes below 54."""
    below_54: Float[np.ndarray, "*n"]
    above_180: Float[np.ndarray, "*n"]
    """Includes above 250."""
    above_250: Float[np.ndarray, "*n"]
    lbgi: Float[np.ndarray, "*n"]
    """Low blood glucose index: mean of `low_risk` over all readings."""
    hbgi: Float[np.ndarray, "*n"]
    """High blood glucose index: mean of `high_risk` over all readings."""
    mage: Float[np.ndarray, "*n"]
    """Mean amplitude of the swings above 1 SD, up and down, mg/dL (`excursions.mage`); NaN where there is none."""
    modd: Float[np.ndarray, "*n"]
    """Mean absolute difference to the same time one day later, mg/dL; NaN below a day."""

    def named(self) -> dict[str, Float[np.ndarray, "*n"]]:
        """The metrics by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def glucose_metrics(glucose: Float[np.ndarray, " t *n"], step: float = 5.0, every: float | None = None) -> Metrics:
    """Metrics of traces in mg/dL, sampled each `step` minutes along the first axis; NaN where there is no reading.

    `every` is the sensor's interval in minutes (default: `step`; see `sensor_interval`): one reading in each interval
    counts, so that a person who scans more often when high does not look higher. Raises `DataError` for an empty
    trace or an interval that is no multiple of the step.
    """
    taken = thinned(np.asarray(glucose, float), step, every or step)
    interval = every or step
    there = np.isfinite(taken)
    count = there.sum(0)
    average = _mean(taken, there)
    spread = np.sqrt(_mean((taken - average) ** 2, there))
    return Metrics(
        coverage=100.0 * count / len(taken),
        mean=average,
        sd=spread,
        cv=100.0 * spread / average,
        gmi=3.31 + 0.02392 * average,
        in_range=_share((taken >= 70.0) & (taken <= 180.0), there),
        below_70=_share(taken < 70.0, there),
        below_54=_share(taken < 54.0, there),
        above_180=_share(taken > 180.0, there),
        above_250=_share(taken > 250.0, there),
        lbgi=_mean(np.asarray(low_risk(jnp.asarray(taken))), there),
        hbgi=_mean(np.asarray(high_risk(jnp.asarray(taken))), there),
        mage=mage(taken, spread, interval),
        modd=modd(taken, interval),
    )


def sensor_interval(glucose: Float[np.ndarray, T], step: float = 5.0) -> float:
    """Minutes between readings of one person's sensor: the distance that most time lies in.

    Scans between automatic readings make many short distances but little time.
    """
    distance = np.diff(np.flatnonzero(np.isfinite(glucose)))
    if not len(distance):
        return step
    values, counts = np.unique(distance, return_counts=True)
    near = values * step <= 30.0
    return float(step * values[near][np.argmax((values * counts)[near])]) if near.any() else step


def thinned(glucose: Float[np.ndarray, " t *n"], step: float, every: float) -> Float[np.ndarray, " k *n"]:
    """The newest reading in each interval of `every` minutes, NaN where there is none."""
    width = round(every / step)
    if width < 1 or abs(width * step - every) > 1e-9 or glucose.shape[0] < width:
        got = f"{glucose.shape[0]} samples each {step:g} min, intervals of {every:g} min"
        raise DataError(
            "these glucose values cannot be put into intervals", got=got, todo="Use a multiple of the step."
        )
    whole = glucose[: glucose.shape[0] // width * width].reshape(-1, width, *glucose.shape[1:])
    found = whole[:, 0]
    for k in range(1, width):
        found = np.where(np.isfinite(whole[:, k]), whole[:, k], found)
    return found


class Estimate(NamedTuple):
    """Mean over people, and the bounds of its interval."""

    mean: float
    low: float
    high: float
    people: int


def estimates(
    values: Mapping[str, Float[np.ndarray, " n"]],
    strata: Sequence[str],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> dict[str, dict[str, Estimate]]:
    """Mean of each metric in each stratum, with percentile bootstrap intervals: people are drawn, with replacement.

    The same people are drawn for all metrics. For two treatments of the same people give their differences: the
    interval is then the paired one. People without a value (NaN) are left out of that metric.
    """
    generator = np.random.default_rng(seed)
    label = np.asarray(strata)
    tails = 100.0 * np.array([(1 - level) / 2, (1 + level) / 2])
    found: dict[str, dict[str, Estimate]] = {}
    for stratum in dict.fromkeys(strata):
        mine = np.flatnonzero(label == stratum)
        drawn = mine[generator.integers(len(mine), size=(draws, len(mine)))]
        found[stratum] = {}
        for name, value in values.items():
            there = np.isfinite(value)
            means = _mean(value[drawn].T, there[drawn].T)
            low, high = np.percentile(means[np.isfinite(means)], tails) if there[mine].any() else (np.nan, np.nan)
            mean = float(_mean(value[mine], there[mine]))
            found[stratum][name] = Estimate(mean, float(low), float(high), int(there[mine].sum()))
    return found


def _mean(value: Float[np.ndarray, " t *n"], there: Bool[np.ndarray, " t *n"]) -> Float[np.ndarray, "*n"]:
    """Mean over the first axis of what is there; NaN where nothing is."""
    count = there.sum(0)
    total = np.where(there, value, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _share(inside: Bool[np.ndarray, " t *n"], there: Bool[np.ndarray, " t *n"]) -> Float[np.ndarray, "*n"]:
    return 100.0 * _mean(inside.astype(float), there)
