"""Routes of CDS Hooks: discovery, the services, feedback."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request, Response

from vitruvian.core import UnknownNameError
from vitruvian.serve.caller import Allow, Caller, Open
from vitruvian.serve.cds.access import AllowEhr
from vitruvian.serve.cds.answering import Answering
from vitruvian.serve.cds.chart import chart_of
from vitruvian.serve.cds.feedback import outcomes, remember, take_feedback
from vitruvian.serve.cds.hook import call_of
from vitruvian.serve.cds.services import HOOK_OF, SERVICES
from vitruvian.serve.fhir import Body, read_object, write_json
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/cds-services", include_in_schema=False)
Ehr = Annotated[Caller, AllowEhr("read", "cds")]


@router.get("", dependencies=[Open("an EHR discovers the services before it is configured")])
def discover() -> dict[str, Any]:
    """The services."""
    return {"services": list(SERVICES)}


@router.get("/outcomes")
def told(request: Request, caller: Annotated[Caller, Allow("administer", "cds")]) -> list[dict[str, Any]]:
    """What became of cards, by service, topic, weight and reason."""
    return outcomes(server_of(request).store)


@router.post("/{service}")
def call(request: Request, service: str, caller: Ehr, body: Body) -> dict[str, Any]:
    """Cards for a call: from this record, else from what the EHR sends or opens; none where there is neither."""
    if service not in HOOK_OF:
        raise UnknownNameError("no such service", got=repr(service), allowed=", ".join(HOOK_OF))
    asked, server = call_of(service, _plain(body)), server_of(request)
    chart = chart_of(server, caller, asked)
    if chart is None:
        return {"cards": []}
    found = Answering.of(caller, chart, server.parts["cds"], server.settings.url).cards(asked)
    remember(server.store, service, caller.account, found)
    return {"cards": found}


@router.post("/{service}/feedback")
def feedback(request: Request, service: str, caller: Ehr, body: Body) -> Response:
    """What became of cards."""
    if service not in HOOK_OF:
        raise UnknownNameError("no such service", got=repr(service), allowed=", ".join(HOOK_OF))
    take_feedback(server_of(request).store, service, caller.account, read_object(body))
    return Response(status_code=200)


def _plain(body: bytes) -> dict[str, Any]:
    """The body, strictly read, with numbers as the record reads them."""
    found: dict[str, Any] = orjson.loads(write_json(read_object(body)))
    return found
