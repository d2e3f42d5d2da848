"""An answer on dosing in the shape of all answers: pictures, tables, reasons."""

from __future__ import annotations

from dataclasses import replace

from vitruvian.twin.answer import Answer, Band, Option
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.doors.door import Line, Picture, Table, Told
from vitruvian.twin.goals import Goal
from vitruvian.twin.text import shown
from vitruvian.twin.words import (
    age_text,
    covariate_name,
    harms_text,
    interval_text,
    metric_name,
    number_text,
    output_name,
    parameter_name,
    percent_text,
    range_text,
    target_text,
    unit_text,
)

_ROWS = 12
_ON_AXIS = ("trough", "peak", "average", "inr")


def recommended(answer: Answer, goal: Goal, question: str = "recommend") -> Told:
    """The recommendation, or its refusal."""
    lines = [_option_line(answer, k, o) for k, o in _drawn(answer)]
    return _told(answer, question, answer.sentence, _pictures(answer, lines, goal), _options(answer, ()))


def compared(answer: Answer, own: Option, goal: Goal) -> Told:
    """A regimen of somebody's own beside the recommended and the standard one."""
    return _own(answer, own, goal, "compare", f"{_own_sentence(answer, own, goal)}{_instead(answer)}")


def alone(answer: Answer, own: Option, goal: Goal) -> Told:
    """A regimen of somebody's own, with nothing beside it; `answer` ranks none."""
    sentence = _own_sentence(answer, own, goal)
    return _own(replace(answer, sentence=sentence), own, goal, "regimen", sentence)


def _own(answer: Answer, own: Option, goal: Goal, question: str, sentence: str) -> Told:
    lines = [_line(f"yours: {own.regimen}", own.band, "own"), *(_option_line(answer, k, o) for k, o in _drawn(answer))]
    told = _told(answer, question, sentence, _pictures(answer, lines, goal, own.band), _options(answer, (own,)))
    data = dict(told.data) | {"own": replace(answer, options=(own,)).to_dict()["options"][0]}
    return replace(told, data=data)


def not_allowed(answer: Answer, own: Candidate, goal: Goal, question: str) -> Told:
    """A regimen of which nothing is computed, because the guard stops it: why, and what is recommended instead."""
    why = tuple(one.text for one in answer.messages if one.severity == "refusal")
    sentence = f"Not allowed: {answer.drug} {own}. {' '.join(why)} No chance of target or harm is given for it."
    told = recommended(answer, goal, question)
    shape = {"regimen": str(own), "dose": own.amount, "dose_unit": own.unit, "interval_h": own.interval,
             "route": own.route, "why": list(why)}  # fmt: skip
    data = dict(told.data) | {"not_allowed": shape}
    return replace(told, sentence=f"{sentence}{_instead(answer)}", refused=True, data=data)


def forecast(answer: Answer, own: Candidate, band: Band, goal: Goal) -> Told:
    """The course under one regimen."""
    picture = _pictures(answer, [_line(str(own), band, "own")], goal, band)
    end = (
        f"{number_text(band.q50[-1])} ({number_text(band.q05[-1])}–{number_text(band.q95[-1])}) {unit_text(band.unit)}"
    )
    sentence = (
        f"Under {answer.drug} {own}, the {output_name(band.output)} in {band.time_h[-1]:.0f} h is {end.strip()}; "
        f"the median runs from {number_text(min(band.q50))} to {number_text(max(band.q50))}."
    )
    told = _told(answer, "forecast", sentence, picture, ())
    return replace(told, refused=False, data=dict(told.data) | {"regimen": str(own), "band": _plain(band)})


def _told(
    answer: Answer, question: str, sentence: str, pictures: tuple[Picture, ...], tables: tuple[Table, ...]
) -> Told:
    next_level = (answer.next_level.text,) if answer.next_level else ()
    spread = (answer.spread,) if answer.spread else ()
    exact = (answer.exact_dose_text,) if answer.exact_dose_text else ()
    return Told(
        "dose", question, sentence, answer.refused, answer.messages, pictures,
        (*tables, *_details(answer)), (*next_level, *spread, *exact, *answer.reasons), answer.citations,
        answer.to_dict(),
    )  # fmt: skip


def _drawn(answer: Answer) -> list[tuple[int, Option]]:
    """The recommended and the standard option, each once, where they have a curve."""
    order = dict.fromkeys(k for k in (answer.recommended, answer.standard) if k is not None)
    return [(k, answer.options[k]) for k in order if answer.options[k].band is not None]


def _option_line(answer: Answer, k: int, option: Option) -> Line:
    names = [name for name, at in (("recommended", answer.recommended), ("standard", answer.standard)) if at == k]
    return _line(f"{' and '.join(names)}: {option.regimen}", option.band, names[0])


def _line(title: str, band: Band | None, role: str) -> Line:
    assert band is not None
    return Line(title, band.q50, ((band.q05, band.q95), (band.q25, band.q75)), x=band.time_h, role=role)


def _pictures(answer: Answer, lines: list[Line], goal: Goal, own: Band | None = None) -> tuple[Picture, ...]:
    """The course: what was, what will be, levels as marks, the target as a zone."""
    bands = [b for b in (own, answer.past, *(o.band for o in answer.options)) if b is not None]
    levels = [one for one in answer.levels if one.output == goal.target.output]
    if not lines or lines[0].x is None:
        return ()
    unit = bands[0].unit if bands else levels[0].unit if levels else ""
    before = [] if answer.past is None else [_line("so far, fitted to this person", answer.past, "past")]
    marks = [
        Line(name, tuple(v.value for v in some), x=tuple(v.time_h for v in some), marks=True)
        for name, some in (
            ("measured", [v for v in levels if not v.remark]),
            ("measured, does not fit", [v for v in levels if v.remark]),
        )
        if some
    ]
    name = output_name(goal.target.output)
    title = f"{name if name == 'INR' else f'{answer.drug}, {name}'}; now is {answer.asked_at}"
    zone = _zone(answer, unit)
    return (
        Picture(
            "course", title, "time from now", "h", name, unit_text(unit), lines[0].x, (*lines, *before, *marks),
            zone, zone_title=_zone_title(answer, zone, unit), x_zero=answer.as_of,
        ),
    )  # fmt: skip


def _zone(answer: Answer, unit: str) -> tuple[float | None, float | None] | None:
    """The target on the axis of the curve: itself, or as the average over a day where it is an AUC24."""
    goal = answer.goal
    if goal is None or goal.low is None:
        return None
    if goal.metric in _ON_AXIS:
        return goal.low, goal.high
    if goal.metric == "auc24" and goal.unit.replace(".h", "") == unit:
        return goal.low / 24.0, None if goal.high is None else goal.high / 24.0
    return None


def _zone_title(answer: Answer, zone: tuple[float | None, float | None] | None, unit: str) -> str:
    """ "target AUC24 400–600 mg·h/L: 16.7–25 mg/L on average"."""
    goal = answer.goal
    if goal is None or zone is None:
        return ""
    text = f"target {goal.title or metric_name(goal.metric)} {range_text(goal.low, goal.high, goal.unit)}"
    if goal.metric in _ON_AXIS:
        return text
    low, high = (None if end is None else float(number_text(end)) for end in zone)
    return f"{text}: {range_text(low, high, unit)} on average"


def _own_sentence(answer: Answer, own: Option, goal: Goal) -> str:
    name = f"{answer.drug} {own.regimen}"
    text = f"{name}: " if own.allowed else f"Not allowed: {name} ({own.why}). It has "
    text += f"{percent_text(own.p_target)} chance of {target_text(goal.target)}"
    if own.p_harm:
        name, p = max(harms_text(answer.goal, own), key=lambda item: item[1])
        text += f" and {percent_text(p)} chance of harm ({name})"
    if own.why and own.allowed:
        text += f", {own.why.rpartition(', ')[2]}"
    return f"{text}."


def _instead(answer: Answer) -> str:
    """What is recommended, to be read after a regimen of somebody's own."""
    best = answer.best
    if best is None:
        return " No regimen is recommended."
    return f" Recommended, {best.regimen}: {percent_text(best.p_target)}" + (
        f" and {percent_text(max(best.p_harm.values()))}." if best.p_harm else "."
    )


def _options(answer: Answer, own: tuple[Option, ...]) -> tuple[Table, ...]:
    rows = [*((None, one) for one in own), *shown(answer, _ROWS)]
    if not rows:
        return ()
    goal = answer.goal
    metric = "median" if goal is None else f"{goal.title or goal.metric}, {unit_text(goal.unit)}".rstrip(", ")
    several = len(answer.models) > 1
    columns = ("Regimen", "Chance of target", "Chance of harm", f"{metric}: median (90 %)",
               *(("Chance of target by model",) if several else ()), "Remark")  # fmt: skip
    return (Table("options", "Regimens", columns, tuple(_row(answer, k, one, several) for k, one in rows)),)


def _row(answer: Answer, k: int | None, one: Option, several: bool) -> tuple[str, ...]:
    marks = ["yours"] if k is None else []
    marks += [
        name
        for name, at in (("recommended", answer.recommended), ("standard", answer.standard))
        if k is not None and at == k
    ]
    marks += [one.why if one.allowed else f"not allowed: {one.why}"] if one.why else []
    chances = [p for p, _ in one.per_model.values()]
    spread = (f"{percent_text(min(chances))} to {percent_text(max(chances))}" if chances else "",) if several else ()
    harm = percent_text(max(one.p_harm.values())) if one.p_harm else "–"
    return (
        one.regimen,
        percent_text(one.p_target),
        harm,
        interval_text(one.metric, unit=False),
        *spread,
        ", ".join(marks),
    )


def _details(answer: Answer) -> tuple[Table, ...]:
    """Levels, what they taught, the models, and the data used; those that have rows."""
    levels = tuple(
        (
            v.when,
            f"{v.value:g} {unit_text(v.unit)}".strip(),
            interval_text(v.predicted),
            f"{v.p_value:.2f}",
            v.remark or "fits",
        )
        for v in answer.levels
    )
    learned = tuple(
        (
            parameter_name(one.parameter),
            interval_text(one.prior),
            interval_text(one.posterior),
            percent_text(one.learned),
        )
        for one in answer.learned
    )
    best = answer.best
    chances = {} if best is None else {name: percent_text(p) for name, (p, _) in best.per_model.items()}
    models = tuple(
        (m.title, percent_text(m.weight), chances.get(m.name, ""), m.status, "" if m.converged else "did not converge")
        for m in answer.models
    )
    used = tuple(
        (covariate_name(one.name), one.value, one.when, age_text(one.age_h), one.origin) for one in answer.data_used
    )
    given = tuple((one.when, f"{one.amount:g} {one.unit}") for one in answer.given[-_ROWS:])
    tables = (
        Table("levels", "Levels of this person", ("When", "Measured", "Expected (90 %)", "p", "Remark"), levels),
        Table(
            "learned",
            "What this person's levels taught, median (90 %)",
            ("Quantity", "Before", "After", "Learned"),
            learned,
        ),
        Table("models", "Models", ("Model", "Weight", "Chance of target, recommended", "Source", "Remark"), models),
        Table("given", "Last doses given", ("When", "Dose"), given),
        Table("data", "Data used", ("What", "Value", "When", "Age", "From"), used),
    )
    return tuple(one for one in tables if one.rows)


def _plain(band: Band) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(band).items()}
