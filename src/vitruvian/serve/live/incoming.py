"""Samples over HTTP: batches of one person, or of many; acknowledged after they are durable."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel

from vitruvian.core import stable_id
from vitruvian.record import Samples
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.live.batch import BatchIn, ManyIn, batches, size
from vitruvian.serve.live.doubts import Doubted, UnknownSignal, doubts
from vitruvian.serve.live.room import batches_of, room_of
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/api/v1", tags=["streams"])


class KeptOut(BaseModel):
    """The acknowledgement: all samples are durable. `batch` is the same for the same samples.

    What is kept but doubtful is said: names that no table knows, and samples that nobody will count.
    """

    batch: str
    kept: int
    unknown_signals: list[UnknownSignal] = []
    doubted: list[Doubted] = []


@router.post("/patients/{person}/samples", status_code=202, response_model_exclude_defaults=True)
async def one_person(
    request: Request, person: str, given: BatchIn, caller: Annotated[Caller, Allow("ingest", "streams")]
) -> KeptOut:
    """Samples of one person: all are kept, or none. Sending the same again changes nothing."""
    room = room_of(server_of(request))
    subjects = await room.subjects(caller, [person])
    found = batches(subjects[person], given)
    await room.inlet.offer(caller.record, found)
    return _kept(_id(given), found)


@router.post("/samples", status_code=202, response_model_exclude_defaults=True)
async def many_people(
    request: Request,
    given: Annotated[list[ManyIn], Body(min_length=1, max_length=5000)],
    caller: Annotated[Caller, Allow("ingest", "streams")],
) -> KeptOut:
    """Samples of many people, of a ward's gateway: all are kept, or none."""
    room = room_of(server_of(request))
    found = await batches_of(room, caller, given)
    await room.inlet.offer(caller.record, found)
    return _kept(_id(*given), found)


def _kept(batch: str, found: list[Samples]) -> KeptOut:
    return KeptOut.model_validate({"batch": batch, "kept": size(found)} | doubts(found))


def _id(*given: Any) -> str:
    return stable_id(*(one.model_dump_json() for one in given))
