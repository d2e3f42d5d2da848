"""All that is known of one person as a zip file, as `vitruvian patient export` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from vitruvian.record import export_patient, scratch_folder
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller

router = APIRouter(prefix="/patients", tags=["patients"], route_class=Tagged)
_PIECE = 1 << 20
_ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("/{person}/export", response_class=StreamingResponse, responses={200: _ZIP})
def export(person: str, caller: Annotated[Caller, Allow("export", "patients")]) -> StreamingResponse:
    """Everything of a person: FHIR Bundle, files as received, streams, what was derived and refused, who read.

    For whoever may read all of them: an export is whole, or refused.
    """
    patient = caller.patient(person)
    with ExitStack() as stack:
        path = Path(stack.enter_context(scratch_folder())) / "export.zip"
        export_patient(patient, path)
        kept = stack.pop_all()
    name = f"attachment; filename*=UTF-8''{quote(patient.id, safe='')}.zip"
    headers = {"content-disposition": name, "content-length": str(path.stat().st_size), "cache-control": "no-store"}
    return StreamingResponse(_pieces(path), 200, headers, "application/zip", BackgroundTask(kept.close))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
