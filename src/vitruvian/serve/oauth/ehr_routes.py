"""Launched from another system: its patient is taken into the record, and shown."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import AccessError, DataError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.connections import Begun, keep_way, taken_way
from vitruvian.serve.oauth.ehr import fetched, way_to_ehr
from vitruvian.serve.server import Server, server_of
from vitruvian.serve.settings import OpenIdProvider

router = APIRouter()
Taker = Annotated[Caller, Allow("ingest", "files")]
_COOKIE = "vitruvian_ehr"
_BACK = "/smart/back"


@router.get("/smart/launch")
def launched(request: Request, caller: Taker, iss: str, launch: str = "") -> Response:
    """To the system that launched us (or where a patient is to be chosen), and back with the patient."""
    server, cookie = server_of(request), secrets.token_urlsafe(32)
    if not caller.session or caller.only:
        raise AccessError("a launch needs an ordinary session")
    ehr = _ehr(server, iss)
    way = way_to_ehr(ehr, f"{server.settings.url}{_BACK}", launch)
    keep_way(server, cookie, Begun(f"ehr:{ehr.issuer}", way, "/", caller.account))
    answer = RedirectResponse(way.address, 303, {"cache-control": "no-store"})
    secure = server.settings.secure
    answer.set_cookie(_name(request), cookie, max_age=600, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


@router.get(_BACK)
def back(request: Request, caller: Taker) -> Response:
    """Back with a code: fetch the patient, take them in, show them."""
    server = server_of(request)
    begun = taken_way(server, request.cookies.get(_name(request), ""))
    if begun is None or not begun.provider.startswith("ehr:") or begun.account != caller.account:
        raise AccessError("this browser was not on its way to another system", todo="Begin again.")
    ehr = _ehr(server, begun.provider.removeprefix("ehr:"))
    address, bundle = fetched(ehr, f"{server.settings.url}{_BACK}", begun.way, dict(request.query_params))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "launch.json"
        file.write_bytes(bundle)
        report = caller.record.ingest(file)
    if report.problems:
        raise DataError("not everything of the other system was accepted", got="; ".join(report.problems[:5]))
    person = caller.patient(address).id
    caller.record.note("ehr_launch", person)
    answer = RedirectResponse(f"/patients/{quote(person, safe='')}", 303)
    answer.delete_cookie(_name(request), path="/", secure=server.settings.secure, httponly=True)
    return answer


def _ehr(server: Server, issuer: str) -> OpenIdProvider:
    """The system with this address. Raises `AccessError`: nobody makes this server ask whom it was not told of."""
    plain = issuer.rstrip("/")
    found = next((one for one in server.settings.ehrs if one.issuer.rstrip("/") == plain), None)
    if found is None:
        raise AccessError("this system may not launch the twin", todo="Start the server with --ehr.")
    return found


def _name(request: Request) -> str:
    return f"__Host-{_COOKIE}" if server_of(request).settings.secure else _COOKIE
