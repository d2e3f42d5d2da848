"""The default page of a twin: its state, its questions, and the answer to one; whatever twin it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError, VitruvianError
from vitruvian.record import Patient
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.person import name_of
from vitruvian.serve.pages.render import page
from vitruvian.twin.doors import FieldError, Question, ask, twin_door

router = APIRouter(prefix="/patients/{person}/twins/{twin}")
Reader = Annotated[Caller, Allow("read", "twins")]
_OURS = ("ask", "show", "at")


@router.get("")
def twin_page(request: Request, person: str, twin: str, caller: Reader) -> Response:
    """State, questions and the form of one: `show=NAME`, or `ask=NAME` with the values of its fields and the answer.

    Where a question needs nothing to be said, its answer is fetched when the page stands, and so is the state.
    """
    return _whole(request, person, twin, caller)


@router.get("/state")
def twin_state(request: Request, person: str, twin: str, caller: Reader, at: str = "") -> Response:
    """How the twin stands: a part of the page, or all of it without scripts."""
    if "hx-request" not in request.headers:
        return _whole(request, person, twin, caller, at_once=True)
    patient, door = caller.patient(person), twin_door(twin)
    states = door.status(patient, at or None)
    return page(request, "twin_state.html", caller, name=name_of(patient), door=door, states=states)


@router.get("/asked")
def twin_asked(request: Request, person: str, twin: str, caller: Reader) -> Response:
    """The form of one question with its answer: a part of the page, or all of it without scripts."""
    if "hx-request" not in request.headers:
        return _whole(request, person, twin, caller)
    patient, door = caller.patient(person), twin_door(twin)
    shown = _shown(request, patient, twin, door.questions(patient), answered=True)
    return page(request, "twin_asked.html", caller, door=door, **shown)


def _whole(request: Request, person: str, twin: str, caller: Caller, *, at_once: bool = False) -> Response:
    """The page; `at_once` with the state that is else fetched when it stands."""
    patient, door = caller.patient(person), twin_door(twin)
    questions = door.questions(patient)
    shown = _shown(request, patient, twin, questions, answered="ask" in request.query_params)
    states = None if shown["soon"] and not at_once else door.status(patient, shown["at"] or None)
    return page(
        request, "twin.html", caller, patient=patient, name=name_of(patient), door=door, questions=questions,
        states=states, **shown,
    )  # fmt: skip


def _shown(
    request: Request, patient: Patient, twin: str, questions: Sequence[Question], *, answered: bool
) -> dict[str, Any]:
    """One question with what was said, and its answer or why there is none."""
    given = {name: text for name, text in request.query_params.items() if text.strip()}
    question = _question(twin, questions, given.get("ask") or given.get("show"))
    values, at = {name: text for name, text in given.items() if name not in _OURS}, given.get("at", "")
    shown: dict[str, Any] = {
        "question": question, "values": values, "at": at, "told": None, "error": None, "wrong": {},
        "base": request.url.path.removesuffix("/asked").removesuffix("/state"), "soon": False,
    }  # fmt: skip
    if question is None:
        return shown
    if not answered:
        return shown | {"soon": all(one.optional or one.default is not None for one in question.fields)}
    try:
        return shown | {"told": ask(patient, twin, question.name, values, at or None)}
    except FieldError as error:
        return shown | {"wrong": {error.field: _words(error)}}
    except VitruvianError as error:
        return shown | {"error": error}


def _question(twin: str, questions: Sequence[Question], name: str | None) -> Question | None:
    """The question of a name, or the first; `None` where the twin answers none."""
    if name is None:
        return questions[0] if questions else None
    found = next((one for one in questions if one.name == name), None)
    if found is None:
        allowed = ", ".join(one.name for one in questions)
        raise UnknownNameError(f"no such question of {twin}", got=repr(name), allowed=allowed)
    return found


def _words(error: VitruvianError) -> str:
    """What is wrong with a value, for the reader at its field."""
    what = error.what.split(": ", 1)[-1]
    parts = [f"{what[0].upper()}{what[1:]}"] + ([f"allowed: {error.allowed}"] if error.allowed else [])
    return f"{'; '.join(parts)}. {error.todo or ''}".strip()
