"""Tools that ask twins: which there are, how they stand, one question, several options, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from vitruvian.core import VitruvianError
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.shown import told_row
from vitruvian.serve.mcp.tool import Found, Optional, Takes, typed
from vitruvian.serve.mcp.tools.facts import Moment, PatientName
from vitruvian.serve.mcp.tools.questions import question_schema
from vitruvian.twin.doors import Told, ask, twin_door, twin_doors

_TWINS = ("read", "twins")
_MOST_OPTIONS = 8
Twin = Annotated[str, Field(description="Name of the twin: see list_twins.")]
Name = Annotated[str, Field(description="Name of the question: see twin_questions.")]
Value = float | str | bool | None
Values = Annotated[dict[str, Value], Field(description="Values of the question's fields, in the units it states.")]


class ListTwins(Takes):
    """Arguments of `list_twins`."""

    patient: Annotated[str | Optional, Field(description="With a patient: how each twin stands for them.")] = None
    at: Moment = None


class TwinQuestions(Takes):
    """Arguments of `twin_questions`."""

    patient: PatientName = None
    twin: Twin


class AskTwin(Takes):
    """Arguments of `ask_twin`."""

    patient: PatientName = None
    twin: Twin
    question: Name
    values: Values = Field(default_factory=dict)
    at: Annotated[str | Optional, Field(description="Moment asked about (ISO 8601); now if absent.")] = None
    whole: Annotated[bool, Field(description="With all curves and data, which may be long.")] = False


class Option(Takes):
    """One option of `compare_options`."""

    label: Annotated[str, Field(min_length=1, max_length=80)]
    values: Values = Field(default_factory=dict)


class CompareOptions(Takes):
    """Arguments of `compare_options`."""

    patient: PatientName = None
    twin: Twin
    question: Name
    options: Annotated[list[Option], Field(min_length=2, max_length=_MOST_OPTIONS)]
    at: Moment = None


class Explain(Takes):
    """Arguments of `explain`."""

    patient: PatientName = None
    twin: Twin
    question: Name
    values: Values = Field(default_factory=dict)
    at: Moment = None


def list_twins(session: AgentSession, asked: ListTwins) -> Found:
    """Installed twins; of a person also their state, what they lack and what to ask next."""
    rows: list[dict[str, Any]] = []
    patient = session.patient(asked.patient) if asked.patient or session.caller.only else None
    for name, door in twin_doors().items():
        row: dict[str, Any] = {"twin": name, "title": door.title, "about": door.about}
        if patient is not None:
            try:
                row["states"] = [asdict(one) for one in door.status(patient, asked.at)]
            except VitruvianError as error:
                row["states"], row["problem"] = [], str(error)
        rows.append(row)
    return Found(rows)


def twin_questions(session: AgentSession, asked: TwinQuestions) -> Found:
    """What may be asked of a person's twin, with a JSON schema of the values."""
    door = twin_door(asked.twin)
    return Found(
        [
            {"question": one.name, "title": one.title, "about": one.about, "values": question_schema(one)}
            for one in door.questions(session.patient(asked.patient))
        ]
    )


def ask_twin(session: AgentSession, asked: AskTwin) -> Found:
    """The answer to one question: a what-if, a dose, a forecast."""
    told = ask(session.patient(asked.patient), asked.twin, asked.question, asked.values, asked.at)
    return Found(told_row(told, whole=asked.whole))


def compare_options(session: AgentSession, asked: CompareOptions) -> Found:
    """One question with several sets of values, beside each other; an option that cannot be answered says why."""
    patient = session.patient(asked.patient)
    rows: list[dict[str, Any]] = []
    for one in asked.options:
        row: dict[str, Any] = {"label": one.label, "values": one.values}
        try:
            told = ask(patient, asked.twin, asked.question, one.values, asked.at)
        except VitruvianError as error:
            rows.append(row | {"error": str(error)})
            continue
        rows.append(row | _outcome(told))
    return Found(rows)


def explain(session: AgentSession, asked: Explain) -> Found:
    """Why the twin answers so: reasons, what the guard says with its sources, citations, models and data used."""
    told = ask(session.patient(asked.patient), asked.twin, asked.question, asked.values, asked.at)
    used = ("models", "data_used", "learned", "goal", "spread", "would_be_wrong_if", "monitoring", "version", "seed")
    return Found(
        {
            "sentence": told.sentence,
            "refused": told.refused,
            "reasons": told.reasons,
            "messages": [asdict(one) for one in told.messages],
            "citations": told.citations,
            "rests_on": {name: told.data[name] for name in used if name in told.data},
        }
    )


def _outcome(told: Told) -> dict[str, Any]:
    row = told_row(told)
    return {name: row[name] for name in ("sentence", "refused", "messages", "tables")}


_OBJECT = {"type": "object"}
_ROWS = {"type": "array", "items": {"type": "object"}}
ASKING = (
    typed(
        "list_twins", "Twins", "Installed twins; for a patient their state, what data they lack, what to ask next.",
        ListTwins, list_twins, _TWINS, _ROWS,
    ),
    typed(
        "twin_questions", "Questions of a twin",
        "What may be asked of a patient's twin: each question with the schema of its values, units and ranges.",
        TwinQuestions, twin_questions, _TWINS, _ROWS,
    ),
    typed(
        "ask_twin", "Ask a twin", "A what-if, a dose with its reasons and refusals, a forecast: one question. "
        "The first of a drug may take a minute or two: where the time is over, the same call again gets the answer.",
        AskTwin, ask_twin, _TWINS, _OBJECT,
    ),
    typed(
        "compare_options", "Compare options", "One question with 2 to 8 sets of values, answered beside each other.",
        CompareOptions, compare_options, _TWINS, _ROWS,
    ),
    typed(
        "explain", "Explain an answer",
        "Why a twin answers so: reasons, guard messages with sources, citations, models, data it rests on.",
        Explain, explain, _TWINS, _OBJECT,
    ),
)  # fmt: skip
