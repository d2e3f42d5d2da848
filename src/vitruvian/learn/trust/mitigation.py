"""What can be done about groups that fare worse, compared on the same people: nothing is assumed to help.

Weights while training (Kamiran F, Calders T. Knowl Inf Syst 2012;33:1), thresholds by group, recalibration by group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError
from vitruvian.learn.trust.bootstrap import draws_of, percentile
from vitruvian.learn.trust.checking import both, of_people, pairs
from vitruvian.learn.trust.interval import Interval
from vitruvian.learn.trust.mapping import platt
from vitruvian.learn.trust.measures import ranked_auroc, squared

LEAST = 20
"""Events, and people without, that a group needs for a threshold or map of its own; smaller ones share that of all."""


@dataclass(frozen=True)
class Scored:
    """What a model says of rows, what came true, and whose group each is."""

    p: Float[np.ndarray, " n"]
    y: Bool[np.ndarray, " n"]
    group: np.ndarray
    people: np.ndarray | None = None

    def __post_init__(self) -> None:
        pairs(self.p, self.y)
        both(np.asarray(self.y, bool))
        if len(self.group) != len(self.p):
            raise DataError("groups and rows differ", got=len(self.group), allowed=len(self.p))


Refit = Callable[[Float[np.ndarray, " n"]], tuple[Float[np.ndarray, " c"], Float[np.ndarray, " t"]]]
"""Weights of the training rows → probabilities of the calibration rows and of the test rows, by a model trained so."""


@dataclass(frozen=True)
class Compared:
    """One way, on test people. Gaps are the widest between groups, with intervals by person (drawn with the others).

    `missed`: shares of events not called; `false`: shares of others called; `calibration`: |log expected/observed|.
    """

    way: str
    auroc: Interval
    brier: Interval
    missed: Interval
    false: Interval
    calibration: Interval


def reweighed(group: np.ndarray, y: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Weights that make group and outcome independent in training: P(group)·P(outcome) / P(both)."""
    weights = np.zeros(len(y))
    for one in np.unique(group):
        for outcome in (False, True):
            here = (group == one) & (y == outcome)
            if here.any():
                weights[here] = (group == one).mean() * (y == outcome).mean() / here.mean()
    return weights


def group_thresholds(
    p: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"], group: np.ndarray, sensitivity: float
) -> dict[str, float]:
    """For each group the greatest threshold that calls at least a share of its events; "" is that of all."""
    own = {"": _calling(p[y], sensitivity)}
    for one in np.unique(group):
        here = (group == one) & y
        if here.sum() >= LEAST:
            own[str(one)] = _calling(p[here], sensitivity)
    return own


def group_recalibrated(fit: Scored, p: Float[np.ndarray, " n"], group: np.ndarray) -> Float[np.ndarray, " n"]:
    """Probabilities through a Platt map for each group that has enough of both outcomes, else through that of all."""
    found = platt(fit.p, fit.y)(p)
    for one in np.unique(group):
        here = fit.group == one
        if min(fit.y[here].sum(), (~fit.y[here]).sum()) >= LEAST:
            found[group == one] = platt(fit.p[here], fit.y[here])(p[group == one])
    return found


def mitigations(
    fit: Scored, test: Scored, *, sensitivity: float = 0.8, refit: tuple[Float[np.ndarray, " n"], Refit] | None = None,
    draws: int = 300, seed: int = 0,
) -> tuple[Compared, ...]:  # fmt: skip
    """A row for each way. Thresholds and maps come from `fit`, people whom the model was not trained on.

    `refit`: weights of the training rows and how to train with them; without it that way is left out.
    """
    single = {"": group_thresholds(fit.p, fit.y, fit.group, sensitivity)[""]}
    by = group_thresholds(fit.p, fit.y, fit.group, sensitivity)
    ways = [("as it is", test.p, single), ("thresholds by group", test.p, by)]
    own, fitted = group_recalibrated(fit, test.p, test.group), group_recalibrated(fit, fit.p, fit.group)
    ways.append(("recalibrated by group", own, {"": _calling(fitted[fit.y], sensitivity)}))
    if refit is not None:
        there, here = refit[1](refit[0])
        ways.append(("reweighed in training", here, {"": _calling(there[fit.y], sensitivity)}))
    return tuple(_compared(way, p, limits, test, draws, seed) for way, p, limits in ways)


def _calling(p: Float[np.ndarray, " n"], sensitivity: float) -> float:
    return float(np.sort(p)[::-1][max(int(np.ceil(sensitivity * len(p) - 1e-9)), 1) - 1])


def _compared(
    way: str, p: Float[np.ndarray, " n"], limits: dict[str, float], test: Scored, draws: int, seed: int
) -> Compared:
    limit = np.array([limits.get(str(one), limits[""]) for one in test.group])
    y, called, names = test.y, p >= limit, np.unique(test.group)
    inside = np.stack([test.group == one for one in names], 1).astype(float)
    measures = (ranked_auroc(p, y), squared(p, y))

    def asked(w: np.ndarray) -> tuple[float, ...]:
        yes, no = (w * y) @ inside, (w * ~y) @ inside
        with np.errstate(divide="ignore", invalid="ignore"):
            missed, false = (w * (y & ~called)) @ inside / yes, (w * (~y & called)) @ inside / no
            ratio = np.abs(np.log((w * p) @ inside / yes))
        return (*(one(w) for one in measures), _widest(missed), _widest(false), float(ratio[yes > 0].max()))

    values = asked(np.ones(len(y)))
    found = np.array([asked(w) for w in draws_of(of_people(len(y), test.people), draws, seed)])
    return Compared(way, *(percentile(value, found[:, i], 0.95) for i, value in enumerate(values)))


def _widest(shares: Float[np.ndarray, " groups"]) -> float:
    return float(np.nanmax(shares) - np.nanmin(shares))
