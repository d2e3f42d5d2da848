"""Detectors judged on faults whose moment is known: how many are found, how soon, at the same rate of false alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn.anomaly.faults import FAULTS, Fault, Series
from vitruvian.learn.anomaly.forest import learned_forest
from vitruvian.learn.anomaly.limits import calls, limit_of
from vitruvian.learn.anomaly.signs import NAMES, learned_usual, signs

PER_DAY = 0.2
"""Alarms a day that each detector may give on the past it is learned from."""
WITHIN_H = 24.0
Alarms = Callable[[Float[np.ndarray, "m k"]], Bool[np.ndarray, " m"]]
"""Signs of samples → which samples are alarms."""
Learner = Callable[[Float[np.ndarray, " n"], Float[np.ndarray, "n k"]], Alarms]
"""Hours and signs of the past → alarms."""


@dataclass(frozen=True)
class Judged:
    """One detector on one fault: how many of `n` were found within `WITHIN_H`, and the median delay of those."""

    detector: str
    fault: str
    n: int
    found: int
    delay_h: float


@dataclass(frozen=True)
class Judgement:
    """All of them, and false alarms a day on days without a fault."""

    rows: tuple[Judged, ...]
    false_per_day: Mapping[str, float]
    days: float


def by_sign(name: str, per_day: float = PER_DAY) -> Learner:
    """A detector that looks at one sign."""
    j = NAMES.index(name)

    def learn(at: Float[np.ndarray, " n"], past: Float[np.ndarray, "n k"]) -> Alarms:
        limit = limit_of(at, past[:, j], per_day)
        return lambda seen: np.asarray(seen[:, j] > limit)

    return learn


def by_any(per_day: float = PER_DAY) -> Learner:
    """A detector that looks at all signs, each allowed its part of the false alarms."""

    def learn(at: Float[np.ndarray, " n"], past: Float[np.ndarray, "n k"]) -> Alarms:
        limits = np.array([limit_of(at, column, per_day / len(NAMES)) for column in past.T])
        return lambda seen: np.asarray((seen > limits).any(1))

    return learn


def by_forest(per_day: float = PER_DAY, trees: int = 100, seed: int = 0) -> Learner:
    """A detector that looks at all signs by an isolation forest."""

    def learn(at: Float[np.ndarray, " n"], past: Float[np.ndarray, "n k"]) -> Alarms:
        forest = learned_forest(past, trees=trees, seed=seed)
        limit = limit_of(at, forest(past), per_day)
        return lambda seen: forest(seen) > limit

    return learn


def judged(
    learners: Mapping[str, Learner], people: Sequence[Series], begins: Sequence[float], *,
    learn_h: float, grain: float = 0.0, faults: Mapping[str, Fault] = FAULTS,
) -> Judgement:  # fmt: skip
    """Each fault at each hour of `begins` in each person; learned from the first `learn_h` hours of each.

    A fault is found by an alarm at or after its beginning that the clean signal does not give at that time.
    """
    rows: list[tuple[str, str, float]] = []
    false, days = dict.fromkeys(learners, 0), 0.0
    for series in people:
        past, later = _cut(series, learn_h)
        usual, sd = learned_usual(*past, grain), float(np.std(past[1]))
        seen = signs(usual, *past)
        detectors = {name: learn(past[0], seen) for name, learn in learners.items()}
        clean = {name: later[0][alarms(signs(usual, *later))] for name, alarms in detectors.items()}
        days += float(later[0][-1] - later[0][0]) / 24.0
        for name, moments in clean.items():
            false[name] += len(calls(moments, np.ones(len(moments), bool)))
        for fault, put in faults.items():
            for begin in begins:
                broken = put(later, begin, sd)
                odd = signs(usual, *broken)
                rows += [(name, fault, _delay(broken[0], alarms(odd), clean[name], begin))
                         for name, alarms in detectors.items()]  # fmt: skip
    return Judgement(_summed(rows), {name: count / days for name, count in false.items()}, days)


def _cut(series: Series, hours: float) -> tuple[Series, Series]:
    at, value = series
    first = at < at[0] + hours
    return (at[first], value[first]), (at[~first], value[~first])


def _delay(at: np.ndarray, alarm: Bool[np.ndarray, " n"], clean: Float[np.ndarray, " m"], begin: float) -> float:
    """Hours to the first alarm of the fault; infinite without one in time."""
    for one in at[alarm & (at >= begin) & (at <= begin + WITHIN_H)]:
        if not len(clean) or np.abs(clean - one).min() > 1.0:
            return float(one - begin)
    return np.inf


def _summed(rows: list[tuple[str, str, float]]) -> tuple[Judged, ...]:
    found = []
    for name, fault in dict.fromkeys((name, fault) for name, fault, _ in rows):
        delays = np.array([one for a, b, one in rows if (a, b) == (name, fault)])
        seen = delays[np.isfinite(delays)]
        found.append(Judged(name, fault, len(delays), len(seen), float(np.median(seen)) if len(seen) else np.inf))
    return tuple(found)
