"""How long an interaction takes to build up and to fade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from vitruvian.core import InputError
from vitruvian.pharmacology.interactions.facts import Species, Victim, enzymes, mechanisms, potencies

_STEADY = 5.0  # half-lives to 97 %
_MOST_STEPS = 60  # of a course


@dataclass(frozen=True)
class TimeCourse:
    """Days until an interaction is full after starting, and until it is gone after stopping, with a sentence.

    half_life_h: half-life of the effect, that of the perpetrator plus, where the enzyme is destroyed or made, its own.
    """

    perpetrator: str
    half_life_h: float
    onset_days: float
    offset_days: float
    sentence: str

    def presence(self, hours_since_start: float, hours_since_stop: float = 0.0) -> float:
        """Share of the full effect, 0 to 1: (1 - 2^(-a/h)) 2^(-b/h), a the hours taken, b the hours since stopped.

        The first-order rise and fall are an approximation of the whole chain of drug, metabolite and enzyme.
        Raises: InputError where the drug stopped before it started, or the times are negative.
        """
        taken = hours_since_start - hours_since_stop
        if taken < 0.0 or hours_since_stop < 0.0:
            raise InputError(
                "an interacting drug must start before it stops",
                got=f"started {hours_since_start:g} h ago, stopped {hours_since_stop:g} h ago",
            )
        return (1.0 - 2.0 ** (-taken / self.half_life_h)) * 2.0 ** (-hours_since_stop / self.half_life_h)

    def course(
        self, periods: Sequence[tuple[float, float | None]], *, start: float, until: float
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Presence over time as steps (times in hours, values that hold from their time on), from `start` to `until`.

        periods: (started, stopped or None) in hours, also before `start`. While the drug is taken the presence p
        goes to 1, else to 0, with half-life h. Each step holds the mean of its ends; the last holds the end value.
        Raises: InputError where a period ends before it starts, or `until` is not after `start`.
        """
        if not until > start or any(b is not None and b < a for a, b in periods):
            raise InputError("times are out of order", got=f"{list(periods)}, from {start:g} to {until:g} h")
        changes = {t for span in periods for t in span if t is not None and t < until}
        step = max(self.half_life_h / 4.0, (until - start) / _MOST_STEPS)
        grid = {start + k * step for k in range(int((until - start) / step) + 1)}
        moments = sorted(changes | grid | {until})
        presence = [0.0]
        for left, right in pairwise(moments):
            taken = float(any(a <= left and (b is None or left < b) for a, b in periods))
            presence.append(taken + (presence[-1] - taken) * 2.0 ** (-(right - left) / self.half_life_h))
        steps = [(t, (p + q) / 2.0) for t, (p, q) in zip(moments, pairwise(presence), strict=False) if t >= start]
        steps.append((moments[-1], presence[-1]))
        return tuple(t for t, _ in steps), tuple(v for _, v in steps)


def time_course(agent: Species, drug: Victim) -> TimeCourse:
    """Five half-lives of the perpetrator; where the enzyme itself is destroyed or made, also five of its turnover.

    In-vivo induction counts as turnover; in-vivo inhibition counts as reversible.
    """
    turnover = [
        log(2.0) / (enzymes()[p.name].kdeg_liver * 60.0) for p in drug.pathways if _changes_amount(agent.name, p.name)
    ]
    half_life = agent.half_life_h + max(turnover, default=0.0)
    days = _STEADY * half_life / 24.0
    cause = "the drug itself and the enzyme's turnover" if turnover else "the drug's own half-life"
    text = (
        f"The effect of {agent.name} is full about {_span(days)} after it is started and gone about {_span(days)} "
        f"after it is stopped ({cause}; half-life {agent.half_life_h:g} h)"
    )
    if days > 21.0:
        text += "; after a recent start or stop, levels drift for weeks: measure again"
    return TimeCourse(agent.name, half_life, days, days, f"{text}.")


def _changes_amount(perpetrator: str, enzyme: str) -> bool:
    return any(m.kind != "reversible" for m in mechanisms(perpetrator) if m.enzyme == enzyme) or any(
        p.auc_ratio < 1.0 for p in potencies(perpetrator) if p.enzyme == enzyme
    )


def _span(days: float) -> str:
    if days < 2.0:
        return f"{days * 24:.0f} hours"
    return f"{days:.0f} days" if days < 21.0 else f"{days / 7:.0f} weeks"
