"""How well chances over time tell people apart, and whether they come true: concordance, Brier score, calibration.

Censored people weigh through those who were watched as long (inverse probability of censoring); a competing event
means that the event will not come. One row a person, watched from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.survival.incidence import aalen_johansen, survival_of_censoring
from vitruvian.learn.survival.spells import Spells
from vitruvian.learn.trust import Interval

_AT_ONCE = 500


def concordance(
    risk: Float[np.ndarray, " people"], people: Spells, event: int = 1, *, until: float = np.inf, weighted: bool = False
) -> float:
    """Among pairs of whom one has the event first, the share in which that one had the larger risk; ties count half.

    Harrell's C with events to `until`; `weighted` makes it Uno's, which does not depend on censoring. Whoever has a
    competing event stays comparable: the event never comes to them.

    Sources: Harrell FE et al. JAMA 1982;247:2543; Uno H et al. Stat Med 2011;30:1105, doi:10.1002/sim.4154; Wolbers M
    et al. Biostatistics 2014;15:526, doi:10.1093/biostatistics/kxt059. Raises DataError where no pair can be compared.
    """
    _one_each(people, risk, (len(people),))
    time, cause = people.stop, people.event
    censoring = survival_of_censoring(people, time) if weighted else np.ones(len(time))
    other = (cause > 0) & (cause != event)
    right = total = 0.0
    cases = np.flatnonzero((cause == event) & (time <= until))
    for start in range(0, len(cases), _AT_ONCE):
        i = cases[start : start + _AT_ONCE]
        later = (time > time[i, None]) | ((time == time[i, None]) & (cause == 0))
        earlier = other & (time <= time[i, None])
        weight = later / censoring[i, None] ** 2 + earlier / (censoring[i, None] * censoring)
        total += weight.sum()
        right += (weight * ((risk[i, None] > risk) + 0.5 * (risk[i, None] == risk))).sum()
    if total == 0.0:
        raise DataError("no two people can be compared", got=f"{len(cases)} with the event among {len(time)}")
    return float(right / total)


def brier_over_time(
    chance: Float[np.ndarray, "people times"], people: Spells, times: Float[np.ndarray, " times"], event: int = 1
) -> Float[np.ndarray, " times"]:
    """Mean squared error of the chance of the event by each time (Graf E et al. Stat Med 1999;18:2529)."""
    _one_each(people, chance, (len(people), len(times)))
    happened = people.stop[:, None] <= times
    known = happened & (people.event > 0)[:, None]
    at_end, at_time = survival_of_censoring(people, people.stop), survival_of_censoring(people, times)
    if ((at_time <= 0) | (times >= people.stop.max())).any():
        raise InputError("times to which nobody was watched", got=float(times.max()), allowed=float(people.stop.max()))
    weight = known / at_end[:, None] + ~happened / at_time
    came = known & (people.event == event)[:, None]
    return (weight * (came - chance) ** 2).mean(0)


@dataclass(frozen=True)
class Calibrated:
    """A group of people with near chances by one time: how many, the mean chance, and the share to whom it came."""

    time: float
    people: int
    expected: float
    observed: Interval


def calibration_over_time(
    chance: Float[np.ndarray, "people times"], people: Spells, times: Float[np.ndarray, " times"], event: int = 1, *,
    groups: int = 5, draws: int = 200, seed: int = 0,
) -> tuple[Calibrated, ...]:  # fmt: skip
    """Expected against observed (Aalen and Johansen) by each time, in groups of equal size by chance; bootstrap of
    people for the intervals. With `groups` 1 it is calibration in the large."""
    _one_each(people, chance, (len(people), len(times)))
    drawn = np.random.default_rng(seed)
    found = []
    for k, time in enumerate(times):
        rank = np.argsort(np.argsort(chance[:, k], kind="stable"), kind="stable")
        for group in range(groups):
            of = np.flatnonzero(rank * groups // len(rank) == group)
            again = [_observed(people, drawn.choice(of, len(of)), time, event) for _ in range(draws)]
            low, high = np.quantile(again, [0.025, 0.975])
            seen = Interval(_observed(people, of, time, event), float(low), float(high))
            found.append(Calibrated(float(time), len(of), float(chance[of, k].mean()), seen))
    return tuple(found)


def _observed(people: Spells, chosen: Int[np.ndarray, " drawn"], time: float, event: int) -> float:
    """The share of the chosen, each as often as it was drawn."""
    parts = (people.start[chosen], people.stop[chosen], people.event[chosen])
    anew = Spells(people.features, people.values[chosen], np.arange(len(chosen)), *parts, people.events)
    return float(aalen_johansen(anew, np.array([time]))[event - 1, 0])


def _one_each(people: Spells, given: np.ndarray, shape: tuple[int, ...]) -> None:
    several: Bool[np.ndarray, " n"] = ~people.last
    if several.any() or (people.start > 0).any():
        raise DataError("one row a person, watched from 0, is needed here", got=f"{int(several.sum())} rows go on")
    if given.shape != shape:
        raise DataError("chances of other people or times", got=given.shape, allowed=shape)
    if not np.isfinite(given).all():
        raise DataError("chances that are no numbers", got=f"{int((~np.isfinite(given)).sum())} of {given.size}")
