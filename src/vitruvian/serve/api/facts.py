"""Facts of a person: by kind, code and time, one with its source, and the timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.record import Fact
from vitruvian.serve.api.paging import CursorText, Key, Limit, Page, cursor, page_of, read_cursor
from vitruvian.serve.api.shapes import FactOut, fact_out, fact_told, json_of
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller

router = APIRouter(prefix="/patients/{person}", tags=["facts"], route_class=Tagged)
Moment = Annotated[str | None, Query(examples=["2026-03-01T08:00:00Z"], description="A moment or day (ISO 8601).")]


@router.get("/facts", response_model=Page[FactOut])
def facts(
    person: str,
    caller: Annotated[Caller, Allow("read", "facts")],
    kind: Annotated[str | None, Query(examples=["observation"])] = None,
    code: Annotated[
        str | None, Query(examples=["creatinine"], description="A code, or a name such as warfarin.")
    ] = None,
    since: Moment = None,
    until: Moment = None,
    known_by: Moment = None,
    void: Annotated[bool, Query(description="With what was entered in error.")] = False,
    limit: Limit = 100,
    after: CursorText = None,
) -> Response:
    """Facts in order of start, those without one first; `known_by` reads the past."""
    asked = (person, kind, code, since, until, known_by, void)
    patient = caller.patient(person)
    return _page(lambda: patient.facts(kind, code, since, until, known_by=known_by, void=void), asked, limit, after)


@router.get("/facts/{fact}")
def fact(person: str, fact: str, caller: Annotated[Caller, Allow("read", "facts")]) -> FactOut:
    """One fact."""
    return fact_out(_one(caller, person, fact))


@router.get("/facts/{fact}/source")
def source(person: str, fact: str, caller: Annotated[Caller, Allow("read", "facts")]) -> Any:
    """The source record behind a fact, as received."""
    return caller.patient(person).resource(_one(caller, person, fact))


@router.get("/timeline", response_model=Page[FactOut])
def timeline(
    person: str,
    caller: Annotated[Caller, Allow("read", "facts")],
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 100,
    after: CursorText = None,
) -> Response:
    """Everything that has a time, in order: facts, and the days of signals."""
    patient = caller.patient(person)
    return _page(lambda: patient.timeline(since, until), (person, "timeline", since, until), limit, after)


def _page(read: Callable[[], list[Fact]], asked: Key, limit: int, after: str | None) -> Response:
    """Written at once: what is valid already is not judged again."""
    place = read_cursor(after, *asked)
    found, last = page_of(sorted(read(), key=_key), _key, place, limit)
    shown = {"items": [fact_told(one) for one in found], "next": cursor(last, *asked)}
    return Response(json_of(shown), media_type="application/json")


def _key(one: Fact) -> Key:
    """Start (none first), then when it became known, then id."""
    lowest = -(2**62)
    return (
        lowest if one.start_ms is None else one.start_ms,
        lowest if one.known_ms is None else one.known_ms,
        one.id,
    )


def _one(caller: Caller, person: str, fact: str) -> Fact:
    for one in caller.patient(person).facts(void=True):
        if one.id == fact:
            return one
    raise UnknownNameError("no such fact", got=repr(fact))
