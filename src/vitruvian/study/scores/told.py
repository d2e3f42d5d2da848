"""A score as an answer of a twin: a sentence, doubts, a picture of what moved it, and words for the patient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vitruvian.learn import Contributions, Scores
from vitruvian.learn.trust import Bar, Counterfactual, Explained, explained, percent
from vitruvian.study.scores.models import Installed
from vitruvian.study.scores.person import Seen
from vitruvian.twin import Message
from vitruvian.twin.doors import Line, Picture, Table, Told

EVENT = 1
_SHOWN = 12


def score_told(one: Installed, person: Seen, question: str, change: Counterfactual | None = None) -> Told:
    """The answer to "risk" and, with a change, to "lower"."""
    scores, moved = one.model.predict(person.row), one.model.explain(person.row)
    found = explained(person.row, scores, moved, event=EVENT, most=_SHOWN, change=change)
    tables = [_moved_table(found.bars)]
    if change is not None and change.steps:
        tables.insert(0, _change_table(change))
    return Told(
        "risk", question, found.clinician, messages=_messages(scores, person), pictures=(_picture(moved, found.bars),),
        tables=tuple(tables), reasons=(f"For the patient: {found.patient}", *_reasons(one, person)),
        citations=tuple(str(source) for source in one.model.sources), data=_data(one, person, scores, found, change),
    )  # fmt: skip


def silent_told(one: Installed, person: Seen, question: str) -> Told:
    """That the record says too little of this person for the model."""
    known, all_of = int(person.said.sum()), len(person.said)
    text = f"No score of {one.model.title}: the record says {known} of its {all_of} values."
    return Told("risk", question, text, refused=True, reasons=_reasons(one, person))


def _messages(scores: Scores, person: Seen) -> tuple[Message, ...]:
    found = []
    if scores.abstained[0]:
        found.append(Message("warning", "abstains", f"The model does not decide. {scores.why[0]}",
                             "Decide without this score, or measure what is missing."))  # fmt: skip
    if person.notes:
        told = "; ".join(f"{reason}: {count}" for reason, count in person.notes.items())
        found.append(Message("note", "left_out", f"Facts that the score does not rest on: {told}."))
    return tuple(found)


def _picture(moved: Contributions, bars: tuple[Bar, ...]) -> Picture:
    """The risk as one value after the other is counted, greatest first, from people in general to this one."""
    margins = float(moved.base[0]) + np.cumsum([0.0, *(one.moved for one in bars)])
    risk = tuple((100.0 / (1.0 + np.exp(-margins))).tolist())
    x = tuple(float(k) for k in range(len(risk)))
    title = "The risk as each value is counted: from people in general (0) to this person"
    lines = (Line("risk", risk, role="own"), Line("after each value", risk, marks=True))
    return Picture("moved", title, "values counted, as in the table", "1", "risk", "%", x, lines)


def _moved_table(bars: tuple[Bar, ...]) -> Table:
    rows = tuple((k + 1.0, one.feature.title, one.value, round(one.moved, 3)) for k, one in enumerate(bars))
    return Table("moved", "What moved the score, greatest first", ("", "What", "Value", "Log-odds"), rows)


def _change_table(change: Counterfactual) -> Table:
    rows = tuple((s.feature.title, _number(s.now), _number(s.then), s.feature.unit) for s in change.steps)
    title = (
        f"From {percent(change.now)} to {percent(change.then)}: the fewest and smallest changes, as the model sees it"
    )
    return Table("changes", title, ("What", "Now", "Then", "Unit"), rows)


def _number(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _reasons(one: Installed, person: Seen) -> tuple[str, ...]:
    model, known = one.model, int(person.said.sum())
    about = model.manifest.settings.get("about")
    return (
        f"{model.title}, version {model.version}, learned from {model.manifest.rows:,} rows; features by the recipe "
        f"{one.recipe.name}.",
        f"The record says {known} of {len(person.said)} values; the others are missing, and the model counts them so.",
        *([str(about)] if about else []),
        "A learned score says how often people alike had the event, not what a treatment would change.",
    )


def _data(
    one: Installed, person: Seen, scores: Scores, found: Explained, change: Counterfactual | None
) -> dict[str, Any]:
    target = scores.target
    told: dict[str, Any] = {
        "model": one.model.name, "version": one.model.version, "fingerprint": one.fingerprint, "newest": person.newest,
        "horizon": target.horizon, "level": scores.level, "abstained": bool(scores.abstained[0]), "why": scores.why[0],
        "probability": dict(zip(target.events, map(float, scores.probability[0]), strict=True)),
        "set": [name for name, there in zip(target.events, scores.sets[0], strict=True) if there],
        "clinician": found.clinician, "patient": found.patient, "known": person.share,
        "moved": [{"feature": b.feature.name, "title": b.feature.title, "value": b.value, "log_odds": b.moved}
                  for b in found.bars],
    }  # fmt: skip
    if change is not None:
        steps = [
            {"feature": s.feature.name, "now": s.now, "then": s.then, "unit": s.feature.unit} for s in change.steps
        ]
        told["change"] = {"target": change.target, "then": change.then, "steps": steps, "why": change.why}
    return told
