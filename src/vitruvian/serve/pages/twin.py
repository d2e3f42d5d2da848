"""The default page of a twin: its state, its questions, and the answer to one; whatever twin it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.render import page
from vitruvian.twin.doors import ask, twin_door

router = APIRouter()


@router.get("/patients/{person}/twins/{twin}")
def twin_page(request: Request, person: str, twin: str, caller: Annotated[Caller, Allow("read", "twins")]) -> Response:
    """State and questions; with `ask=NAME` and the values of its fields, also the answer."""
    patient, door = caller.patient(person), twin_door(twin)
    values = {name: text for name, text in request.query_params.items() if name not in ("ask", "at")}
    asked, at = request.query_params.get("ask"), request.query_params.get("at") or None
    told = ask(patient, twin, asked, values, at) if asked else None
    return page(
        request, "twin.html", caller, patient=patient, door=door, states=door.status(patient, at), at=at or "",
        questions=door.questions(patient), told=told, asked=asked, values=values,
    )  # fmt: skip
