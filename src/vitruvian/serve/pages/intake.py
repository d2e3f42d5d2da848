"""Taking files in by drag and drop, with the account of every record; and what waits in quarantine."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from vitruvian.core import VitruvianError, to_datetime
from vitruvian.record import IngestReport, Record
from vitruvian.serve.api.files import taken_in
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.paging import Number, paged
from vitruvian.serve.pages.person import called
from vitruvian.serve.pages.render import page

router = APIRouter()
Taker = Annotated[Caller, Allow("ingest", "files")]
_NAMED = 20
_PROBLEMS, _WAITING = 50, 25


@router.get("/intake")
def intake(request: Request, caller: Taker) -> Response:
    """Where files are dropped."""
    return page(request, "intake.html", caller, report=None, error=None, problems=_PROBLEMS)


@router.post("/intake")
def take_in(
    request: Request,
    caller: Taker,
    files: list[UploadFile],
    patient: Annotated[str, Form()] = "",
    zone: Annotated[str, Form()] = "",
) -> Response:
    """What became of every record of the files; a file that is refused whole is said, too."""
    report, error = None, None
    try:
        report = taken_in(caller, files, patient or None, zone or None)
    except VitruvianError as refused:
        error = refused
    return _account(request, caller, "intake.html", report, error)


@router.get("/quarantine")
def quarantine(
    request: Request, caller: Annotated[Caller, Allow("quarantine", "quarantine")], part: Number = 1
) -> Response:
    """What was kept but not accepted, with its reason."""
    return page(
        request, "quarantine.html", caller, rows=paged(_waiting(caller.record), part, _WAITING), report=None, error=None
    )


@router.post("/quarantine")
def replay(
    request: Request,
    caller: Annotated[Caller, Allow("ingest", "quarantine")],
    ids: Annotated[list[str], Form()],
    patient: Annotated[str, Form()] = "",
    zone: Annotated[str, Form()] = "",
) -> Response:
    """Try again, with what was missing."""
    report, error = None, None
    try:
        report = caller.record.replay(ids, patient=patient or None, zone=zone or None)
    except VitruvianError as refused:
        error = refused
    return _account(request, caller, "quarantine.html", report, error)


@router.post("/quarantine/dismiss")
def dismiss(
    caller: Annotated[Caller, Allow("quarantine", "quarantine")],
    ids: Annotated[list[str], Form()],
    reason: Annotated[str, Form(min_length=1, max_length=2000)],
) -> Response:
    """Put aside what need not be tried again; the bytes stay."""
    caller.record.dismiss(ids, reason)
    return RedirectResponse("/quarantine", 303)


def _account(
    request: Request, caller: Caller, template: str, report: IngestReport | None, error: VitruvianError | None
) -> Response:
    part = "hx-request" in request.headers
    shown: dict[str, Any] = {"report": report, "error": error, "problems": _PROBLEMS}
    shown["names"] = {one: _name(caller, one) for one in report.people[:_NAMED]} if report else {}
    if template == "quarantine.html" and not part:
        shown["rows"] = paged(_waiting(caller.record), 1, _WAITING)
    return page(request, "intake_account.html" if part else template, caller, **shown)


def _name(caller: Caller, person: str) -> str:
    """The name for those who may see the person, else the id."""
    try:
        return called(caller.patient(person))
    except VitruvianError:
        return person


def _waiting(record: Record) -> list[dict[str, str]]:
    return [
        {"id": one.id, "name": one.name, "place": one.place, "what": one.what, "reason": one.reason,
         "when": f"{to_datetime(one.received_ms):%Y-%m-%d %H:%M} UTC"}
        for one in reversed(record.quarantined())
    ]  # fmt: skip
