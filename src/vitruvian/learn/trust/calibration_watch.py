"""Calibration as outcomes come in: a risk-adjusted CUSUM of both directions.

Steiner SH et al. Biostatistics 2000;1:441. Each outcome adds the log of how much likelier it is at `odds` times the
odds that were said than as said (and at one over that); the sums never fall below 0. The limit is found by simulating
outcomes that come true as said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError
from vitruvian.learn.trust.checking import level_of, pairs

ODDS = 1.5


class Sums(NamedTuple):
    """Evidence that more, and that less, comes true than was said; after `n` outcomes."""

    more: float = 0.0
    less: float = 0.0
    n: int = 0


def added(sums: Sums, p: float, came_true: bool, odds: float = ODDS) -> Sums:
    """The sums after one more outcome of a probability."""
    more, less = (_gain(np.array([p]), np.array([came_true]), r)[0] for r in (odds, 1.0 / odds))
    return Sums(max(sums.more + float(more), 0.0), max(sums.less + float(less), 0.0), sums.n + 1)


@dataclass(frozen=True)
class Watched:
    """The course of both sums, the limit, and the first outcome (from 0) beyond it."""

    more: Float[np.ndarray, " n"]
    less: Float[np.ndarray, " n"]
    limit: float
    alarm: int | None
    direction: Literal["more", "less", ""]
    """Whether more or less comes true than was said."""


def calibration_watch(
    p: Float[np.ndarray, " n"], y: np.ndarray, *, odds: float = ODDS, false_alarm: float = 0.05, seed: int = 0,
    repeats: int = 400,
) -> Watched:  # fmt: skip
    """Watch outcomes in the order in which they became known.

    `false_alarm`: the chance that either sum passes the limit anywhere over these n rows while all comes true as said.
    """
    p, y = pairs(p, y)
    limit = limit_of(p, odds=odds, false_alarm=false_alarm, seed=seed, repeats=repeats)
    more, less = (_course(_gain(p, y, r)[None])[0] for r in (odds, 1.0 / odds))
    beyond = np.flatnonzero(np.maximum(more, less) > limit)
    alarm = int(beyond[0]) if len(beyond) else None
    return Watched(more, less, limit, alarm, "" if alarm is None else "more" if more[alarm] > less[alarm] else "less")


def limit_of(
    p: Float[np.ndarray, " n"], *, odds: float = ODDS, false_alarm: float = 0.05, seed: int = 0, repeats: int = 400
) -> float:
    """What the greater sum exceeds anywhere over rows of these probabilities with a chance of `false_alarm`."""
    if odds <= 1.0:
        raise InputError("odds to look for", got=odds, allowed="above 1; the other direction is looked for too")
    level_of(false_alarm)
    came = np.random.default_rng(seed).random((repeats, len(p))) < p
    top = np.maximum(*(_course(_gain(p, came, r)).max(1) for r in (odds, 1.0 / odds)))
    return float(np.quantile(top, 1.0 - false_alarm, method="higher"))


def _gain(p: np.ndarray, y: np.ndarray, odds: float) -> np.ndarray:
    """Log likelihood ratio of outcomes at `odds` times the odds against as said."""
    return np.where(y, np.log(odds), 0.0) - np.log1p((odds - 1.0) * p)


def _course(gain: Float[np.ndarray, "r n"]) -> Float[np.ndarray, "r n"]:
    """Sums that never fall below 0, in one pass: the running total less its own running minimum (at most 0)."""
    total = np.cumsum(gain, 1)
    return total - np.minimum(np.minimum.accumulate(total, 1), 0.0)
