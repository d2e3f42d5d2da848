"""Cox's proportional hazards with covariates that change, late entry, ties and competing events.

Cox DR. J R Stat Soc B 1972;34:187; ties: Efron B. J Am Stat Assoc 1977;72:557; baseline with the same weights of ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, SolveError
from vitruvian.learn.shapes import Feature
from vitruvian.learn.survival.spells import Spells

_STEPS, _SMALL = 50, 1e-9
_FLAT = 30.0  # a log hazard ratio a standard deviation beyond which the likelihood has no maximum


@dataclass(frozen=True)
class Cox:
    """Log hazard ratios for one event, their covariance, and the cumulative baseline hazard at `center`."""

    features: tuple[Feature, ...]
    event: str
    coefficients: Float[np.ndarray, " features"]
    covariance: Float[np.ndarray, "features features"]
    center: Float[np.ndarray, " features"]
    times: Float[np.ndarray, " times"]
    baseline: Float[np.ndarray, " times"]
    """Cumulative hazard after each of `times`, of somebody at `center`."""
    log_likelihood: float

    @property
    def standard_errors(self) -> Float[np.ndarray, " features"]:
        """Of the log hazard ratios."""
        return np.sqrt(np.diag(self.covariance))

    def relative(self, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
        """Hazard relative to somebody at `center`. Raises DataError where a value is missing."""
        return np.exp((_whole(values) - self.center) @ self.coefficients)

    def baseline_at(self, times: Float[np.ndarray, " asked"]) -> Float[np.ndarray, " asked"]:
        """The cumulative baseline hazard at any times."""
        return np.append(0.0, self.baseline)[np.searchsorted(self.times, times, side="right")]


def fit_cox(spells: Spells, event: int = 1, ridge: float = 0.0) -> Cox:
    """The maximum of Efron's partial likelihood for one event; other events end observation.

    `ridge` is the weight of half the squared coefficients (of standardised covariates). Raises DataError for missing
    values, constant covariates, no events; SolveError where the likelihood has no maximum (separation).
    """
    values = _whole(spells.values)
    center, scale = values.mean(0), values.std(0)
    if (flat := scale <= _SMALL * np.maximum(1.0, np.abs(center))).any():
        names = ", ".join(f.name for f, one in zip(spells.features, flat, strict=True) if one)
        raise DataError("covariates that are the same for all", got=names, todo="Leave them out.")
    if not (spells.event == event).any():
        raise DataError(f"nobody had {spells.events[event]}", got=f"0 of {len(spells)} spells")
    partial = _Partial((values - center) / scale, spells, event)
    beta, found = np.zeros(values.shape[1]), partial.at(np.zeros(values.shape[1]), ridge)
    for _ in range(_STEPS):
        step = np.linalg.solve(found.information, found.gradient)
        fresh = partial.at(beta + step, ridge)
        while not fresh.value >= found.value - 1e-12 * abs(found.value):
            step = step / 2
            fresh = partial.at(beta + step, ridge)
        beta, found = beta + step, fresh
        if np.abs(beta).max() > _FLAT:
            break
        if np.abs(step).max() < _SMALL:
            covariance = np.linalg.inv(found.information) / np.outer(scale, scale)
            likelihood = found.value + 0.5 * ridge * float(beta @ beta)
            parts = (beta / scale, covariance, center, partial.times, np.cumsum(found.increments), likelihood)
            return Cox(spells.features, spells.events[event], *parts)
    raise SolveError(
        "the hazard ratios do not settle", got=f"largest {np.abs(beta).max():.1f} a standard deviation",
        todo="A covariate tells the event apart without error: leave it out, or give a ridge.",
    )  # fmt: skip


@dataclass(frozen=True)
class _At:
    value: float
    gradient: Float[np.ndarray, " features"]
    information: Float[np.ndarray, "features features"]
    increments: Float[np.ndarray, " times"]


class _Partial:
    """Efron's partial likelihood; sums over those at risk are differences of cumulative sums over sorted times."""

    def __init__(self, x: Float[np.ndarray, "spells features"], spells: Spells, event: int) -> None:
        self.x, self.spells = x, spells
        self.dead = np.flatnonzero(spells.event == event)
        self.times, self.when = np.unique(spells.stop[self.dead], return_inverse=True)
        count = np.bincount(self.when, minlength=len(self.times))
        order = np.argsort(self.when, kind="stable")
        first = np.cumsum(count) - count
        self.part = np.empty(len(self.dead))  # which part of the tied are no more at risk
        self.part[order] = (np.arange(len(self.dead)) - first[self.when[order]]) / count[self.when[order]]
        self.begun = np.searchsorted(self.times, spells.start, side="right")  # events before one was at risk
        self.ended = np.searchsorted(self.times, spells.stop, side="right")

    def at(self, beta: Float[np.ndarray, " features"], ridge: float) -> _At:
        eta = self.x @ beta
        shift = eta.max()
        w = np.exp(eta - shift)
        tied = np.bincount(self.when, w[self.dead], len(self.times))
        risk = self._at_risk(w)
        left = risk[self.when] - self.part * tied[self.when]
        c = np.bincount(self.when, 1.0 / left, len(self.times))
        lost = np.bincount(self.when, self.part / left, len(self.times))
        total = np.append(0.0, np.cumsum(c))
        weight = total[self.ended] - total[self.begun]  # of each spell, over the events that it was at risk of
        weight[self.dead] -= lost[self.when]
        xw = self.x * w[:, None]
        tied_x = np.zeros((len(self.times), len(beta)))
        np.add.at(tied_x, self.when, xw[self.dead])
        mean = (self._at_risk(xw)[self.when] - self.part[:, None] * tied_x[self.when]) / left[:, None]
        value = float((eta[self.dead] - shift - np.log(left)).sum()) - 0.5 * ridge * float(beta @ beta)
        gradient = self.x[self.dead].sum(0) - xw.T @ weight - ridge * beta
        information = (xw * weight[:, None]).T @ self.x - mean.T @ mean + ridge * np.eye(len(beta))
        return _At(value, gradient, information, c * np.exp(-shift))

    def _at_risk(self, w: np.ndarray) -> np.ndarray:
        """Sums over who is at risk at each time: begun before it and not ended before it."""
        sums = np.zeros((len(self.times) + 1, *w.shape[1:]))
        np.add.at(sums, self.begun, w)
        np.subtract.at(sums, self.ended, w)
        return np.cumsum(sums, axis=0)[:-1]


def _whole(values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows features"]:
    missing = ~np.isfinite(values).all(1)
    if missing.any():
        raise DataError(
            "rows with missing values", got=f"{int(missing.sum())} of {len(values)}",
            todo="Leave them out, fill them in, or use discrete hazards, which know what is missing.",
        )  # fmt: skip
    return values
