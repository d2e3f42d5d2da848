"""Taking files in, and what waits in quarantine."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import Response

from vitruvian.core import AccessError, InputError, UnknownNameError, to_datetime
from vitruvian.record import IngestReport, scratch_folder
from vitruvian.serve.api.once import IdempotencyKey, once
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.jobs import keep, results_of
from vitruvian.serve.server import Server, server_of

router = APIRouter(tags=["files"], route_class=Tagged)


class Account(BaseModel):
    """What became of every record that came in: records_in = stored + duplicate + quarantined."""

    records_in: int
    stored: int
    duplicate: int
    quarantined: int
    by_format: dict[str, dict[str, int]]
    people: list[str]
    problems: list[str]


class Waiting(BaseModel):
    """A record that was kept but not accepted."""

    id: str
    name: str
    place: str
    what: str
    reason: str
    received: str


class ReplayIn(BaseModel):
    """What is tried again: all, or some ids; with what was missing before."""

    ids: list[str] | None = Field(None, max_length=10_000)
    patient: str | None = None
    zone: str | None = Field(None, examples=["Europe/Berlin"])


class DismissIn(BaseModel):
    """What is dismissed, and why it need not be tried again."""

    ids: list[str] = Field(min_length=1, max_length=10_000)
    reason: str = Field(min_length=1, max_length=2000, examples=["A text about nobody, dropped by mistake."])


@router.post("/files", status_code=201)
def take_in(
    request: Request,
    response: Response,
    caller: Annotated[Caller, Allow("ingest", "files")],
    files: list[UploadFile],
    patient: Annotated[str | None, Form(description="Whose the files are that do not say so (a genome).")] = None,
    zone: Annotated[str | None, Form(description="Where local times without offset were taken.")] = None,
    key: IdempotencyKey = None,
) -> Account:
    """Take files in. The answer accounts for every record; the same key gives the same account again."""
    server = server_of(request)
    asked = [(one.filename, _hash(one)) for one in files]
    with once(server, caller, key, "files", asked, patient, zone) as (name, before):
        told = _kept(server, caller, name) if before else None
        if told is None:
            told = taken_in(caller, files, patient or None, zone or None).to_json()
            if key is not None:
                keep(server, caller, "ingest", told, name)
    return Account(**told)


@router.get("/quarantine")
def quarantine(caller: Annotated[Caller, Allow("quarantine", "quarantine")]) -> list[Waiting]:
    """What was kept but not accepted, with its reason."""
    return [
        Waiting(id=one.id, name=one.name, place=one.place, what=one.what, reason=one.reason,
                received=to_datetime(one.received_ms).isoformat(timespec="seconds"))
        for one in caller.record.quarantined()
    ]  # fmt: skip


@router.post("/quarantine/replay")
def replay(which: ReplayIn, caller: Annotated[Caller, Allow("ingest", "quarantine")]) -> Account:
    """Try again what is in quarantine, after a fix or with what was missing."""
    _of_all(caller)
    return Account(**caller.record.replay(which.ids, patient=which.patient, zone=which.zone).to_json())


@router.post("/quarantine/dismiss", status_code=204)
def dismiss(which: DismissIn, caller: Annotated[Caller, Allow("quarantine", "quarantine")]) -> None:
    """Put aside what need not be tried again; the bytes stay, and coming again it waits again."""
    caller.record.dismiss(which.ids, which.reason)


def taken_in(caller: Caller, files: list[UploadFile], patient: str | None, zone: str | None) -> IngestReport:
    """The account of uploaded files. Raises `InputError` for two of one name, `AccessError` for a caller of one
    patient: whose the records of a file are is only known once they are read."""
    _of_all(caller)
    with scratch_folder() as folder:
        paths = [_written(Path(folder), one) for one in files]
        if len(set(paths)) < len(paths):
            raise InputError("two files have one name", todo="Send them one after the other.")
        return caller.record.ingest(folder, patient=patient, zone=zone)


def _of_all(caller: Caller) -> None:
    if caller.only:
        raise AccessError("files are taken in for all people", todo="Use a token that is not bound to one patient.")


def _written(folder: Path, file: UploadFile) -> Path:
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name
    if name in ("", ".", "..") or not name.isprintable() or len(name.encode()) > 200:
        raise InputError("a file needs a name", got=repr(name[:50]), allowed="up to 200 bytes, printable")
    path = folder / name
    file.file.seek(0)
    with path.open("wb") as stream:
        shutil.copyfileobj(file.file, stream)
    return path


def _hash(file: UploadFile) -> str:
    found = hashlib.sha256()
    while piece := file.file.read(1 << 20):
        found.update(piece)
    return found.hexdigest()


def _kept(server: Server, caller: Caller, job: str) -> dict[str, Any] | None:
    try:
        return results_of(server, caller, job)[0].told
    except UnknownNameError:
        return None
