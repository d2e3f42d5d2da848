"""Advice: the bolus for a meal or a correction, what to do before activity; a proposal for a person, who decides.

Every dose is tried on all members of the followed person; the one of least expected risk is proposed among those with a
small chance of a low, and then put before the same safety layer that guards a pump.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError
from vitruvian.physiology.glucose import high_risk, low_risk
from vitruvian.twin.answer import Band, Message
from vitruvian.twin.glucose.caution import Settings, bounded, doubts, past, settings_from
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.features import newest
from vitruvian.twin.glucose.filter import Tracked, Wander, track
from vitruvian.twin.glucose.identify import GlucoseTwin
from vitruvian.twin.glucose.plan import Plan, outcomes

HOURS = 4
LOW = 70.0
CHANCE = 0.05
"""Largest accepted chance of glucose below 70 mg/dL within four hours."""
_STEPS = HOURS * 60 // STEP
_RESCUE = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0)
_LARGEST_MEAL = 250.0
_LOW_WEIGHT = 2.0  # a low weighs more than a high of the same risk


@dataclass(frozen=True)
class Choice:
    """One dose or amount and what it would do within four hours."""

    plan: Plan
    risk: float
    below: float
    """Chance of any glucose below 70 mg/dL."""
    inside: float
    """Expected share of the time from 70 to 180 mg/dL."""
    band: Band


@dataclass(frozen=True)
class Advice:
    """What is proposed, or why nothing is; `dose` (U) and `rescue` (g) are `None` when refused, never NaN."""

    person: str
    asked_at: str
    question: str
    refused: bool
    dose: float | None
    rescue: float | None
    chosen: Choice | None
    without: Choice | None
    """What happens if nothing is done."""
    settings: Settings | None
    messages: tuple[Message, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def to_json(self) -> str:
        """JSON text; every number is finite."""
        return json.dumps(self.to_dict(), allow_nan=False, ensure_ascii=False, indent=1)

    def __str__(self) -> str:
        head = f"{self.person}, {self.asked_at}: {self.question}"
        said = [f"{m.severity}: {m.text}{' ' + m.todo if m.todo else ''}" for m in self.messages]
        if self.refused or self.chosen is None:
            return "\n".join([head, "No advice is given.", *said])
        lines = [head, _sentence(self), *(_line(f"in {m} min", self.chosen.band, m) for m in (30, 60, 120, 240))]
        return "\n".join([*lines, *said, "A proposal: a person decides."])


def advise(
    twin: GlucoseTwin,
    evidence: Evidence,
    *,
    at: int | None = None,
    meal: float = 0.0,
    speed: float = 0.0,
    settings: Settings | None = None,
    wander: Wander | None = None,
    seed: int = 0,
) -> Advice:
    """The bolus at edge `at` (default: the newest reading) for `meal` grams eaten now, or for none: a correction.

    `settings` are the person's own treatment settings; without them those that the twin tells. Raises `InputError` for
    a meal that cannot be one.
    """
    if not (np.isfinite(meal) and 0 <= meal <= _LARGEST_MEAL):
        raise InputError("this cannot be a meal", got=f"{meal} g", allowed=f"0 to {_LARGEST_MEAL:g} g")
    question = f"bolus for {meal:g} g" if meal else "correction bolus"
    edge = _edge(evidence, at)
    refusals = [*doubts(twin, evidence, edge), *(past(evidence, edge) if at is None else ())]
    if any(m.severity == "refusal" for m in refusals):
        return _refused(twin, evidence, edge, question, refusals)
    tracked = track(twin, evidence, edge - 1, edge, wander=wander, seed=seed)
    known = settings_from(tracked, edge, settings)
    most = known.largest_tried(meal, float(evidence.glucose[newest(evidence.glucose)[edge]]))
    doses = np.unique(np.round(np.linspace(0.0, most, 41) / known.step) * known.step)
    choices = _choices(tracked, edge, [Plan(bolus=float(d), carbohydrates=meal, speed=speed) for d in doses], seed)
    best = _best(choices)
    allowed, told = bounded(known, evidence, edge, choices[best].plan.bolus, meal)
    chosen = min((c for c in choices if c.plan.bolus <= allowed + 1e-9), key=lambda c: abs(c.plan.bolus - allowed))
    rescue = _rescue(tracked, edge, chosen, seed)
    messages = (*refusals, *told, *_expected(chosen, rescue))
    moment = f"{evidence.moment(edge):%Y-%m-%d %H:%M}"
    dose = chosen.plan.bolus
    return Advice(
        twin.evidence.person, moment, question, False, dose, rescue, chosen, choices[0], known, tuple(messages)
    )


def advise_activity(
    twin: GlucoseTwin,
    evidence: Evidence,
    *,
    at: int | None = None,
    minutes: float,
    starts_in: float = 0.0,
    share: float = 0.5,
    wander: Wander | None = None,
    seed: int = 0,
) -> Advice:
    """What to eat, and how far to lower a pump's basal rate, before activity of `share` (0 to 1) of the hardest.

    Raises `InputError` for activity that cannot be.
    """
    if not (0 < minutes <= 600 and 0 <= starts_in <= 180 and 0 < share <= 1):
        got = f"{minutes} min in {starts_in} min at {share}"
        raise InputError("this cannot be planned", got=got, allowed="up to 600 min, within 180 min, share 0 to 1")
    question = f"{minutes:g} min of activity in {starts_in:g} min"
    edge = _edge(evidence, at)
    refusals = [*doubts(twin, evidence, edge), *(past(evidence, edge) if at is None else ())]
    now = float(evidence.glucose[newest(evidence.glucose)[edge]])
    if now > 270.0:
        # consensus statement: Riddell MC et al., Lancet Diabetes Endocrinol 2017;5:377
        text = f"glucose is {now:.0f} mg/dL: above 270 mg/dL activity may raise it further"
        refusals.append(Message("refusal", "too-high", text, "Measure ketones; correct first."))
    if any(m.severity == "refusal" for m in refusals):
        return _refused(twin, evidence, edge, question, refusals)
    tracked = track(twin, evidence, edge - 1, edge, wander=wander, seed=seed)
    pump = float(evidence.basal[edge - 1]) > 0
    plans = [
        Plan(
            carbohydrates=g,
            speed=1.0,
            activity=share,
            activity_in=starts_in,
            activity_minutes=minutes,
            basal_share=b,
        )
        for b in ((1.0, 0.5, 0.2) if pump else (1.0,))
        for g in (0.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0)
    ]
    choices = _choices(tracked, edge, plans, seed)
    best = _best(choices)
    chosen = choices[best]
    messages = [*refusals]
    if chosen.plan.basal_share < 1.0:
        text = f"lower the basal rate to {100 * chosen.plan.basal_share:.0f} % from now until the activity ends"
        messages.append(Message("note", "basal", text))
    if now < 90.0:
        messages.append(Message("note", "low-start", f"glucose is {now:.0f} mg/dL: eat before, and measure again"))
    moment = f"{evidence.moment(edge):%Y-%m-%d %H:%M}"
    grams = chosen.plan.carbohydrates
    return Advice(twin.evidence.person, moment, question, False, 0.0, grams, chosen, choices[0], None, tuple(messages))


def _choices(tracked: Tracked, edge: int, plans: Sequence[Plan], seed: int) -> list[Choice]:
    found = outcomes(tracked, edge, plans, steps=_STEPS, seed=seed)
    return [_choice(plan, one) for plan, one in zip(plans, found, strict=True)]


def _choice(plan: Plan, glucose: Float[np.ndarray, "h s"]) -> Choice:
    levels = jnp.asarray(glucose)
    risk = (_LOW_WEIGHT * low_risk(levels) + high_risk(levels)).mean()
    q = np.quantile(glucose, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    hours = tuple(float(x) for x in STEP * (np.arange(len(glucose)) + 1) / 60.0)
    q05, q25, q50, q75, q95 = (tuple(map(float, row)) for row in q)
    band = Band(hours, q05, q25, q50, q75, q95, unit="mg/dL", output="glucose")
    # a dip of one reading's noise is not a low: two readings in a row
    low = np.maximum(glucose[1:], glucose[:-1]) < LOW
    inside = float(((glucose >= 70.0) & (glucose <= 180.0)).mean())
    return Choice(plan, float(risk), float(low.any(axis=0).mean()), inside, band)


def _best(choices: Sequence[Choice]) -> int:
    """Of least risk among those whose chance of a low is small, or not larger than the smallest there is."""
    least = min(c.below for c in choices)
    fair = [k for k, c in enumerate(choices) if c.below <= max(CHANCE, least + 0.01)]
    return min(fair, key=lambda k: choices[k].risk)


def _rescue(tracked: Tracked, edge: int, chosen: Choice, seed: int) -> float:
    """Fewest carbohydrates against a low that the chosen plan would leave likely, g."""
    if chosen.below <= CHANCE:
        return 0.0
    p = chosen.plan
    plans = [Plan(bolus=p.bolus, carbohydrates=p.carbohydrates + g, speed=p.speed) for g in _RESCUE]
    choices = _choices(tracked, edge, plans, seed)
    return next((g for g, c in zip(_RESCUE, choices, strict=True) if c.below <= 2 * CHANCE), _RESCUE[-1])


def _edge(evidence: Evidence, at: int | None) -> int:
    """The edge asked about; the newest reading's by default."""
    if at is None:
        return max(evidence.newest, 1)
    if not 1 <= at < len(evidence):
        raise InputError("no such moment", got=at, allowed=f"1 to {len(evidence) - 1}")
    return at


def _expected(chosen: Choice, rescue: float) -> list[Message]:
    if rescue <= 0:
        return []
    text = f"{100 * chosen.below:.0f} % chance of glucose below {LOW:g} mg/dL within {HOURS} h"
    return [Message("warning", "low-likely", text, f"Have {rescue:g} g of fast carbohydrates, and measure often.")]


def _refused(twin: GlucoseTwin, evidence: Evidence, edge: int, question: str, messages: Sequence[Message]) -> Advice:
    moment = f"{evidence.moment(edge):%Y-%m-%d %H:%M}"
    person = twin.evidence.person
    return Advice(person, moment, question, True, None, None, None, None, None, tuple(messages))


def _sentence(advice: Advice) -> str:
    chosen = advice.chosen
    assert chosen is not None
    low = f"{100 * chosen.below:.0f} % chance of a low within {HOURS} h"
    if chosen.plan.activity:
        return f"Eat {chosen.plan.carbohydrates:g} g before the activity ({low})."
    return f"Bolus {chosen.plan.bolus:g} U ({low}, {100 * chosen.inside:.0f} % of the time in range)."


def _line(when: str, band: Band, minutes: int) -> str:
    k = minutes // STEP - 1
    return f"  {when}: {band.q50[k]:.0f} ({band.q05[k]:.0f}–{band.q95[k]:.0f}) mg/dL"
