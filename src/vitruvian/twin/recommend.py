"""From a calibrated twin to an answer: compare regimens, choose within the guard, solve the exact dose, say why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from vitruvian.core import SolveError
from vitruvian.pharmacology import Target
from vitruvian.twin.answer import Option
from vitruvian.twin.calibrate import Fit
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.case import Case
from vitruvian.twin.evaluate import Outcome, outcomes, proportional
from vitruvian.twin.goals import Goal
from vitruvian.twin.guard import option_faults
from vitruvian.twin.metrics import limits
from vitruvian.twin.words import percent_text

_AT_ONCE, _REACH = 4, 4.0
"""Amounts simulated at once in search of a bracket, and how many times further they reach each time."""
_NEAR, _NARROW = 0.015, 1.02
"""How close to the likely amount others are tried, and the ratio of a bracket's ends at which it is interpolated."""
OFF_THE_CLOCK = 0.1
"""Utility that a regimen of other than one to three doses a day must bring more than one that is."""
NEAR = 0.02
"""Regimens whose utility differs by no more count as equally good; of these the smallest daily dose is taken."""
_IN_PROPORTION = ("auc24", "trough", "peak", "average")
Bracket = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Compared:
    """Candidates with what each would do: `outcome` of the target, `harms` of every harm target."""

    candidates: tuple[Candidate, ...]
    outcome: tuple[Outcome, ...]
    harms: tuple[tuple[Outcome, ...], ...]
    faults: tuple[tuple[str, ...], ...]
    utility: tuple[float, ...]

    def best(self, goal: Goal) -> int | None:
        """Position of the candidate to recommend, of those allowed whose harm stays under the cap; `None` if none.

        Of those within `NEAR` of the greatest value, the smallest daily dose; of one daily dose, the greatest value.
        """
        open_to = [k for k in range(len(self.candidates)) if not self.faults[k] and self.harm(k) <= goal.harm_cap]
        if not open_to:
            return None
        most = max(self.value(k) for k in open_to)
        near = [k for k in open_to if self.value(k) >= most - NEAR]
        return min(near, key=lambda k: (round(self.candidates[k].daily, 6), -self.value(k)))

    def value(self, k: int) -> float:
        """Utility of candidate `k` less what an impractical regimen costs."""
        return self.utility[k] - _effort(self.candidates[k])

    def harm(self, k: int) -> float:
        """Largest probability of any harm of candidate `k`."""
        return max((h.p_target for h in self.harms[k]), default=0.0)


def _effort(c: Candidate) -> float:
    """What a regimen costs that is not given one to three times a day, or weekly or less often."""
    per_day = 24.0 / c.interval
    if c.interval >= 168.0:
        return 0.0
    return 0.0 if per_day in (1.0, 2.0, 3.0) else OFF_THE_CLOCK


def compare(case: Case, fits: Sequence[Fit], options: Sequence[Candidate], goal: Goal) -> Compared:
    """Every option under every fit. Utility is P(target) − weight · P(harm), the largest harm counting."""
    targets = (goal.target, *goal.harms)
    found = outcomes(case, fits, options, targets)
    harms = tuple(zip(*found[1:], strict=True)) if goal.harms else tuple(() for _ in options)
    person = case.person
    faults = tuple(option_faults(case.drug, c, person, indication=case.indication) for c in options)
    utility = tuple(
        o.p_target - goal.harm_weight * max((h.p_target for h in hs), default=0.0)
        for o, hs in zip(found[0], harms, strict=True)
    )
    return Compared(tuple(options), tuple(found[0]), harms, faults, utility)


def exact_dose(
    case: Case,
    fits: Sequence[Fit],
    like: Candidate,
    target: Target,
    *,
    seen: Sequence[tuple[Candidate, Outcome]] = (),
) -> float:
    """Amount per dose (in the unit of `like`) whose median metric is the middle of the target, same interval and route.

    The middle is geometric; a target without upper end counts its lower end. The amount is bracketed by what is `seen`
    already of regimens like this one, or reached out for from there; the bracket is narrowed, a few amounts simulated
    at once, and interpolated (relative error below 1e-4). Where doses act in proportion, one regimen is enough.
    Raises `SolveError` if no amount between 1/30 and 30 times that of `like` reaches it.
    """
    low, high = limits(target)
    middle = low if np.isinf(high) else float(np.sqrt(max(low, 1e-9 * high) * high))
    bare = replace(like, loading=None)
    known = {c.amount: o.interval().median for c, o in seen if replace(c, amount=like.amount, label=like.label) == bare}

    def medians(amounts: Sequence[float]) -> dict[float, float]:
        found = outcomes(case, fits, [replace(bare, amount=float(a)) for a in amounts], (target,))[0]
        return {float(a): o.interval().median for a, o in zip(amounts, found, strict=True)}

    if target.metric in _IN_PROPORTION and all(proportional(f.model, target.when) for f in fits):
        one = known.get(like.amount) or medians([like.amount])[like.amount]
        if one > 0:
            return like.amount * middle / one
    elif bracket := _bracketed(known or medians([like.amount]), middle, like.amount, medians):
        (a, before), (b, after) = bracket
        while b / a > _NARROW:
            likely = a + (b - a) * (middle - before) / (after - before)
            tried = [x for x in (likely * (1 - _NEAR), likely, likely * (1 + _NEAR), math.sqrt(a * b)) if a < x < b]
            narrower = _bracket({a: before, **medians(tried), b: after}, middle)
            assert narrower is not None  # its ends are those of the bracket before
            (a, before), (b, after) = narrower
        return a + (b - a) * (middle - before) / (after - before)
    raise SolveError(
        "no dose brings the median to the middle of the target",
        got=f"{like} and amounts from 1/30 to 30 times it",
        todo="Choose another interval or goal.",
    )


def _bracketed(
    known: Mapping[float, float],
    middle: float,
    around: float,
    medians: Callable[[Sequence[float]], dict[float, float]],
) -> Bracket | None:
    """A bracket from known medians by amount, reached out for upwards or downwards, up to 30 times `around`."""
    found = dict(known)
    while (bracket := _bracket(found, middle)) is None:
        edge, least = max(found), min(found)
        up = found[edge] < middle
        edge, end = (edge, 30 * around) if up else (least, around / 30)
        if abs(math.log(edge / end)) < 1e-9 or (edge > end) == up:
            return None
        reach = min(edge * _REACH, end) if up else max(edge / _REACH, end)
        found |= medians(np.geomspace(edge, reach, _AT_ONCE + 1)[1:].tolist())
    return bracket


def _bracket(medians: Mapping[float, float], middle: float) -> Bracket | None:
    """The neighbouring amounts, with their medians, between which the middle is first reached; `None` if nowhere."""
    rows = sorted(medians.items())
    return next(((one, two) for one, two in pairwise(rows) if one[1] < middle <= two[1]), None)


def as_options(compared: Compared, fits: Sequence[Fit], goal: Goal) -> tuple[Option, ...]:
    """The comparison as plain data for the answer."""
    return tuple(_option(compared, k, fits, goal) for k in range(len(compared.candidates)))


def _option(compared: Compared, k: int, fits: Sequence[Fit], goal: Goal) -> Option:
    c, outcome, harms = compared.candidates[k], compared.outcome[k], compared.harms[k]
    low, high = limits(outcome.target)
    names = [f.model.name for f in fits]
    return Option(
        regimen=str(c),
        dose=c.amount,
        dose_unit=c.unit,
        interval_h=c.interval,
        route=c.route,
        duration_h=c.duration,
        loading_dose=c.loading,
        daily_dose=c.daily,
        label=c.label,
        metric=outcome.interval(),
        p_target=outcome.p_target,
        p_below=outcome.probability(-np.inf, np.nextafter(low, -np.inf)),
        p_above=outcome.probability(np.nextafter(high, np.inf), np.inf),
        p_harm={h.target.name: h.p_target for h in harms},
        utility=compared.utility[k],
        allowed=not compared.faults[k],
        why="; ".join((*compared.faults[k], *_over(compared.harm(k), goal.harm_cap))),
        per_model=dict(zip(names, outcome.per_fit(), strict=True)),
    )


def _over(harm: float, cap: float) -> tuple[str, ...]:
    """What is said of a chance of harm over the cap: to a tenth of a percent, for it may be near."""
    return (f"{100 * harm:.1f} % chance of harm, over the limit of {percent_text(cap)}",) if harm > cap else ()
