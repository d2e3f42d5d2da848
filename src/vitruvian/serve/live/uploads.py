"""Uploads in the words of others: Nightscout's entries and treatments, and HL7v2 messages over HTTP.

An uploader that is told `…/api/v1/patients/ID/nightscout` as its site finds `/api/v1/entries` and `/api/v1/treatments`
there. Sources: cgm-remote-monitor's API v1; HL7 v2.5.1 chapter 2 (acknowledgement), HAPI "HL7 over HTTP".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from vitruvian.core import AccessError, DataError, now_ms, to_datetime
from vitruvian.ingest import HL7V2, NIGHTSCOUT
from vitruvian.record import Item, RawFile, Rejected, Samples, Told, scratch_folder
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.live.room import room_of
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/api/v1", tags=["streams"])
Sender = Annotated[Caller, Allow("ingest", "streams")]
_LARGEST = 4 << 20
Documents = Annotated[list[dict[str, Any]] | dict[str, Any], Body()]


@router.post("/patients/{person}/nightscout/api/v1/entries")
@router.post("/patients/{person}/nightscout/api/v1/entries.json", include_in_schema=False)
@router.post("/patients/{person}/nightscout/api/v1/treatments")
@router.post("/patients/{person}/nightscout/api/v1/treatments.json", include_in_schema=False)
async def nightscout(request: Request, person: str, given: Documents, caller: Sender) -> list[dict[str, Any]]:
    """Documents of Nightscout: all are kept, or none; they come back as Nightscout gives them back."""
    documents = given if isinstance(given, list) else [given]
    room = room_of(server_of(request))
    subjects = await room.subjects(caller, [person])
    found = await run_in_threadpool(_samples, documents, subjects[person])
    if found:
        await room.inlet.offer(caller.record, found)
    return documents


@router.post("/hl7v2", response_class=Response, responses={200: {"content": {"x-application/hl7-v2+er7": {}}}})
async def hl7v2(request: Request, caller: Sender) -> Response:
    """One HL7v2 message; the acknowledgement comes after what it says is durable, or in quarantine with the reason."""
    if caller.only is not None:
        raise AccessError("a token of one patient takes in no messages, which name whom they are about")
    data = await request.body()
    if len(data) > _LARGEST or not data.startswith(b"MSH") or len(data) < 9:
        raise DataError("not an HL7v2 message", got=f"{len(data)} bytes", allowed="MSH|^~\\&|…, up to 4 MiB")
    code, text = await run_in_threadpool(_message, caller, data)
    return Response(_acknowledgement(data, code, text), media_type="x-application/hl7-v2+er7")


def _samples(documents: list[dict[str, Any]], subject: str) -> list[Samples]:
    """What the documents say. Raises `DataError` where one of them cannot be read."""
    with scratch_folder() as folder:
        path = Path(folder) / "nightscout.json"
        path.write_text(json.dumps(documents))
        items: Iterable[Item] = list(NIGHTSCOUT.read(RawFile(path), Told(subject)))
    if refused := [one for one in items if isinstance(one, Rejected)]:
        raise DataError("a document cannot be read; none was kept", got=f"{refused[0].place}: {refused[0].reason}")
    return [one for one in items if isinstance(one, Samples)]


def _message(caller: Caller, data: bytes) -> tuple[str, str]:
    with scratch_folder() as folder:
        path = Path(folder) / "message.hl7"
        path.write_bytes(data)
        report = caller.record.ingest(path, formats=(HL7V2,))
    if report.quarantined:
        return "AE", f"{report.quarantined} of {report.records_in} records are in quarantine"
    return "AA", ""


def _acknowledgement(data: bytes, code: str, text: str) -> bytes:
    """MSH and MSA of the answer: from the receiver to the sender, about the message's control id."""
    separator = chr(data[3])
    fields = data.split(b"\r", 1)[0].split(b"\n", 1)[0].decode("latin-1").split(separator)
    fields += [""] * (12 - len(fields))
    moment = f"{to_datetime(now_ms()):%Y%m%d%H%M%S}"
    turned = [fields[4], fields[5], fields[2], fields[3], moment, "", "ACK", fields[9], fields[10] or "P", fields[11]]
    head = separator.join(["MSH", fields[1], *turned])
    return f"{head}\r{separator.join(['MSA', code, fields[9], text])}\r".encode("latin-1", "replace")
