"""What jobs do: a question to one twin, several beside each other, a question to the twins of many people;
what an export of FHIR resources holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vitruvian.core import InputError, RefusalError, SolveError, UnknownNameError
from vitruvian.serve.caller import Caller
from vitruvian.twin.doors import ask, twin_door

Json = dict[str, Any]
_MOST = 10_000


@dataclass(frozen=True)
class Step:
    """One piece of a job: whose it is, and what is asked."""

    person: str
    asked: Json


@dataclass(frozen=True)
class Kind:
    """A kind of job: `plan` checks what is asked and splits it, `act` does one step as the caller."""

    name: str
    plan: Callable[[Caller, Json], list[Step]]
    act: Callable[[Caller, Step], Json]


def _ask_one(caller: Caller, asked: Json) -> list[Step]:
    """{person, twin, question, values, at}"""
    return [Step(_person(caller, asked), _question(asked))]


def _ask_several(caller: Caller, asked: Json) -> list[Step]:
    """{person, options: [{title, twin, question, values, at}]}"""
    person, options = _person(caller, asked), asked.get("options")
    if not isinstance(options, list) or not options:
        raise InputError("there is nothing to compare", allowed="options: [{twin, question, values}]")
    return [Step(person, _question(one) | {"title": str(one.get("title") or "")}) for one in options]


def _ask_many(caller: Caller, asked: Json) -> list[Step]:
    """{people (all whom the caller may see, if absent), twin, question, values, at}"""
    given = asked.get("people")
    people = caller.people() if given is None else [caller.patient(str(one)).id for one in given]
    if not 0 < len(people) <= _MOST:
        raise InputError("a job needs people", got=len(people), allowed=f"1 to {_MOST}")
    return [Step(one, _question(asked)) for one in people]


def _answer(caller: Caller, step: Step) -> Json:
    asked = step.asked
    told = ask(caller.patient(step.person), asked["twin"], asked["question"], asked["values"], asked["at"])
    return {"title": asked["title"], **asdict(told)} if "title" in asked else asdict(told)


def _answer_or_why_not(caller: Caller, step: Step) -> Json:
    """Of many people some have no answer: that is one, too."""
    try:
        return _answer(caller, step)
    except (InputError, RefusalError, SolveError) as error:
        return {"twin": step.asked["twin"], "question": step.asked["question"], "problem": str(error)}


def _export(caller: Caller, asked: Json) -> list[Step]:
    """{people, types, level, since, request}"""
    from vitruvian.serve.fhir import export_steps

    return [Step(person, step) for person, step in export_steps(caller, asked)]


def _exported(caller: Caller, step: Step) -> Json:
    from vitruvian.serve.fhir import export_counts

    return export_counts(caller, step.person, step.asked)


KINDS: Mapping[str, Kind] = {
    "ask": Kind("ask", _ask_one, _answer),
    "compare": Kind("compare", _ask_several, _answer_or_why_not),
    "ask-many": Kind("ask-many", _ask_many, _answer_or_why_not),
    "fhir-export": Kind("fhir-export", _export, _exported),
}


def kind_of(name: str) -> Kind:
    """The kind of a name; raises `UnknownNameError`."""
    if name not in KINDS:
        raise UnknownNameError("no such kind of job", got=repr(name), allowed=", ".join(KINDS))
    return KINDS[name]


def person_of(steps: Sequence[Step]) -> str:
    """Whom a job is about, if it is one person."""
    people = {one.person for one in steps}
    return next(iter(people)) if len(people) == 1 else ""


def _person(caller: Caller, asked: Json) -> str:
    if not isinstance(asked.get("person"), str):
        raise InputError("a job of this kind needs a person", allowed="person: an id")
    return caller.patient(asked["person"]).id


def _question(asked: Any) -> Json:
    if not isinstance(asked, Mapping):
        raise InputError("not a question", allowed="{twin, question, values}")
    twin, question, values = asked.get("twin"), asked.get("question"), asked.get("values") or {}
    if not isinstance(twin, str) or not isinstance(question, str) or not isinstance(values, Mapping):
        raise InputError("not a question", allowed="{twin, question, values}")
    at = asked.get("at")
    if at is not None and not isinstance(at, str):
        raise InputError("not a moment", got=at, allowed="a text (ISO 8601)")
    return {"twin": twin_door(twin).name, "question": question, "values": dict(values), "at": at}
