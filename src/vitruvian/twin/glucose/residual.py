"""The residual learner: what the twin's forecast misses of this person, learned from the days before.

The twin knows what insulin and meals do; it does not know that this person corrects at night or snacks before a walk.
Each horizon has its own learner, trained only on forecasts whose outcome had been read by the begin of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import InputError, UnsupportedError
from vitruvian.twin.glucose.evidence import STEP, Evidence, bridged
from vitruvian.twin.glucose.features import features
from vitruvian.twin.glucose.filter import Tracked
from vitruvian.twin.glucose.forecast import HORIZONS, Forecast

Kind = Literal["ridge", "boosted"]
_FEWEST = 100
_TREES = 150
_SETTING = {
    "objective": "l2",
    "learning_rate": 0.04,
    "num_leaves": 8,
    "min_data_in_leaf": 25,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.7,
    "num_threads": 1,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 0,
}


class Learner(Protocol):
    """Anything that learns a number from rows."""

    def predict(self, rows: Any, /) -> Any:
        """One number a row."""


@dataclass(frozen=True)
class Ridge:
    """Linear regression on standardised columns with a penalty."""

    middle: Float[np.ndarray, F]
    scale: Float[np.ndarray, F]
    weight: Float[np.ndarray, F]
    mean: float

    def predict(self, rows: Float[np.ndarray, "k f"], /) -> Float[np.ndarray, K]:
        """One number a row."""
        return (rows - self.middle) / self.scale @ self.weight + self.mean


def learn(rows: Float[np.ndarray, "k f"], target: Float[np.ndarray, K], kind: Kind, penalty: float = 300.0) -> Learner:
    """A learner of `target`; "boosted" needs LightGBM (raises `UnsupportedError` without it)."""
    if kind == "ridge":
        return _ridge(rows, target, penalty)
    try:
        import lightgbm
    except ImportError as error:
        raise UnsupportedError("boosted trees need LightGBM", todo="pip install vitruvian[learn]") from error
    return lightgbm.train(_SETTING, lightgbm.Dataset(rows, target), _TREES)


def _ridge(rows: Float[np.ndarray, "k f"], target: Float[np.ndarray, K], penalty: float) -> Ridge:
    middle, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    z = (rows - middle) / scale
    weight = np.linalg.solve(z.T @ z + penalty * np.eye(z.shape[1]), z.T @ (target - target.mean()))
    return Ridge(middle, scale, weight, float(target.mean()))


@dataclass(frozen=True)
class Cases:
    """K forecasts with what was known at their edges."""

    edges: Int[np.ndarray, K]
    plain: Float[np.ndarray, "k f"]
    """What any forecaster sees."""
    rows: Float[np.ndarray, "k g"]
    """That, and what the twin says."""
    now: Float[np.ndarray, K]
    twin: dict[int, Float[np.ndarray, K]]
    """Forecast of the twin by horizon."""
    low: dict[int, Float[np.ndarray, K]]
    high: dict[int, Float[np.ndarray, K]]

    def only(self, keep: Bool[np.ndarray, K]) -> Cases:
        """Some of them."""
        parts = [{h: x[keep] for h, x in one.items()} for one in (self.twin, self.low, self.high)]
        return Cases(self.edges[keep], self.plain[keep], self.rows[keep], self.now[keep], *parts)


def cases(tracked: Tracked, found: Forecast) -> Cases:
    """Forecasts of one tracked stretch as cases."""
    evidence = tracked.known.evidence
    plain = features(evidence, found.edges)
    now = plain[:, 0]
    states = tracked.at(found.edges)
    inner = [np.asarray(x).mean(axis=1) for x in (states.unexplained, states.eaten, states.sensitive)]
    inner += [np.asarray(x).mean(axis=1) for x in (states.body.action, states.body.insulin)]
    inner.append(now - np.asarray(states.body.between).mean(axis=1))
    says = [found.at(h) - now for h in HORIZONS] + [found.spread[:, h // STEP - 1] for h in HORIZONS[1:]]
    rows = np.column_stack([plain, *says, *inner])
    places = {h: h // STEP - 1 for h in HORIZONS}
    twin = {h: found.mean[:, k] for h, k in places.items()}
    low = {h: found.quantiles[:, k, 0] for h, k in places.items()}
    high = {h: found.quantiles[:, k, -1] for h, k in places.items()}
    return Cases(found.edges, plain, rows, now, twin, low, high)


def joined_cases(parts: list[Cases]) -> Cases:
    """One after the other."""
    arrays: list[Any] = [np.concatenate([getattr(p, n) for p in parts]) for n in ("edges", "plain", "rows", "now")]
    by = [{h: np.concatenate([getattr(p, n)[h] for p in parts]) for h in HORIZONS} for n in ("twin", "low", "high")]
    return Cases(*arrays, *by)


def outcome(
    evidence: Evidence, edges: Int[np.ndarray, K], minutes: int, until: int | None = None
) -> Float[np.ndarray, K]:
    """What was read so many minutes after each edge, on lines between readings at most 30 minutes apart; else NaN.

    Only readings before the edge `until` count, also as the far end of a line.
    """
    truth = bridged(evidence.glucose[:until])
    at = edges + minutes // STEP
    return np.where(at < len(truth), truth[np.minimum(at, len(truth) - 1)], np.nan)


@dataclass(frozen=True)
class Corrected:
    """Forecasts by horizon with 90 % bands whose width was learned too."""

    mean: dict[int, Float[np.ndarray, K]]
    low: dict[int, Float[np.ndarray, K]]
    high: dict[int, Float[np.ndarray, K]]


def corrected(past: Cases, new: Cases, evidence: Evidence, until: int, kind: Kind = "boosted") -> Corrected:
    """`new` forecasts corrected by what was learned from `past` ones whose outcome was read before edge `until`.

    With few past cases the twin's own word stands. Raises `InputError` where a new case is not later than the past's.
    """
    if len(new.edges) and new.edges.min() < until:
        raise InputError("a forecast would be corrected by its own future", got=int(new.edges.min()), allowed=until)
    mean, low, high = {}, {}, {}
    for h in HORIZONS:
        known = past.only(np.isfinite(outcome(evidence, past.edges, h, until)))
        came = outcome(evidence, known.edges, h, until)
        if len(came) < _FEWEST:
            mean[h], low[h], high[h] = new.twin[h], new.low[h], new.high[h]
            continue
        mean[h] = _corrected(known, new, came, h, kind)
        width = _width(known, came, h, kind)
        low[h], high[h] = np.maximum(mean[h] - width, 20.0), mean[h] + width
    return Corrected(mean, low, high)


def _corrected(known: Cases, new: Cases, came: Float[np.ndarray, K], h: int, kind: Kind) -> Float[np.ndarray, M]:
    """A committee of three: two learn what is missing from a share of the twin's change, one does not listen to it."""
    said, then = known.twin[h] - known.now, came - known.now
    share = float(np.clip(said @ then / max(said @ said, 1e-9), 0.0, 1.0))
    twin = share * (new.twin[h] - new.now)
    linear = twin + learn(known.rows, then - share * said, "ridge").predict(new.rows)
    if kind == "ridge":
        return new.now + linear
    # trees take the twin's word as a column: taken off beforehand, its noise would stay in their target
    heard = learn(known.rows, then, kind).predict(new.rows)
    alone = learn(known.plain, then, kind).predict(new.plain)
    return new.now + (linear + heard + alone) / 3.0


def _width(known: Cases, came: Float[np.ndarray, K], h: int, kind: Kind) -> float:
    """Half of the 90 % band: the error on the last quarter of the past of what the rest teaches (split conformal)."""
    cut = int(0.75 * len(came))
    first = np.arange(len(came)) < cut
    error = np.abs(_corrected(known.only(first), known.only(~first), came[first], h, kind) - came[~first])
    return float(np.quantile(error, 0.9))
