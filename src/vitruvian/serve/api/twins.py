"""Twins of a person: their state, their questions, their answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body

from vitruvian.serve.caller import Allow, Caller
from vitruvian.twin.doors import ask, twin_door, twin_doors

router = APIRouter(prefix="/patients/{person}/twins", tags=["twins"])


@router.get("")
def states(
    person: str, caller: Annotated[Caller, Allow("read", "twins")], at: str | None = None
) -> list[dict[str, Any]]:
    """How every installed twin stands for this person."""
    patient = caller.patient(person)
    return [
        {"twin": name, "title": door.title, **asdict(one)}
        for name, door in twin_doors().items()
        for one in door.status(patient, at)
    ]


@router.get("/{twin}/questions")
def questions(person: str, twin: str, caller: Annotated[Caller, Allow("read", "twins")]) -> list[dict[str, Any]]:
    """What may be asked of this person's twin, with units and ranges."""
    return [asdict(one) for one in twin_door(twin).questions(caller.patient(person))]


@router.post("/{twin}/questions/{question}")
def answer(
    person: str,
    twin: str,
    question: str,
    caller: Annotated[Caller, Allow("read", "twins")],
    values: Annotated[dict[str, float | str | bool | None], Body()],
    at: str | None = None,
) -> dict[str, Any]:
    """The answer to a question; a refusal is an answer too (`refused`)."""
    return asdict(ask(caller.patient(person), twin, question, values, at))
