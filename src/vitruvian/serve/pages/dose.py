"""The dose page: what the dose twin recommends for one drug, why, and what another regimen would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.core import VitruvianError
from vitruvian.record import Patient
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.dose_view import dose_view
from vitruvian.serve.pages.person import name_of
from vitruvian.serve.pages.render import page
from vitruvian.twin.doors import Question, Status, Told, ask, twin_door

router = APIRouter(prefix="/patients/{person}/twins/dose")
_ASK = "recommend"


@router.get("")
def dose_page(request: Request, person: str, caller: Annotated[Caller, Allow("read", "twins")]) -> Response:
    """The questions, and a place for the answer, which is asked for when the page stands."""
    patient = caller.patient(person)
    door, values = twin_door("dose"), _values(request)
    questions = {one.name: one for one in door.questions(patient)}
    asked = questions[_ASK]
    drug = str(values.get("drug") or _default(asked, "drug") or "")
    states = door.status(patient, values.get("at"))
    return page(
        request, "dose.html", caller, patient=patient, name=name_of(patient), drug=drug, values=values,
        asked=asked, state=_of(states, drug), states=states, query=request.url.query,
    )  # fmt: skip


@router.get("/answer")
def dose_answer(request: Request, person: str, caller: Annotated[Caller, Allow("read", "twins")]) -> Response:
    """The recommendation with its reasons: a part of the page, or a page of its own without scripts."""
    patient, values = caller.patient(person), _values(request)
    told, error = _told(patient, _ASK, values)
    whole = "hx-request" not in request.headers
    drug = str(values.get("drug") or (told.data.get("drug") if told else "") or "")
    others = [one for one in twin_door("dose").questions(patient) if one.name != _ASK] if told else []
    return page(
        request, "dose_answer_page.html" if whole else "dose_answer.html", caller, patient=patient,
        name=name_of(patient), told=told, error=error, drug=drug, others=others, query=request.url.query,
        base=request.url.path.removesuffix("/answer"), **(dose_view(told) if told else {}),
    )  # fmt: skip


@router.get("/what-if/{question}")
def what_if(
    request: Request, person: str, question: str, caller: Annotated[Caller, Allow("read", "twins")]
) -> Response:
    """The answer to another question of the dose twin, in its default shape."""
    patient, values = caller.patient(person), _values(request)
    told, error = _told(patient, question, values)
    whole = "hx-request" not in request.headers
    return page(
        request, "told_page.html" if whole else "told.html", caller, patient=patient, name=name_of(patient), told=told,
        error=error,
    )  # fmt: skip


def _values(request: Request) -> dict[str, str]:
    """What the form says; "at" is the moment asked about."""
    return {name: text for name, text in request.query_params.items() if text.strip()}


def _told(patient: Patient, question: str, values: Mapping[str, Any]) -> tuple[Told | None, VitruvianError | None]:
    """The answer, or why there is none: a page says that where the answer would stand."""
    given = {name: value for name, value in values.items() if name != "at"}
    try:
        return ask(patient, "dose", question, given, values.get("at")), None
    except VitruvianError as error:
        return None, error


def _default(question: Question, field: str) -> Any:
    return next((one.default for one in question.fields if one.name == field), None)


def _of(states: tuple[Status, ...], drug: str) -> Status | None:
    return next((one for one in states if one.subject == drug), None)
