"""What stands between a twin's proposal and a person: doubts that refuse an answer, and the pump's own safety layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from vitruvian.control import Delivery, Safe, Seen, Therapy, check, words
from vitruvian.core import DataError, now_ms, to_ms
from vitruvian.twin.answer import Message
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.features import newest
from vitruvian.twin.glucose.filter import Tracked
from vitruvian.twin.glucose.identify import GlucoseTwin
from vitruvian.twin.glucose.plan import Plan, outcomes

STALE = 15
"""Minutes after which a reading is too old to dose on."""
OLD = 7
"""Days after which a twin must be learned again."""
_UNEXPLAINED = 28.0  # mg/dL: a twin that explains no more is of no use
_LOOK_BACK = 24  # steps of readings that the safety layer sees before it decides


@dataclass(frozen=True)
class Settings:
    """Treatment settings of a person; `step` is the smallest dose that their pen or pump gives, U."""

    basal: float
    """U/h; of long-acting insulin, the day's dose over 24 h."""
    carbohydrate_ratio: float
    """g/U."""
    correction: float
    """mg/dL that one unit lowers glucose."""
    target: float
    """mg/dL."""
    total_daily: float
    """U/d."""
    weight: float
    """kg."""
    step: float = 0.5

    @property
    def largest_bolus(self) -> float:
        """Largest dose that is tried, U: the safety layer's bound."""
        return min(Safe.largest_bolus * self.total_daily, 30.0)

    def largest_tried(self, meal: float, glucose: float) -> float:
        """A quarter more than the usual formula gives, and one step: no proposal is far from what is usual."""
        formula = meal / self.carbohydrate_ratio + max(glucose - self.target, 0.0) / self.correction
        return min(1.25 * formula + self.step, self.largest_bolus)

    def therapy(self) -> Therapy:
        """The same for the safety layer."""
        values = {name: jnp.asarray([float(getattr(self, name))]) for name in Therapy._fields}
        return Therapy(**values)


def settings_from(tracked: Tracked, edge: int, given: Settings | None) -> Settings:
    """The person's settings, else what the twin tells of them; raises `DataError` for ones outside absolute bounds."""
    found = _told(tracked, edge) if given is None else given
    check(found.therapy())
    return found


def _told(tracked: Tracked, edge: int) -> Settings:
    """Correction: the largest mean fall by one unit within four hours; ratio: the grams that rise as much."""
    usual = tracked.known.usual
    plans = [Plan(), Plan(bolus=1.0), Plan(carbohydrates=10.0)]
    rest, unit, meal = (one.mean(axis=-1) for one in outcomes(tracked, edge, plans))
    falls, rises = float(np.max(rest - unit)), float(np.max(meal - rest)) / 10.0
    daily = max(usual.daily, 5.0)
    correction = float(np.clip(falls, max(900.0 / daily, 5.0), min(3600.0 / daily, 500.0)))
    habit = _habit(tracked, daily)
    ratio = float(np.clip(correction / max(rises, 0.5), max(0.85 * habit, 2.0), min(1.5 * habit, 150.0)))
    basal = float(np.clip(usual.rate * usual.weight * 0.06, 0.1 * daily / 24.0, 0.9 * daily / 24.0))
    return Settings(basal, ratio, correction, 110.0, daily, usual.weight)


def _habit(tracked: Tracked, daily: float) -> float:
    """Carbohydrates that the person covers with a unit, g/U; by the rule of 500 where no boluses tell."""
    twin = tracked.twin
    days = slice(twin.first, twin.last)
    grams, units = float(twin.evidence.carbohydrates[days].sum()), float(twin.evidence.bolus[days].sum())
    return float(np.clip(grams / units if units > 0 and grams > 0 else 500.0 / daily, 200.0 / daily, 1500.0 / daily))


def past(evidence: Evidence, edge: int, now: int | None = None) -> list[Message]:
    """What to say where the moment is not now (`now` in ms, default: the clock): the answer is for that moment."""
    if not evidence.dated:
        return []
    at = evidence.moment(edge)
    minutes = ((now_ms() if now is None else now) - to_ms(at)) / 60_000
    if minutes <= STALE:
        return []
    size, unit = (1440, "days") if minutes >= 2880 else (60, "h") if minutes >= 120 else (1, "min")
    age = f"{minutes / size:.0f} {unit}"
    text = f"the newest reading is {age} old: this is for {at:%Y-%m-%d %H:%M}, not for now"
    return [Message("warning", "past-moment", text, "Take in the newest readings and ask again.")]


def doubts(twin: GlucoseTwin, evidence: Evidence, edge: int) -> list[Message]:
    """Reasons not to answer ("refusal") or to be careful, from the data at the edge and the twin's fit."""
    said: list[Message] = []
    at = int(newest(evidence.glucose)[edge])
    age = STEP * (edge - at) if at >= 0 else np.inf
    if age > STALE:
        text = f"the newest reading is {age:.0f} min old" if at >= 0 else "there is no reading"
        said.append(Message("refusal", "stale", text, "Measure glucose and ask again."))
    since = STEP * (edge - twin.last) / 1440.0
    if since > OLD:
        text = f"the twin is {since:.0f} days old"
        said.append(Message("refusal", "old-twin", text, "Fit it again with the last days."))
    if edge < twin.last - 1:
        said.append(Message("note", "in-sample", "the moment lies in the days that the twin was learned from"))
    if twin.sd >= _UNEXPLAINED:
        text = f"the twin leaves {twin.sd:.0f} mg/dL of these days unexplained"
        said.append(Message("refusal", "unexplained", text, "Check that meals and insulin are complete."))
    if not np.isfinite(twin.z).all():
        said.append(Message("refusal", "not-finite", "the twin holds what is no number", "Fit it again."))
    recent = slice(max(edge - 288, 0), edge)
    if not (evidence.bolus[recent].any() or evidence.basal[recent].any() or evidence.long_acting[recent].any()):
        text = "no insulin is recorded in the last 24 hours"
        said.append(Message("refusal", "no-insulin", text, "Enter the insulin given: what is on board is unknown."))
    sensitivity = next(one for one in twin.unknowns if one.name == "SI")
    if not sensitivity.learned:
        text = "insulin sensitivity is not identified by the data: the dose rests on the daily dose alone"
        said.append(Message("warning", "not-identified", text, "Use more days."))
    return said


@dataclass(frozen=True)
class _Asks:
    """The policy that asks for one dose at the moment asked about, and gives nothing before."""

    dose: float
    minute: float
    every: int = STEP
    traceable: bool = False

    def initial(self, known: Therapy) -> Therapy:
        """Nothing is remembered but the basal rate."""
        return known

    def decide(self, state: Therapy, observed: Seen) -> tuple[Delivery, Therapy]:
        """The dose when it is time."""
        none = jnp.zeros_like(state.basal)
        now = self.dose if float(observed.minute) >= self.minute else 0.0
        return Delivery(state.basal, none + now, none, none), state


def bounded(known: Settings, evidence: Evidence, edge: int, dose: float, meal: float) -> tuple[float, list[Message]]:
    """The dose that the safety layer lets pass (a multiple of the step, rounded down), and why it is less."""
    if not np.isfinite(dose):
        raise DataError("a dose must be a number", got=dose)
    first = max(edge - _LOOK_BACK * 3, 1)
    layer = Safe(_Asks(dose, float(edge * STEP)))
    state = layer.initial(known.therapy())
    given: Any = None
    for k in range(first, edge + 1):
        given, state = layer.decide(state, _seen(evidence, k, meal if k == edge else 0.0, known))
    allowed = float(given.bolus[0])
    reasons = words(int(given.reason[0])) if allowed < dose - 1e-6 else ()
    said = [Message("warning", "safety", f"bolus lowered from {dose:g} U: {text}") for text in reasons]
    return float(np.floor(allowed / known.step + 1e-6) * known.step), said


def _seen(evidence: Evidence, edge: int, meal: float, known: Settings) -> Seen:
    at = int(newest(evidence.glucose[: edge + 1])[edge])
    one = np.ones(1)
    reading = evidence.glucose[at] if at >= 0 else np.nan
    basal = evidence.basal[edge - 1] if evidence.basal.any() else known.basal * STEP / 60.0
    return Seen(
        jnp.asarray(float(edge * STEP)),
        jnp.asarray(float(evidence.minute_of_day[edge])),
        jnp.asarray(reading * one),
        jnp.asarray(float(STEP * (edge - at)) * one),
        jnp.asarray(meal * one),
        jnp.asarray(0.0 * one),
        jnp.asarray(basal * one),
        jnp.asarray(evidence.bolus[edge - 1] * one),
    )
