"""How long an interaction takes to build up and to fade."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from vitruvian.pharmacology.interactions.activity import Basis, acting_rows
from vitruvian.pharmacology.interactions.facts import Species, Victim, enzymes

_STEADY = 5.0  # half-lives to 97 %


@dataclass(frozen=True)
class TimeCourse:
    """Days until an interaction is full after starting, and until it is gone after stopping, with a sentence."""

    perpetrator: str
    onset_days: float
    offset_days: float
    sentence: str


def time_course(agent: Species, drug: Victim, basis: Basis = "mechanistic") -> TimeCourse:
    """Five half-lives of the perpetrator; where the enzyme itself is destroyed or made, also five of its turnover.

    In-vivo induction counts as turnover; in-vivo inhibition counts as reversible.
    """
    turnover = [
        log(2.0) / (enzymes()[p.name].kdeg_liver * 60.0)
        for p in drug.pathways
        if _changes_amount(agent.name, p.name, basis)
    ]
    hours = _STEADY * agent.half_life_h + _STEADY * max(turnover, default=0.0)
    days = hours / 24.0
    cause = "the drug itself and the enzyme's turnover" if turnover else "the drug's own half-life"
    text = (
        f"The effect of {agent.name} is full about {_span(days)} after it is started and gone about {_span(days)} "
        f"after it is stopped ({cause}; half-life {agent.half_life_h:g} h)"
    )
    if days > 21.0:
        text += "; after a recent start or stop, levels drift for weeks: measure again"
    return TimeCourse(agent.name, days, days, f"{text}.")


def _changes_amount(perpetrator: str, enzyme: str, basis: Basis) -> bool:
    in_vitro, in_vivo = acting_rows(perpetrator, enzyme, basis)
    return any(m.kind != "reversible" for m in in_vitro) or any(p.auc_ratio < 1.0 for p in in_vivo)


def _span(days: float) -> str:
    if days < 2.0:
        return f"{days * 24:.0f} hours"
    return f"{days:.0f} days" if days < 21.0 else f"{days / 7:.0f} weeks"
