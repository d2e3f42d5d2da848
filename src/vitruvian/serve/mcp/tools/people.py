"""Tools that find people."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from vitruvian.core import UnknownNameError
from vitruvian.serve.mcp.limits import MOST_ROWS, ROWS, page_of
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.shown import need
from vitruvian.serve.mcp.tool import Found, Optional, Takes, typed

Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="Most rows to give.")]
Offset = Annotated[int, Field(ge=0, description="Rows to pass over: `next_offset` of the call before.")]
_PERSON = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("id", "name", "sex", "birth_date")},
        "required": ["id"],
    },
}


class ListPatients(Takes):
    """Arguments of `list_patients`."""

    limit: Limit = ROWS
    offset: Offset = 0


class SearchPatients(Takes):
    """Arguments of `search_patients`; all that are given must hold."""

    text: Annotated[str, Field(description="An id, an identifier such as a hospital number, or a part of a name.")] = ""
    sex: Annotated[str | Optional, Field(description="female, male or other.")] = None
    born_from: Annotated[str | Optional, Field(description="Birth date from (YYYY-MM-DD).")] = None
    born_until: Annotated[str | Optional, Field(description="Birth date until (YYYY-MM-DD).")] = None
    limit: Limit = ROWS


def list_patients(session: AgentSession, asked: ListPatients) -> Found:
    """Everybody whom the session may see, a page at a time."""
    need(session.caller, "Patient")
    page, left = page_of(session.caller.people(), asked.limit, asked.offset, partial(_person, session))
    return Found(page, left)


def search_patients(session: AgentSession, asked: SearchPatients) -> Found:
    """People of an id, a part of a name, a sex, a time of birth."""
    need(session.caller, "Patient")
    found: list[dict[str, str]] = []
    for person in _candidates(session, asked.text):
        one = _person(session, person)
        if _fits(one, asked):
            if len(found) == asked.limit:
                return Found(found, {"rows": len(found), "more": True})
            found.append(one)
    return Found(found, {"rows": len(found)})


def demographics(session: AgentSession, person: str) -> dict[str, str]:
    """Name, sex and birth date as far as they are known and may be seen."""
    found: dict[str, str] = {}
    for one in session.caller.patient(person).facts(kind="demographic"):
        if one.code in ("name", "sex", "birth_date"):
            found.setdefault(one.code, one.value_text or one.value_code or "")
    return found


def _person(session: AgentSession, person: str) -> dict[str, str]:
    return {"id": person, **demographics(session, person)}


def _candidates(session: AgentSession, text: str) -> list[str]:
    people = session.caller.people()
    if text:
        try:
            person = session.caller.patient(text).id
        except UnknownNameError:
            return people
        return [person, *(one for one in people if one != person)]
    return people


def _fits(one: dict[str, Any], asked: SearchPatients) -> bool:
    words = asked.text.casefold()
    born = one.get("birth_date", "")
    return (
        (words in one.get("name", "").casefold() or words in one["id"].casefold())
        and (asked.sex is None or one.get("sex") == asked.sex)
        and (asked.born_from is None or born >= asked.born_from)
        and (asked.born_until is None or "" < born <= asked.born_until)
    )


PEOPLE = (
    typed(
        "list_patients", "People", "Everybody whom this session may see: id, name, sex, birth date.",
        ListPatients, list_patients, gives=_PERSON,
    ),
    typed(
        "search_patients", "Find people", "People by id, hospital number, part of a name, sex, time of birth.",
        SearchPatients, search_patients, gives=_PERSON,
    ),
)  # fmt: skip
