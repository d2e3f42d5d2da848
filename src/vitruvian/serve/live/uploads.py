"""HL7v2 messages over HTTP. Sources: HL7 v2.5.1 chapter 2 (acknowledgement), HAPI "HL7 over HTTP"."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from vitruvian.core import AccessError, DataError, now_ms, to_datetime
from vitruvian.ingest import HL7V2
from vitruvian.record import scratch_folder
from vitruvian.serve.caller import Allow, Caller

router = APIRouter(prefix="/api/v1", tags=["streams"])
Sender = Annotated[Caller, Allow("ingest", "streams")]
_LARGEST = 4 << 20


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
