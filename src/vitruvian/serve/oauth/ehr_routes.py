"""Launched from another system: its patient is taken into the record, and shown."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import orjson
from fastapi import APIRouter, Request
from sqlalchemy import Column, Table, Text, insert, select
from starlette.responses import RedirectResponse, Response

from vitruvian.core import AccessError, DataError, UnknownNameError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.identity.connections import Begun, keep_way, taken_way
from vitruvian.serve.oauth.ehr import fetched, way_to_ehr
from vitruvian.serve.server import Server, server_of
from vitruvian.serve.settings import OpenIdProvider
from vitruvian.serve.store import metadata

router = APIRouter()
Taker = Annotated[Caller, Allow("ingest", "files")]
_COOKIE = "vitruvian_ehr"
_BACK = "/smart/back"

ehr_patients = Table(
    "ehr_patient",
    metadata,
    Column("blind", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
)
"""From which system a patient's id came; the id itself is not told."""


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
    patient, bundle = fetched(ehr, f"{server.settings.url}{_BACK}", begun.way, dict(request.query_params))
    _demand_same(server, caller, ehr.issuer, patient, bundle)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "launch.json"
        file.write_bytes(bundle)
        report = caller.record.ingest(file)
    if report.problems:
        raise DataError("not everything of the other system was accepted", got="; ".join(report.problems[:5]))
    person = caller.patient(patient).id
    caller.record.note("ehr_launch", person)
    answer = RedirectResponse(f"/patients/{person}", 303)
    answer.delete_cookie(_name(request), path="/", secure=server.settings.secure, httponly=True)
    return answer


def _demand_same(server: Server, caller: Caller, issuer: str, patient: str, bundle: bytes) -> None:
    """Two systems may use one id for two people. Raises `DataError` where this id came from another one.

    An id that the record knew before is taken to be the same person where the birth dates agree.
    """
    blind = server.record.keys.blind(f"ehr:{patient}")
    todo = "Let somebody who may link identities look at both."
    with server.store.transaction() as connection:
        found = connection.execute(select(ehr_patients.c.issuer).where(ehr_patients.c.blind == blind)).scalar()
        if found is None and _born_otherwise(caller, patient, bundle):
            raise DataError("the record knows somebody else by this id", todo=todo)
        if found is None:
            connection.execute(insert(ehr_patients).values(blind=blind, issuer=issuer))
    if found not in (None, issuer):
        raise DataError("the record knows this id from another system", got=found, todo=todo)


def _born_otherwise(caller: Caller, patient: str, bundle: bytes) -> bool:
    try:
        facts = caller.patient(patient).facts(kind="demographic")
    except UnknownNameError:
        return False
    here = {one.value_text or one.value_code or "" for one in facts if one.code == "birth_date"}
    inner = (one["resource"] for one in orjson.loads(bundle)["entry"])
    there = {str(one.get("birthDate", "")) for one in inner if one.get("resourceType") == "Patient"}
    return not here & there


def _ehr(server: Server, issuer: str) -> OpenIdProvider:
    """The system with this address. Raises `AccessError`: nobody makes this server ask whom it was not told of."""
    plain = issuer.rstrip("/")
    found = next((one for one in server.settings.ehrs if one.issuer.rstrip("/") == plain), None)
    if found is None:
        raise AccessError("this system may not launch the twin", todo="Start the server with --ehr.")
    return found


def _name(request: Request) -> str:
    return f"__Host-{_COOKIE}" if server_of(request).settings.secure else _COOKIE
