"""Tools made from the questions of a person's twins: one tool for each question, with its fields as schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vitruvian.core import AccessError, VitruvianError
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.shown import told_row
from vitruvian.serve.mcp.tool import Found, Tool
from vitruvian.twin.doors import Field, Question, TwinDoor, ask, twin_doors

_TYPES = {"number": "number", "choice": "string", "text": "string", "moment": "string", "flag": "boolean"}
_AT = {"type": "string", "format": "date-time", "description": "Moment asked about (ISO 8601); now if absent."}


def question_tools(session: AgentSession) -> Iterator[Tool]:
    """The questions of all twins of the session's person; none where it has no person or may not ask."""
    if not session.caller.only:
        return
    try:
        session.demand("read", "twins")
        patient = session.patient(None)
    except AccessError:
        return
    for door in twin_doors().values():
        try:
            questions = door.questions(patient)
        except VitruvianError:  # a twin that this person's data do not allow; list_twins says why
            continue
        yield from (_tool(door, one) for one in questions)


def question_schema(question: Question) -> dict[str, Any]:
    """JSON schema of the values that a question takes; units are in `unit` and in the description."""
    required = [one.name for one in question.fields if one.default is None and not one.optional]
    properties = {one.name: _property(one) for one in question.fields}
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": required} if required else {})


def _tool(door: TwinDoor, question: Question) -> Tool:
    schema = question_schema(question)
    own = "at" in schema["properties"]
    if not own:
        schema["properties"]["at"] = _AT

    def run(session: AgentSession, given: Mapping[str, Any]) -> Found:
        values = dict(given)
        at = None if own else values.pop("at", None)
        told = ask(session.patient(None), door.name, question.name, values, None if at is None else str(at))
        return Found(told_row(told))

    name = f"{door.name}_{question.name}".replace("-", "_")
    title = f"{door.title}: {question.title}"
    return Tool(name, title, question.about, schema, run, ("read", "twins"), {"type": "object"})


def _property(one: Field) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _TYPES[one.kind], "title": one.title}
    about = " ".join(part for part in (one.about, f"In {one.unit}." if one.unit else "") if part)
    limits = {"minimum": one.low, "maximum": one.high, "default": one.default, "description": about or None}
    found |= {name: value for name, value in limits.items() if value is not None}
    if one.unit:
        found["unit"] = one.unit
    if one.choices:
        found["enum"] = [value for value, _ in one.choices]
    if one.kind == "moment":
        found["format"] = "date-time"
    return found
