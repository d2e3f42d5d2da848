"""Do features see the future, or the label? Four questions that any cohort and any features can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.learn import Rows
from vitruvian.study.cohorts import Labelled
from vitruvian.study.events import Events, Moments
from vitruvian.study.features.compute import features_of
from vitruvian.study.features.recipe import Recipe
from vitruvian.study.features.ridge import design, folds_of, held_out, told

Make = Callable[[Events, Moments], Rows]
"""Whatever makes features of moments from events."""
TOO_GOOD = 0.95
"""One feature that ranks the label better than this is looked at before it is believed."""
_HOUR = 3_600_000_000
_SHUFFLES = 20


@dataclass(frozen=True)
class Leakage:
    """What was found. Scores are AUROC of a quick linear model, cross-validated by person.

    `future`: features that change when all that became known after the moment is taken away: they see the future.
    `shuffled`: mean with labels shuffled among people, and the standard error of that mean. `shifted`: with moments
    moved back by `shift_h`, and its standard error by chance; `remains`: features that tell as much then as at the
    moment. `too_good`: features that alone exceed `TOO_GOOD`.
    """

    auroc: float
    future: tuple[str, ...]
    shuffled: tuple[float, float]
    shifted: tuple[float, float]
    shift_h: float
    remains: tuple[str, ...]
    too_good: tuple[str, ...]

    @property
    def shuffled_is_chance(self) -> bool:
        """Whether shuffled labels are told no better than by chance (within 3.5 standard errors)."""
        return abs(self.shuffled[0] - 0.5) < 3.5 * self.shuffled[1]

    @property
    def shifted_is_chance(self) -> bool:
        """Whether features of an earlier time tell nothing; what a person always has (age) may well tell something."""
        return abs(self.shifted[0] - 0.5) < 3.5 * self.shifted[1]

    @property
    def clean(self) -> bool:
        """No feature sees the future or is too good, and shuffled labels are not told."""
        return not self.future and not self.too_good and self.shuffled_is_chance

    def __str__(self) -> str:
        lines = [
            f"AUROC {self.auroc:.3f} (linear, cross-validated by person)",
            f"labels shuffled: {self.shuffled[0]:.3f} ± {self.shuffled[1]:.3f}, "
            f"{'chance' if self.shuffled_is_chance else 'NOT chance: the label leaks'}",
            f"moments {self.shift_h:g} h earlier: {self.shifted[0]:.3f} ± {self.shifted[1]:.3f}, "
            f"{'chance' if self.shifted_is_chance else 'still told by: ' + _some(self.remains)}",
            f"features that see the future: {_some(self.future)}",
            f"features too good to be true: {_some(self.too_good)}",
        ]
        return "\n".join(lines)


def leakage(
    make: Recipe | Make, events: Events, labelled: Labelled, *, shift_h: float, folds: int = 5, seed: int = 0
) -> Leakage:
    """Ask the four questions of a recipe, or of any function of events and moments.

    `shift_h` should lead before anything that belongs to the label could be known. Raises `DataError` for a cohort in
    which everybody or nobody has the label.
    """
    one = _making(make)
    y = labelled.label.astype(np.float64)
    if not 0 < y.sum() < len(y):
        raise DataError("everybody or nobody has the label", got=f"{int(y.sum()):,} of {len(y):,} moments")
    rows = one(events, labelled.moments)
    fold = folds_of(labelled.groups, folds, seed)
    moments = labelled.moments
    earlier = Moments(moments.subject, moments.at - round(shift_h * _HOUR))
    before = one(events, earlier)
    shuffled = _shuffled(rows, y, labelled.groups, fold, seed)
    alone, alone_before = _alone(rows, y), _alone(before, y)
    names = np.array([feature.name for feature in rows.features])
    chance = _chance(y)
    shifted = told(held_out(design(before), y[:, None], fold)[:, 0], y)
    remains = (np.abs(alone_before - 0.5) > 3.5 * chance) & (alone_before >= alone - chance)
    return Leakage(
        told(held_out(design(rows), y[:, None], fold)[:, 0], y),
        future_features(one, events, moments, seed=seed),
        shuffled,
        (shifted, chance),
        shift_h,
        tuple(names[remains].tolist()),
        tuple(names[alone > TOO_GOOD].tolist()),
    )


def future_features(make: Recipe | Make, events: Events, moments: Moments, *, seed: int = 0) -> tuple[str, ...]:
    """Features that differ once everything that became known after the moment is gone; exact, one moment a person."""
    one = _making(make)
    order = np.random.default_rng(seed).permutation(len(moments))
    _, first = np.unique(np.array(moments.subject)[order], return_index=True)
    chosen = moments.taken(np.sort(order[first]))
    whole, cut = one(events, chosen), one(events.known_by(chosen), chosen)
    differs = ~((whole.values == cut.values) | (np.isnan(whole.values) & np.isnan(cut.values)))
    return tuple(whole.features[place].name for place in np.flatnonzero(differs.any(axis=0)).tolist())


def _making(make: Recipe | Make) -> Make:
    if isinstance(make, Recipe):
        recipe = make
        return lambda events, moments: features_of(recipe, events, moments).rows
    return make


def _shuffled(
    rows: Rows, y: Float[np.ndarray, " n"], groups: tuple[str, ...], fold: np.ndarray, seed: int
) -> tuple[float, float]:
    """Mean AUROC over shuffles, and its standard error; a person's labels go together to another place."""
    draw = np.random.default_rng(seed)
    order = np.argsort(np.asarray(groups), kind="stable")
    blocks = np.split(order, np.unique(np.asarray(groups)[order], return_index=True)[1][1:])
    labels = np.empty((len(y), _SHUFFLES))
    for k in range(_SHUFFLES):
        moved = np.concatenate([blocks[i] for i in draw.permutation(len(blocks))])
        labels[order, k] = y[moved]
    scores = held_out(design(rows), labels, fold)
    found = np.array([told(scores[:, k], labels[:, k]) for k in range(_SHUFFLES)])
    return float(found.mean()), float(max(found.std(ddof=1), _chance(y)) / np.sqrt(_SHUFFLES))


def _chance(y: Float[np.ndarray, " n"]) -> float:
    """Standard error of an AUROC without signal (Mann-Whitney)."""
    with_label = y.sum()
    return float(np.sqrt((len(y) + 1) / (12 * with_label * (len(y) - with_label))))


def _alone(rows: Rows, y: Float[np.ndarray, " n"]) -> Float[np.ndarray, " features"]:
    """AUROC of each feature by itself, in the better direction; of being there at all, if that is better."""
    found = []
    for feature, x in zip(rows.features, rows.values.T, strict=True):
        there = ~np.isnan(x)
        each = [told(there.astype(np.float64), y)]
        if feature.kind == "number" and 0 < y[there].sum() < there.sum():
            each.append(told(np.where(there, x, np.median(x[there])), y))
        found.append(max(max(one, 1 - one) for one in each))
    return np.array(found)


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more if names else "none"
