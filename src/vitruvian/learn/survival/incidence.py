"""The chance of each event by a time, where another event may come first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError
from vitruvian.learn.survival.cox import Cox
from vitruvian.learn.survival.spells import Spells


def aalen_johansen(spells: Spells, times: Float[np.ndarray, " times"]) -> Float[np.ndarray, "events times"]:
    """Share of people with each event by each time, censored people counted as the others go on; with one event this
    is one less Kaplan and Meier's survival. Late entry is allowed for.

    Source: Aalen OO, Johansen S. Scand J Stat 1978;5:141.
    """
    moments = np.unique(spells.stop[spells.event > 0])
    at_risk = _at_risk(spells, moments)
    kinds = len(spells.events) - 1
    hazard = np.zeros((kinds, len(moments)))
    where = np.searchsorted(moments, spells.stop)
    for k in range(kinds):
        happened = spells.event == k + 1
        hazard[k] = np.bincount(where[happened], minlength=len(moments)) / at_risk
    return _by(times, moments, _cumulated(hazard[None])[0])


def survival_of_censoring(spells: Spells, times: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
    """The chance of not yet being censored just before each time (Kaplan and Meier of censoring, events first)."""
    censored = (spells.event == 0) & spells.last
    moments = np.unique(spells.stop[censored])
    lost = np.bincount(np.searchsorted(moments, spells.stop[censored]), minlength=len(moments))
    ended = (spells.event > 0)[:, None] & (spells.stop[:, None] == moments)
    left = np.cumprod(1.0 - lost / np.maximum(_at_risk(spells, moments) - ended.sum(0), 1))
    return np.append(1.0, left)[np.searchsorted(moments, times, side="left")]


def incidence_by_cox(
    models: Sequence[Cox],
    values: Float[np.ndarray, "rows features"],
    times: Float[np.ndarray, " times"],
    since: float = 0.0,
) -> Float[np.ndarray, "rows events times"]:
    """The chance of each event by each time, of people to whom none came by `since`, with the values they have now.

    One model for each competing event: the hazards of causes compose the chances. Raises InputError for times before
    `since`, and beyond the last event that a model saw.
    """
    moments = np.unique(np.concatenate([one.times for one in models]))
    moments = moments[moments > since]
    _demand_within(times, since, max(float(one.times[-1]) for one in models))
    steps = np.stack([np.diff(one.baseline_at(np.append(since, moments))) for one in models])
    relative = np.stack([one.relative(values) for one in models], axis=1)
    hazard = relative[:, :, None] * steps[None]
    total = hazard.sum(1, keepdims=True)
    # -log(1 - h) of the sum of causes is the step of the cumulative hazard, so that chances stay chances
    share = np.divide(hazard, total, out=np.zeros_like(hazard), where=total > 0)
    return _by(times, moments, _cumulated(share * -np.expm1(-total)))


def _demand_within(times: Float[np.ndarray, " times"], since: float, last: float) -> None:
    wrong = (times < since) | (times > last)
    if wrong.any():
        raise InputError("times that the model knows nothing of", got=times[wrong][0], allowed=f"{since:g} to {last:g}")


def _cumulated(hazard: Float[np.ndarray, "rows events times"]) -> Float[np.ndarray, "rows events times"]:
    """Chances from hazards at moments: each event has its share of those whom nothing befell before."""
    left = np.cumprod(1.0 - hazard.sum(1), axis=1)
    before = np.concatenate([np.ones((len(left), 1)), left[:, :-1]], axis=1)
    return np.cumsum(before[:, None, :] * hazard, axis=2)


def _by(times: np.ndarray, moments: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The last of what was found by each time; 0 before the first moment."""
    padded = np.concatenate([np.zeros((*found.shape[:-1], 1)), found], axis=-1)
    return padded[..., np.searchsorted(moments, times, side="right")]


def _at_risk(spells: Spells, moments: Float[np.ndarray, " moments"]) -> Float[np.ndarray, " moments"]:
    begun = np.searchsorted(np.sort(spells.start), moments, side="left")
    ended = np.searchsorted(np.sort(spells.stop), moments, side="left")
    return (begun - ended).astype(float)
