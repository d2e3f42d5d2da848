"""Routes of subscriptions: one's own alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.fhir.body import read_object
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.request import Body, fhir_answer
from vitruvian.serve.fhir.subscription import subscribe, subscription_of, subscriptions_of, unsubscribe
from vitruvian.serve.fhir.validate import demand_valid
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/Subscription", include_in_schema=False)
Reader = Annotated[Caller, Allow("read", "fhir")]


@router.post("")
def create(request: Request, caller: Reader, body: Body) -> Response:
    """A new one."""
    resource = read_object(body)
    demand_valid(resource, "Subscription")
    made = subscribe(server_of(request), caller, resource)
    return fhir_answer(made, 201, {"Location": f"{home_of(request)}/Subscription/{made['id']}"})


@router.get("")
def search(request: Request, caller: Reader) -> Response:
    """All of one's own."""
    found = subscriptions_of(server_of(request), caller)
    entries = [{"resource": one, "search": {"mode": "match"}} for one in found]
    return fhir_answer({"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries})


@router.get("/{name}")
def read(request: Request, name: str, caller: Reader) -> Response:
    """One, with its status and what went wrong."""
    return fhir_answer(subscription_of(server_of(request), caller, name))


@router.delete("/{name}")
def end(request: Request, name: str, caller: Reader) -> Response:
    """End it."""
    unsubscribe(server_of(request), caller, name)
    return Response(status_code=204)
