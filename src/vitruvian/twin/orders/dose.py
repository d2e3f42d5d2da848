"""Whether an ordered dose lies in the range of doses that suit this person, by the twin of the drug."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitruvian.core import InputError, SolveError
from vitruvian.pharmacology import find, library
from vitruvian.twin.answer import Answer, Option
from vitruvian.twin.answer_data import answer_from
from vitruvian.twin.doors.asking import ask
from vitruvian.twin.doors.door import Told
from vitruvian.twin.orders.note import Note, Weight, listed
from vitruvian.twin.orders.order import Order
from vitruvian.twin.words import percent_text

if TYPE_CHECKING:
    from vitruvian.record import Patient

_LESS, _MORE = 0.15, 0.10
"""By how much the chance of the target may be less, or that of harm more, than the recommended regimen's, for a dose to
lie in this person's range. Assumptions."""
_HARMFUL = 0.5
"""A chance of harm that makes a note critical. Assumption."""
_STOPPING = frozenset({"deceased", "duplicate-therapy", "label-avoid", "guideline-another-drug"})
"""Refusals that speak against the drug itself, whatever the dose; of allergies `allergy_notes` speak."""


def dose_notes(patient: Patient, order: Order) -> list[Note]:
    """Notes on the dose of one order: none where it lies in the person's range, or no model knows the drug."""
    if order.drug not in library():
        return []
    values: dict[str, Any] = {"drug": order.drug} | ({"route": order.route} if order.route else {})
    unit = find(order.drug).products[0].unit
    amount = order.amount_in(unit)
    if amount is not None and order.interval_h:
        values |= {"dose": amount, "interval": order.interval_h}
    try:
        told = ask(patient, "dose", "compare" if "dose" in values else "recommend", values)
    except (InputError, SolveError) as error:
        summary = f"{order.drug}: the dose could not be checked in this patient"
        return [Note("dose", "warning", order.drug, summary, str(error))]
    answer = answer_from(told.data)
    if "not_allowed" in told.data:
        detail = _detail(answer, None)
        return [
            Note("dose", "critical", order.drug, told.sentence.split(" No chance")[0], detail, _sources(answer), told)
        ]
    if answer.refused or answer.best is None:
        return _refused(order, answer)
    if "own" not in told.data:
        return _unsaid(order, answer, told, unit)
    return _judged(order, answer, answer.best, told)


def _refused(order: Order, answer: Answer) -> list[Note]:
    stops = [one for one in answer.messages if one.severity == "refusal" and one.code != "allergy"]
    against = [one for one in stops if one.code in _STOPPING]
    first = (against or stops)[:1]
    if not first:
        return []
    detail = listed(tuple(f"{one.text} {one.todo}".strip() for one in stops))
    weight: Weight = "critical" if against else "warning"
    return [Note("dose", weight, order.drug, f"{order.drug}: {first[0].text}", detail, first[0].source)]


def _unsaid(order: Order, answer: Answer, told: Told, unit: str) -> list[Note]:
    """An order whose dose is not said, or cannot be compared."""
    if order.amount is not None and order.amount_in(unit) is None:
        text = f"{order.drug}: the unit of the dose ({order.unit or 'none'}) cannot be compared with {unit}"
        return [Note("dose", "warning", order.drug, text, answer.sentence, _sources(answer), told)]
    best = answer.best
    assert best is not None
    summary = f"{order.drug}: {best.regimen} suits this patient best ({percent_text(best.p_target)} in target)"
    return [Note("dose", "info", order.drug, summary, _detail(answer, None), _sources(answer), told)]


def _judged(order: Order, answer: Answer, best: Option, told: Told) -> list[Note]:
    own = answer_from({**told.data, "options": [told.data["own"]], "recommended": None, "standard": None}).options[0]
    low, high = _range(answer, best)
    worse = own.p_target < best.p_target - _LESS or _harm(own) > _harm(best) + _MORE
    if own.allowed and not worse:
        return []
    where = "above" if own.daily_dose > high else "below" if own.daily_dose < low else "outside"
    name = f"{order.drug} {own.dose:g} {own.dose_unit} every {own.interval_h:g} h"
    chances = f"{percent_text(own.p_target)} in target, {percent_text(_harm(own))} harm" if own.allowed else own.why
    summary = (
        f"{name} is {where} this patient's range: {chances}; recommended {best.dose:g} every {best.interval_h:g} h"
    )
    critical = not own.allowed or _harm(own) >= _HARMFUL
    return [
        Note("dose", "critical" if critical else "warning", order.drug, summary, f"{told.sentence}\n\n"
             + _detail(answer, (low, high)), _sources(answer), told)
    ]  # fmt: skip


def _range(answer: Answer, best: Option) -> tuple[float, float]:
    """Daily doses of the regimens that do about as well as the recommended one."""
    near = [
        one.daily_dose
        for one in answer.options
        if one.allowed and one.p_target >= best.p_target - _LESS and _harm(one) <= _harm(best) + _MORE
    ]
    return min(near, default=best.daily_dose), max(near, default=best.daily_dose)


def _harm(option: Option) -> float:
    return max(option.p_harm.values(), default=0.0)


def _detail(answer: Answer, span: tuple[float, float] | None) -> str:
    best = answer.best
    lines = [answer.sentence]
    if span is not None and best is not None:
        lines.append(f"Doses that do about as well: {span[0]:g} to {span[1]:g} {best.dose_unit} a day.")
    lines += [one.text for one in answer.messages if one.severity != "refusal"]
    return listed(tuple(dict.fromkeys((*lines, *answer.reasons[:4]))))


def _sources(answer: Answer) -> str:
    return "; ".join(dict.fromkeys(one.source for one in answer.models))
