"""People whom the caller may see: all, one, or the one of an identifier."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from vitruvian.core import UnknownNameError
from vitruvian.record import Patient
from vitruvian.serve.api.paging import CursorText, Limit, Page, cursor, page_of, read_cursor
from vitruvian.serve.api.shapes import PersonOut
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller

router = APIRouter(prefix="/patients", tags=["patients"], route_class=Tagged)
_SHOWN = ("name", "sex", "birth_date")


@router.get("")
def patients(
    caller: Annotated[Caller, Allow("read", "patients")],
    identifier: Annotated[str | None, Query(description="An id of a source, or such as a hospital number.")] = None,
    limit: Limit = 50,
    after: CursorText = None,
) -> Page[PersonOut]:
    """People in order of id; with `identifier` the one whom it means, or nobody."""
    if identifier is not None:
        return Page(items=_named(caller, identifier), next=None)
    people, last = page_of(caller.people(), lambda one: (one,), read_cursor(after, "patients"), limit)
    return Page(items=[person_out(caller.patient(one)) for one in people], next=cursor(last, "patients"))


@router.get("/{person}")
def patient(person: str, caller: Annotated[Caller, Allow("read", "patients")]) -> PersonOut:
    """One person, by id or identifier."""
    return person_out(caller.patient(person))


def person_out(patient: Patient) -> PersonOut:
    """A person with what is known of name, sex and birth date."""
    told: dict[str, str] = {}
    for one in patient.facts(kind="demographic"):
        if one.code in _SHOWN:
            told.setdefault(one.code, one.value_text or one.value_code or "")
    return PersonOut(id=patient.id, sources=list(patient.subjects), **told)


def _named(caller: Caller, identifier: str) -> list[PersonOut]:
    try:
        return [person_out(caller.patient(identifier))]
    except UnknownNameError as error:
        if error.what == "no such patient":
            return []
        raise
