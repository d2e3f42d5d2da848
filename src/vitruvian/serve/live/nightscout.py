"""What Nightscout's uploaders (xDrip+, Loop and others) send and ask; their site is `…/api/v1/patients/ID/nightscout`.

They prove themselves by a bearer token or by `api-secret`. Source: cgm-remote-monitor, API v1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from vitruvian import __version__
from vitruvian.core import DataError, now_ms, stable_id, to_datetime
from vitruvian.ingest import NIGHTSCOUT
from vitruvian.record import Item, RawFile, Rejected, Samples, Told, scratch_folder
from vitruvian.serve.caller import Allowed, Caller
from vitruvian.serve.identity import caller_of_api_secret
from vitruvian.serve.live.room import room_of
from vitruvian.serve.server import server_of

_SITE = "/patients/{person}/nightscout/api/v1"
_MOST, _SPAN_MS = 2_000, 4 * 86_400_000
_TIMES = ("created_at", "mills", "date")
Json = dict[str, Any]


class _AllowedUploader(Allowed):
    """As `Allow`; the token may also come as Nightscout's secret."""

    def at_hand(self, connection: HTTPConnection) -> Caller | None:
        return None

    def who(self, connection: HTTPConnection, csrf: str) -> Caller:
        return caller_of_api_secret(connection) or super().who(connection, csrf)


router = APIRouter(prefix="/api/v1", tags=["streams"])
Sender = Annotated[Caller, Depends(_AllowedUploader("ingest", "streams"))]
Reader = Annotated[Caller, Depends(_AllowedUploader("read", "streams"))]
Documents = Annotated[list[Json] | Json, Body()]


@router.post(f"{_SITE}/entries")
@router.post(f"{_SITE}/entries.json", include_in_schema=False)
@router.post(f"{_SITE}/entries/sgv.json", include_in_schema=False)
@router.post(f"{_SITE}/treatments")
@router.post(f"{_SITE}/treatments.json", include_in_schema=False)
@router.put(f"{_SITE}/treatments", include_in_schema=False)
@router.put(f"{_SITE}/treatments.json", include_in_schema=False)
async def nightscout(request: Request, person: str, given: Documents, caller: Sender) -> list[Json]:
    """Documents of Nightscout: all are kept, or none; they come back with an `_id`, as Nightscout gives them back."""
    documents = _named(given)
    await _keep(request, person, documents, caller)
    return documents


@router.post(f"{_SITE}/devicestatus")
@router.post(f"{_SITE}/devicestatus.json", include_in_schema=False)
async def device_status(request: Request, person: str, given: Documents, caller: Sender) -> list[Json]:
    """How the devices are (battery, reservoir, insulin on board): kept as notes, at the time of coming without one."""
    documents = _named(given)
    await _keep(request, person, [_as_note(one) for one in documents], caller)
    return documents


@router.get(f"{_SITE}/status.json")
@router.get(f"{_SITE}/status", include_in_schema=False)
async def status(request: Request, person: str, caller: Sender) -> Json:
    """That the site is there and takes what is sent."""
    await _known(request, person, caller)
    now = now_ms()
    told = {"status": "ok", "name": "Vitruvian", "version": __version__, "serverTimeEpoch": now, "apiEnabled": True}
    told |= {"serverTime": to_datetime(now).isoformat(), "careportalEnabled": True, "settings": {"units": "mg/dl"}}
    return told


@router.get(f"{_SITE}/experiments/test", include_in_schema=False)
async def secret_fits(request: Request, person: str, caller: Sender) -> Json:
    """That the secret is right: uploaders ask before they begin."""
    await _known(request, person, caller)
    return {"status": "ok"}


@router.get(f"{_SITE}/entries.json")
@router.get(f"{_SITE}/entries", include_in_schema=False)
@router.get(f"{_SITE}/entries/sgv", include_in_schema=False)
@router.get(f"{_SITE}/entries/sgv.json", include_in_schema=False)
def entries(person: str, caller: Reader, count: Annotated[int, Query(ge=1, le=_MOST)] = 10) -> list[Json]:
    """The newest glucose of the last four days, so that an uploader sees where it stopped."""
    table = caller.patient(person).samples("glucose", since=to_datetime(now_ms() - _SPAN_MS)).tail(count)
    rows = table.filter(table["value"].is_not_null()).to_dicts()
    return [_entry(one) for one in reversed(rows)]


def _named(given: list[Json] | Json) -> list[Json]:
    """Documents with an id each: their own, else one made of what they say."""
    some = given if isinstance(given, list) else [given]
    return [one if one.get("_id") else one | {"_id": stable_id(json.dumps(one, sort_keys=True))[:24]} for one in some]


async def _known(request: Request, person: str, caller: Caller) -> None:
    """Raises `UnknownNameError` for one whom the sender may not see; who only sends is told whom they may send for."""
    if caller.may("read"):
        await run_in_threadpool(caller.patient, person)
    else:
        await room_of(server_of(request)).subjects(caller, [person])


async def _keep(request: Request, person: str, documents: list[Json], caller: Caller) -> None:
    room = room_of(server_of(request))
    subjects = await room.subjects(caller, [person])
    found = await run_in_threadpool(_samples, documents, subjects[person])
    if found:
        await room.inlet.offer(caller.record, found)


def _samples(documents: list[Json], subject: str) -> list[Samples]:
    """What the documents say. Raises `DataError` where one of them cannot be read."""
    with scratch_folder() as folder:
        path = Path(folder) / "nightscout.json"
        path.write_text(json.dumps(documents))
        items: Iterable[Item] = list(NIGHTSCOUT.read(RawFile(path), Told(subject)))
    if refused := [one for one in items if isinstance(one, Rejected)]:
        raise DataError("a document cannot be read; none was kept", got=f"{refused[0].place}: {refused[0].reason}")
    return [one for one in items if isinstance(one, Samples)]


def _as_note(one: Json) -> Json:
    at = {name: one[name] for name in (*_TIMES, "utcOffset") if one.get(name)}
    at |= {} if set(_TIMES) & at.keys() else {"created_at": to_datetime(now_ms()).isoformat()}
    who = str(one.get("device") or "Nightscout")
    return at | {"eventType": "Device status", "notes": _status(one), "enteredBy": who}


def _status(one: Json) -> str:
    """A device status in words."""
    places = (
        ("uploader battery", "%", ("uploaderBattery",)), ("uploader battery", "%", ("uploader", "battery")),
        ("reservoir", "U", ("pump", "reservoir")), ("insulin on board", "U", ("loop", "iob", "iob")),
        ("insulin on board", "U", ("openaps", "iob", "iob")), ("carbohydrates on board", "g", ("loop", "cob", "cob")),
    )  # fmt: skip
    found = ((name, unit, _inside(one, place)) for name, unit, place in places)
    return "; ".join(f"{name} {value:g} {unit}" for name, unit, value in found if isinstance(value, int | float))


def _inside(one: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        one = one.get(name) if isinstance(one, dict) else None
    return one


def _entry(row: Json) -> Json:
    at = row["start"]
    told = {"type": "sgv", "sgv": round(row["value"]), "date": round(at.timestamp() * 1000), "device": row["source"]}
    told |= {"dateString": at.isoformat(), "direction": row.get("text") or "NONE"}
    return {"_id": stable_id(json.dumps(told, sort_keys=True))[:24]} | told
