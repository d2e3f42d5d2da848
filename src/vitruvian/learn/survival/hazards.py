"""Discrete hazards of competing events: in each interval, what befalls those whom nothing befell before.

Source: Tutz G, Schmid M. Modeling Discrete Time-to-Event Data. Springer 2016, chapters 3 and 8. Missing values stand at
the mean, and that they are missing is a feature of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, InputError, SolveError, Source
from vitruvian.learn.keeping import Header, Kind, Parts
from vitruvian.learn.shapes import Feature, Kept, Manifest, Target
from vitruvian.learn.survival.periods import Periods

_SOURCE = Source(
    "Tutz G, Schmid M. Modeling Discrete Time-to-Event Data. Springer 2016", doi="10.1007/978-3-319-28158-2",
    status="unverified",
)  # fmt: skip


@dataclass(frozen=True)
class DiscreteHazards(Kept):
    """Log-odds of each event against none: one for each interval, and weights of standardised covariates."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest
    edges: Float[np.ndarray, " edges"]
    center: Float[np.ndarray, " features"]
    scale: Float[np.ndarray, " features"]
    gaps: Int[np.ndarray, " missing"]
    """Features whose being missing is told."""
    baseline: Float[np.ndarray, "events intervals"]
    weights: Float[np.ndarray, "events columns"]

    def hazards(self, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows events intervals"]:
        """In each interval, for people who have these values all along. Raises DataError for other features."""
        if values.ndim != 2 or values.shape[1] != len(self.features):
            raise DataError("other features", got=values.shape, allowed=f"(rows, {len(self.features)})")
        margin = _columns(values, self.center, self.scale, self.gaps) @ self.weights.T
        return _softmax(margin[:, None, :] + self.baseline.T[None]).transpose(0, 2, 1)

    def incidence(
        self, values: Float[np.ndarray, "rows features"], since: int = 0
    ) -> Float[np.ndarray, "rows events edges"]:
        """The chance of each event by the end of each interval, of people to whom none came before interval `since`."""
        hazard = self.hazards(values)[:, :, since:]
        left = np.cumprod(1.0 - hazard.sum(1), axis=1)
        before = np.concatenate([np.ones((len(left), 1)), left[:, :-1]], axis=1)
        return np.cumsum(before[:, None, :] * hazard, axis=2)


def fit_hazards(found: Periods, name: str, title: str, *, ridge: float = 1.0, version: str = "1") -> DiscreteHazards:
    """The penalised maximum of the multinomial likelihood.

    `ridge`: weight of half the squared weights, and of the squared steps from interval to interval. Raises DataError
    where an event never happens or a covariate is missing for all; SolveError where no maximum is found.
    """
    from scipy.optimize import minimize

    kinds, intervals = len(found.events) - 1, len(found.edges) - 1
    if ridge <= 0.0:
        raise InputError("ridge", got=ridge, allowed="above 0")
    counts = np.bincount(found.outcome, minlength=kinds + 1)
    if (counts[1:] == 0).any():
        absent = found.events[1 + int(np.argmin(counts[1:]))]
        raise DataError(f"nobody had {absent}", got=f"0 of {len(found.outcome)} intervals")
    center, scale, gaps = _scales(found)
    x = _columns(found.values, center, scale, gaps)
    target = np.eye(kinds + 1)[found.outcome][:, 1:]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        base, weights = _apart(flat, kinds, intervals)
        margin = x @ weights.T + base.T[found.interval]
        p = _softmax(margin)
        none = np.log1p(-p.sum(1)) if (p.sum(1) < 1).all() else np.log(np.maximum(1.0 - p.sum(1), 1e-300))
        steps = np.diff(base, axis=1)
        value = -(none.sum() + (target * margin).sum()) + 0.5 * ridge * ((weights**2).sum() + (steps**2).sum())
        wrong = p - target
        by_interval = np.stack([np.bincount(found.interval, one, intervals) for one in wrong.T]).astype(float)
        by_interval += ridge * (np.diff(base, axis=1, prepend=base[:, :1]) - np.diff(base, axis=1, append=base[:, -1:]))
        return value, np.concatenate([by_interval.ravel(), (wrong.T @ x + ridge * weights).ravel()])

    start = np.zeros(kinds * (intervals + x.shape[1]))
    start[: kinds * intervals] = np.repeat(np.log(counts[1:] / max(counts[0], 1)), intervals)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-6})
    if not np.isfinite(best.fun) or (not best.success and np.abs(best.jac).max() > 1e-2):
        raise SolveError("the hazards do not settle", got=str(best.message), todo="Give a larger ridge.")
    base, weights = _apart(best.x, kinds, intervals)
    whole = Target(name, title, "competing", found.events, "")
    manifest = Manifest(rows=len(found.outcome), settings={"ridge": ridge, "events": counts[1:].tolist()})
    named = (name, title, version, found.features, whole, (_SOURCE,), manifest)
    return DiscreteHazards(*named, found.edges, center, scale, gaps, base, weights)


def _scales(found: Periods) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    known = np.isfinite(found.values)
    if (empty := ~known.any(0)).any():
        names = ", ".join(f.name for f, one in zip(found.features, empty, strict=True) if one)
        raise DataError("covariates that are missing for all", got=f"{names}: 0 of {len(found.values)} rows")
    center, scale = np.nanmean(found.values, axis=0), np.nanstd(found.values, axis=0)
    return center, np.where(scale > 0, scale, 1.0), np.flatnonzero(~known.all(0))


def _columns(values: np.ndarray, center: np.ndarray, scale: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.concatenate([np.where(known, (values - center) / scale, 0.0), ~known[:, gaps]], axis=1)


def _softmax(margin: np.ndarray) -> np.ndarray:
    """Chances of events, "none" having margin 0."""
    top = np.maximum(margin.max(-1, keepdims=True), 0.0)
    raised = np.exp(margin - top)
    return raised / (raised.sum(-1, keepdims=True) + np.exp(-top))


def _apart(flat: np.ndarray, kinds: int, intervals: int) -> tuple[np.ndarray, np.ndarray]:
    base = flat[: kinds * intervals].reshape(kinds, intervals)
    return base, flat[kinds * intervals :].reshape(kinds, -1)


_ARRAYS = ("edges", "center", "scale", "gaps", "baseline", "weights")


def _from_parts(header: Header, parts: Parts) -> DiscreteHazards:
    named = (header.name, header.title, header.version, header.features, header.target, header.sources)
    return DiscreteHazards(*named, header.manifest, *(parts.arrays[name] for name in _ARRAYS))


KEPT = Kind(lambda one: Parts(arrays={name: getattr(one, name) for name in _ARRAYS}), _from_parts)
