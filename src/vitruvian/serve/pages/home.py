"""The first page: people whom the caller may see, a page at a time, or those whom a search means."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.render import page

router = APIRouter()
_SHOWN = 50
_SEARCHED = 500
"""People whose names a search reads at most: names lie sealed, each is one audited read."""


@router.get("/")
def home(
    request: Request,
    caller: Annotated[Caller, Allow("read", "patients")],
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """People in order of id; with `q` those of this id, hospital number, or part of a name."""
    ids = caller.people()
    text = q.strip()
    if text:
        rows = _found(caller, ids, text)
        return page(request, "home.html", caller, rows=rows, q=text, total=len(ids), next="", searched=_SEARCHED)
    rest = [one for one in ids if one > after]
    rows = [(one, _named(caller, one)) for one in rest[:_SHOWN]]
    following = rest[_SHOWN - 1] if len(rest) > _SHOWN else ""
    return page(request, "home.html", caller, rows=rows, q="", total=len(ids), next=following, searched=_SEARCHED)


def _found(caller: Caller, ids: list[str], text: str) -> list[tuple[str, dict[str, str]]]:
    exact = _called(caller, text)
    if exact:
        return [(exact, _named(caller, exact))]
    read = ((one, _named(caller, one)) for one in ids[:_SEARCHED])
    words = text.lower().split()
    hits = ((one, told) for one, told in read if all(word in told.get("name", "").lower() for word in words))
    return list(islice(hits, _SHOWN))


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
