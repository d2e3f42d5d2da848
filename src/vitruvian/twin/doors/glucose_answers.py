"""What the metabolic twin tells: the next hours, a bolus, before activity, a day done otherwise, the usual day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from vitruvian.physiology.glucose import TARGETS
from vitruvian.twin.answer import Message
from vitruvian.twin.doors.door import Line, Picture, Table, Told
from vitruvian.twin.doors.glucose_events import STEP, Event
from vitruvian.twin.doors.glucose_shown import (
    HIGH,
    LEVELS,
    LOW,
    Unit,
    band_line,
    cell,
    clock_offset,
    course,
    given,
    member_line,
    quantile_line,
    seconds,
)
from vitruvian.twin.glucose import Advice, Evidence, Profile, Replay
from vitruvian.twin.words import percent_text

_VERY_LOW, _VERY_HIGH = 54.0, 250.0
_LIKELY = 0.05
_CITED = (
    "Battelino T, et al. Clinical targets for continuous glucose monitoring data interpretation. "
    "Diabetes Care 2019;42:1593"
)


def ahead(
    evidence: Evidence,
    rest: Float[np.ndarray, "h s"],
    planned: Float[np.ndarray, "h s"] | None,
    asked: Mapping[str, float],
    unit: Unit,
    said: Sequence[Message],
) -> Told:
    """The next hours, if nothing new begins and under a plan."""
    shown = rest if planned is None else planned
    low, plan = _chance_below(shown), _planned(asked)
    now, at = float(evidence.glucose[evidence.newest]), evidence.moment(evidence.newest)
    bottom, middle, top = (unit.plain(x) for x in np.quantile(shown[60 // STEP - 1], (0.05, 0.5, 0.95)))
    sentence = (
        f"{unit.text(now)} at {at:%H:%M}; in an hour {middle} ({bottom}–{top}){f' with {plan} now' if plan else ''}. "
        f"Chance of a low within four hours: {percent_text(low)}."
    )
    ways = [("if nothing new begins", rest)] if planned is None else [(f"with {plan} now", planned), ("without", rest)]
    rows = tuple(
        (f"in {minutes} min", *(cell(one, minutes, unit) for _, one in ways)) for minutes in (30, 60, 120, 180, 240)
    )
    columns = ("When", *(f"{name[0].upper()}{name[1:]}, {unit.name} (90 %)" for name, _ in ways))
    data = {
        "now": now, "unit": "mg/dL", "p_low": low, "newest": at.isoformat(),
        "minutes": [STEP * (k + 1) for k in range(len(shown))],
        "levels": list(LEVELS), "quantiles": np.quantile(shown, LEVELS, axis=1).T.tolist(),
    }  # fmt: skip
    return Told(
        "glucose", "forecast", sentence, messages=(*_warned(low, unit), *said),
        pictures=(course(evidence, [member_line(name, one, unit) for name, one in ways], unit),),
        tables=(Table("ahead", "What is to come", columns, rows), *given(evidence)),
        reasons=("Bands hold half and nine tenths of what may come, given the readings so far.",), data=data,
    )  # fmt: skip


def advice(found: Advice, evidence: Evidence, unit: Unit, said: Sequence[Message]) -> Told:
    """A bolus or carbohydrates, or why there is no advice."""
    question = "activity" if "activity" in found.question else "bolus"
    messages, data = (*found.messages, *said), found.to_dict()
    if found.refused or found.chosen is None or found.without is None:
        text = f"No advice is given on a {found.question}: the reasons stand below."
        return Told("glucose", question, text, True, messages, tables=given(evidence), data=data)
    chosen, without = found.chosen, found.without
    is_bolus = question == "bolus"
    amount = f"{chosen.plan.bolus:g} U" if is_bolus else f"{chosen.plan.carbohydrates:g} g"
    what = f"Bolus {amount}" if is_bolus else f"Eat {amount} before the activity"
    rows = tuple(
        (name, how_much, percent_text(one.below), percent_text(one.inside))
        for name, how_much, one in (("Proposed", amount, chosen), ("Nothing done", "0", without))
    )
    columns = ("What", "Amount", "Chance of a low", "Time in range")
    lines = [band_line(f"with {amount}", chosen.band, unit), band_line("without", without.band, unit)]
    return Told(
        "glucose",
        question,
        f"{what}: {percent_text(chosen.below)} chance of a low within four hours, {percent_text(chosen.inside)} of the "
        f"time in range. Without: {percent_text(without.below)} and {percent_text(without.inside)}.",
        messages=messages,
        pictures=(course(evidence, lines, unit),),
        tables=(
            Table("options", found.question.capitalize(), columns, rows),
            *_settings(found, unit),
            *given(evidence),
        ),
        reasons=(
            "Of all amounts tried, that of least expected risk among those with a small chance of a low.",
            *(("It then passed the safety layer that guards a pump.",) if is_bolus else ()),
        ),
        data=data,
    )


def done_otherwise(
    found: Replay, event: Event, later: float, amount: float | None, unit: Unit, said: Sequence[Message]
) -> Told:
    """A day as it was, and as it would have been."""
    amount = event.amount if amount is None else amount
    moved = f" {abs(later):g} min {'later' if later > 0 else 'earlier'}" if later else ""
    was_in = float(((found.was >= LOW) & (found.was <= HIGH)).mean())
    highest, was_highest = float(found.median.max()), float(found.was.max())
    lowest, was_lowest = float(found.median.min()), float(found.was.min())
    evidence = found.twin.evidence
    x = seconds(evidence, np.arange(found.first + 1, found.last + 1))
    otherwise = quantile_line("would have been", found.quantiles.T, unit)
    was = Line("was", unit.all(found.was))
    title = f"{event.title} → {amount:g} {event.unit}{moved}"
    picture = Picture(
        "day", title, "time", "", "glucose", unit.name, x, (otherwise, was), unit.zone,
        x_is_time=True, x_offset=clock_offset(evidence),
    )  # fmt: skip
    rows = (
        ("Time in range", percent_text(was_in), percent_text(found.inside())),
        ("Highest (median)", unit.text(was_highest), unit.text(highest)),
        ("Lowest (median)", unit.text(was_lowest), unit.text(lowest)),
        ("Chance of a low", "", percent_text(found.below())),
    )
    data = {
        "event": event.name, "later": later, "amount": amount, "p_low": found.below(), "inside": found.inside(),
        "seconds": list(x), "was": found.was.tolist(), "quantiles": found.quantiles.tolist(),
    }  # fmt: skip
    return Told(
        "glucose",
        "what_if",
        f"With {amount:g} {event.unit}{moved or ' at that time'} instead: {percent_text(found.inside())} of the day in "
        f"range (was {percent_text(was_in)}), highest {unit.text(highest)} (was {unit.text(was_highest)}), chance of a "
        f"low {percent_text(found.below())}.",
        messages=tuple(said),
        pictures=(picture,),
        tables=(Table("change", "The day", ("What", "As it was", "As it would have been"), rows), *given(evidence)),
        reasons=(
            "What the model left unexplained on the day stays part of the day.",
            "The change is the model's word, right to within about 40 % of itself; the band holds that doubt.",
        ),
        data=data,
    )


def usual_day(found: Profile, unit: Unit) -> Told:
    """The ambulatory glucose profile."""
    m = found.metrics
    goals = {name: f"{'above' if sign == '>' else 'below'} {value:g} %" for name, (sign, value) in TARGETS.items()}
    rows = tuple(
        (title, f"{float(getattr(m, name)):.1f} %", goals.get(name, ""))
        for title, name in (
            (f"Above {unit.text(_VERY_HIGH)}", "above_250"),
            (f"Above {unit.text(HIGH)} in all", "above_180"),
            (f"In range, {unit.plain(LOW)}–{unit.text(HIGH)}", "in_range"),
            (f"Below {unit.text(LOW)} in all", "below_70"),
            (f"Below {unit.text(_VERY_LOW)}", "below_54"),
            ("Variation (CV)", "cv"),
            ("HbA1c to expect (GMI)", "gmi"),
            ("Readings there are", "coverage"),
        )
    )
    messages = tuple(Message("note", "profile", text) for text in found.remarks)
    if len(found.days) < 14 or float(m.coverage) < 70:
        text = f"{len(found.days)} days with {float(m.coverage):.0f} % of readings speak little of the usual weeks."
        messages = (Message("warning", "thin", text, "Take in more days."), *messages)
    picture = Picture(
        "usual_day", "The usual day: half of the readings lie in the dark band, nine tenths in the light one",
        "local time of day", "h", "glucose", unit.name, tuple(k / 4.0 for k in range(96)),
        (quantile_line("median", found.quantiles, unit),), unit.zone,
    )  # fmt: skip
    return Told(
        "glucose",
        "usual_day",
        f"{float(m.in_range):.0f} % of readings in range (goal {goals['in_range']}), {float(m.below_70):.1f} % low "
        f"(goal {goals['below_70']}), mean {unit.text(float(m.mean))}, over {len(found.days)} days.",
        messages=messages,
        pictures=(picture,),
        tables=(Table("metrics", "Time in range", ("What", "Share", "Goal"), rows),),
        reasons=("Goals of most adults with type 1 diabetes; a person's own may differ.",),
        citations=(_CITED,),
        data={name: float(value) for name, value in m.named().items() if np.isfinite(value)},
    )


def _planned(asked: Mapping[str, float]) -> str:
    parts = [f"{asked['meal']:g} g eaten"] if asked["meal"] else []
    return " and ".join([*parts, *([f"{asked['bolus']:g} U injected"] if asked["bolus"] else [])])


def _chance_below(members: Float[np.ndarray, "h s"]) -> float:
    """Chance of two readings in a row below 70 mg/dL."""
    return float((np.maximum(members[1:], members[:-1]) < LOW).any(axis=0).mean())


def _warned(low: float, unit: Unit) -> tuple[Message, ...]:
    if low <= _LIKELY:
        return ()
    text = f"{percent_text(low)} chance of glucose below {unit.text(LOW)} within four hours."
    return (Message("warning", "low-likely", text, "Measure often, and have fast carbohydrates at hand."),)


def _settings(found: Advice, unit: Unit) -> tuple[Table, ...]:
    own = found.settings
    if own is None:
        return ()
    rows = (
        ("Carbohydrate ratio", f"{own.carbohydrate_ratio:.3g} g/U"),
        ("One unit lowers by", unit.text(own.correction)),
        ("Target", unit.text(own.target)),
        ("Basal rate", f"{own.basal:.2g} U/h"),
        ("Total a day", f"{own.total_daily:.3g} U"),
    )
    return (Table("settings", "Settings that the twin tells", ("Setting", "Value"), rows),)
