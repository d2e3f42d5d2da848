"""How well classes were told: confusion, areas under the curve, likelihood ratios with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core import DataError
from vitruvian.systems.cardiac_safety.band import DEVIATIONS
from vitruvian.systems.cardiac_safety.drug import RISKS, Risk


@dataclass(frozen=True)
class Ratio:
    """A likelihood ratio with its 90 % interval (log method, half a drug added to each cell)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Split:
    """Telling the classes from `above` upwards apart from those below it."""

    above: Risk
    auc: float
    sensitivity: float
    specificity: float
    positive: Ratio
    negative: Ratio


@dataclass(frozen=True)
class Skill:
    """Told against known classes; `confusion[known][told]` counts drugs."""

    right: int
    of: int
    confusion: Mapping[Risk, Mapping[Risk, int]]
    splits: tuple[Split, ...]
    wrong: Mapping[str, tuple[Risk, Risk]]
    """Drug → its known class and the class told."""


def skill(names: Sequence[str], known: Sequence[Risk], told: Sequence[Risk], scores: Sequence[float]) -> Skill:
    """Skill on drugs of known class; a lower score means more risk. Raises `DataError` without drugs or scores."""
    if not names or not len(names) == len(known) == len(told) == len(scores):
        raise DataError(
            "drugs to judge", got=[len(one) for one in (names, known, told, scores)], allowed="as many each"
        )
    if np.isnan(np.asarray(scores, float)).any():
        raise DataError("scores to judge", got=list(scores), allowed="a number for each drug")
    pairs = list(zip(known, told, strict=True))
    confusion = {a: {b: pairs.count((a, b)) for b in RISKS} for a in RISKS}
    wrong = {name: pair for name, pair in zip(names, pairs, strict=True) if pair[0] != pair[1]}
    splits = tuple(_split(above, pairs, np.asarray(scores, float)) for above in RISKS[1:] if _both(above, known))
    return Skill(len(pairs) - len(wrong), len(pairs), confusion, splits, wrong)


def auc(risky: np.ndarray, safe: np.ndarray) -> float:
    """Chance that a risky drug's score lies below a safe one's; ties count half."""
    a, b = np.asarray(risky, float)[:, None], np.asarray(safe, float)[None, :]
    return float(((a < b) + 0.5 * (a == b)).mean())


def _both(above: Risk, known: Sequence[Risk]) -> bool:
    return len({RISKS.index(one) >= RISKS.index(above) for one in known}) == 2


def _split(above: Risk, pairs: list[tuple[Risk, Risk]], scores: np.ndarray) -> Split:
    level = RISKS.index(above)
    is_, said = (np.array([RISKS.index(pair[k]) >= level for pair in pairs]) for k in (0, 1))
    hit, missed = int((is_ & said).sum()), int((is_ & ~said).sum())
    false, clear = int((~is_ & said).sum()), int((~is_ & ~said).sum())
    return Split(
        above, auc(scores[is_], scores[~is_]), hit / (hit + missed), clear / (false + clear),
        _ratio(hit, hit + missed, false, false + clear), _ratio(missed, hit + missed, clear, false + clear),
    )  # fmt: skip


def _ratio(a: int, of_a: int, b: int, of_b: int) -> Ratio:
    a_, b_, n, m = a + 0.5, b + 0.5, of_a + 1.0, of_b + 1.0
    value = (a_ / n) / (b_ / m)
    spread = DEVIATIONS * np.sqrt(1 / a_ - 1 / n + 1 / b_ - 1 / m)
    return Ratio(float(value), float(value * np.exp(-spread)), float(value * np.exp(spread)))
