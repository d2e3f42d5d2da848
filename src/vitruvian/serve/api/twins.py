"""Twins of a person: their state, their questions, their answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from vitruvian.serve.api.facts import Moment
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller
from vitruvian.twin.doors import Question, Status, Told, ask, twin_door, twin_doors

router = APIRouter(prefix="/patients/{person}/twins", tags=["twins"], route_class=Tagged)
Values = dict[str, float | str | bool | None]


class TwinOut(BaseModel):
    """How a twin stands for a person."""

    twin: str
    title: str
    about: str
    status: list[Status]


@router.get("")
def states(person: str, caller: Annotated[Caller, Allow("read", "twins")], at: Moment = None) -> list[TwinOut]:
    """How every installed twin stands for this person."""
    patient = caller.patient(person)
    return [
        TwinOut(twin=name, title=door.title, about=door.about, status=list(door.status(patient, at)))
        for name, door in twin_doors().items()
    ]


@router.get("/{twin}/questions")
def questions(person: str, twin: str, caller: Annotated[Caller, Allow("read", "twins")]) -> list[Question]:
    """What may be asked of this person's twin, with units and ranges."""
    return list(twin_door(twin).questions(caller.patient(person)))


@router.post("/{twin}/questions/{question}")
def answer(
    person: str,
    twin: str,
    question: str,
    caller: Annotated[Caller, Allow("read", "twins")],
    values: Annotated[Values, Body(examples=[{"drug": "vancomycin"}])],
    at: Moment = None,
) -> Told:
    """The answer to a question; a refusal is an answer too (`refused`). For one that takes long, submit a job."""
    return ask(caller.patient(person), twin, question, values, at)
