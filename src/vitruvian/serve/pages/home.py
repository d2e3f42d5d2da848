"""The first page: people whom the caller may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.render import page

router = APIRouter()


@router.get("/")
def home(request: Request, caller: Annotated[Caller, Allow("read", "patients")]) -> Response:
    """Everybody whom the caller may see."""
    people = [(one, _named(caller, one)) for one in caller.people()]
    return page(request, "home.html", caller, people=people)


def _named(caller: Caller, person: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in caller.patient(person).facts(kind="demographic"):
        if one.code in ("name", "sex", "birth_date"):
            found.setdefault(one.code, one.value_text or one.value_code or "")
    return found
