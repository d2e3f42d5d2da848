"""Streams and measurements of a person: samples as received, measurements of one kind, days."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query

from vitruvian.core import to_ms
from vitruvian.serve.api.facts import Moment
from vitruvian.serve.api.paging import CursorText, Key, Page, cursor, page_of, read_cursor
from vitruvian.serve.api.shapes import DayOut, SampleOut
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller

if TYPE_CHECKING:
    import polars as pl

router = APIRouter(prefix="/patients/{person}", tags=["samples"], route_class=Tagged)
Many = Annotated[int, Query(ge=1, le=10_000, description="Items of a page.")]


@router.get("/signals")
def signals(person: str, caller: Annotated[Caller, Allow("read", "facts")]) -> list[str]:
    """Names of the signals of which there are samples."""
    return caller.patient(person).signals()


@router.get("/samples/{signal}")
def samples(
    person: str,
    signal: str,
    caller: Annotated[Caller, Allow("read", "facts")],
    since: Moment = None,
    until: Moment = None,
    limit: Many = 1000,
    after: CursorText = None,
) -> Page[SampleOut]:
    """Samples of one signal, of all sources, in order of start."""
    patient = caller.patient(person)
    asked = (person, signal, since, until)
    return _page(lambda: patient.samples(signal, since, until), asked, limit, after)


@router.get("/measurements/{name}")
def measurements(
    person: str,
    name: str,
    caller: Annotated[Caller, Allow("read", "facts")],
    since: Moment = None,
    until: Moment = None,
    known_by: Moment = None,
    limit: Many = 1000,
    after: CursorText = None,
) -> Page[SampleOut]:
    """Facts and samples of one kind of measurement ("glucose", a LOINC code, "heart_rate"), in order of start."""
    patient = caller.patient(person)
    asked = (person, name, since, until, known_by, "measurements")
    return _page(lambda: patient.observations(name, since, until, known_by=known_by), asked, limit, after)


@router.get("/days/{signal}")
def days(
    person: str,
    signal: str,
    caller: Annotated[Caller, Allow("read", "facts")],
    since: Moment = None,
    until: Moment = None,
) -> list[DayOut]:
    """A signal by the days that the person lived; several sources are never counted twice."""
    return [_day(row) for row in caller.patient(person).daily(signal, since, until).iter_rows(named=True)]


def _day(row: dict[str, Any]) -> DayOut:
    names = ("value", "low", "high", "unit", "samples", "left_out", "sources")
    return DayOut(date=str(row["date"]), **{name: row.get(name) for name in names})


def _page(read: Callable[[], pl.DataFrame], asked: Key, limit: int, after: str | None) -> Page[SampleOut]:
    """Rows of one start are told apart by their number among them."""
    place = read_cursor(after, *asked)
    found, last = page_of(_numbered(read().iter_rows(named=True)), lambda one: one[0], place, limit)
    items = [SampleOut.model_validate(row) for _, row in found]
    return Page(items=items, next=cursor(last, *asked))


def _numbered(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[Key, dict[str, Any]]]:
    before, number = None, 0
    for row in rows:
        start = to_ms(row["start"])
        number = number + 1 if start == before else 0
        before = start
        yield (start, number), row
