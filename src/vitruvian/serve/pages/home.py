"""The first page: people whom the caller may see, a page at a time, or those whom a search means."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.render import page

router = APIRouter()
Row = tuple[str, dict[str, str]]
_SHOWN = 50
_SEARCHED = 500
"""People whose names a page of a search reads at most: names lie sealed, each is one audited read."""


@router.get("/")
def home(
    request: Request,
    caller: Annotated[Caller, Allow("read", "patients")],
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """People in order of id; with `q` those of this id, hospital number, or part of a name. `after` names the last
    person of the page before."""
    ids, text = caller.people(), q.strip()
    rest = [one for one in ids if one > after]
    exact = _called(caller, text) if text and not after else ""
    if exact:
        rows, following = [(exact, _named(caller, exact))], ""
    else:
        rows, following = _found(caller, rest, text)
    left = len([one for one in ids if one > following]) if following else 0
    return page(request, "home.html", caller, rows=rows, q=text, total=len(ids), next=following, left=left)


def _found(caller: Caller, ids: list[str], text: str) -> tuple[list[Row], str]:
    """Those of some people whose name has all words of a text (all of them, of an empty one), a page of them; and the
    last whose name was read, where more follow."""
    words, rows = text.lower().split(), list[Row]()
    for k, one in enumerate(ids):
        if k == _SEARCHED or len(rows) == _SHOWN:
            return rows, ids[k - 1]
        told = _named(caller, one)
        if all(word in told.get("name", "").lower() for word in words):
            rows.append((one, told))
    return rows, ""


def _called(caller: Caller, identifier: str) -> str:
    """The id of the one whom an identifier means, "" for nobody."""
    try:
        return caller.patient(identifier).id
    except UnknownNameError:
        return ""


def _named(caller: Caller, person: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in caller.patient(person).facts(kind="demographic"):
        if one.code in ("name", "sex", "birth_date"):
            found.setdefault(one.code, one.value_text or one.value_code or "")
    return found
