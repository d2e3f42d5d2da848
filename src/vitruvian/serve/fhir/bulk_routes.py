"""Routes of bulk export: begin, look how far it is, fetch a file, let go of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from vitruvian.core import InputError, UnknownNameError, to_ms
from vitruvian.serve import jobs
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.fhir.asking import demand_known
from vitruvian.serve.fhir.bulk import entries
from vitruvian.serve.fhir.bundles import http_date
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.given import given_pairs
from vitruvian.serve.fhir.request import body_of
from vitruvian.serve.fhir.seen import Seen
from vitruvian.serve.fhir.shelf import shelf_of
from vitruvian.serve.problems import HttpError
from vitruvian.serve.server import Server, server_of

router = APIRouter(include_in_schema=False)
Exporter = Annotated[Caller, Allow("export", "fhir")]
NDJSON = "application/fhir+ndjson"
_FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson"})
_KIND = "fhir-export"
_KNOWN = ("_type", "_since", "_outputFormat")


class NotAsynchronous(HttpError):
    """An export does not answer at once."""


async def _asked(request: Request, prefer: Annotated[str, Header()] = "") -> list[tuple[str, str]]:
    """How an export is begun: by parameters of the address, with POST of a Parameters resource, too.

    Raises `NotAsynchronous`, `SearchError`.
    """
    if "respond-async" not in prefer:
        raise NotAsynchronous("an export is asynchronous", todo="Send the header Prefer: respond-async.")
    pairs = request.query_params.multi_items()
    return pairs if request.method == "GET" else pairs + given_pairs(await body_of(request))


class Kickoff:
    """A dependency: an export that may be begun. Raises `NotAsynchronous`, `InputError`, `SearchError`."""

    def __init__(self, request: Request, pairs: Annotated[list[tuple[str, str]], Depends(_asked)]) -> None:
        given = dict(pairs)
        if given.get("_outputFormat", NDJSON) not in _FORMATS:
            raise InputError("exports are NDJSON", got=given["_outputFormat"][:40], allowed=NDJSON)
        demand_known(request, given, _KNOWN)
        types = [one for name, value in pairs if name == "_type" for one in value.split(",") if one]
        self._server, self._home = server_of(request), home_of(request)
        url = self._home + request.url.path.removeprefix("/fhir")
        url += f"?{request.url.query}" if request.url.query else ""
        self._asked = {"types": types, "since": given.get("_since", ""), "request": url}

    def begun(self, caller: Caller, level: str, group: str = "") -> Response:
        """The answer to the request: where to look how far it is."""
        job = jobs.submit(self._server, caller, _KIND, self._asked | {"level": level, "group": group})
        return Response(status_code=202, headers={"Content-Location": f"{self._home}/$export/{job.id}"})


Begun = Annotated[Kickoff, Depends()]


@router.get("/$export")
@router.post("/$export")
def export_system(caller: Exporter, begun: Begun) -> Response:
    """All people whom the caller may see, and what is about nobody."""
    return begun.begun(caller, "system")


@router.get("/Patient/$export")
@router.post("/Patient/$export")
def export_patients(caller: Exporter, begun: Begun) -> Response:
    """All people whom the caller may see."""
    return begun.begun(caller, "patient")


@router.get("/Group/{name}/$export")
@router.post("/Group/{name}/$export")
def export_group(name: str, caller: Exporter, begun: Begun) -> Response:
    """The people of a Group whom the caller may see."""
    return begun.begun(caller, "group", name)


@router.get("/$export/{job}")
def status(request: Request, job: str, caller: Exporter) -> Response:
    """How far it is; when it is done, which files there are."""
    server = server_of(request)
    found = _job(server, caller, job)
    if found.state in ("waiting", "running"):
        headers = {"X-Progress": f"{found.done} of {found.steps}", "Retry-After": "1"}
        return Response(status_code=202, headers=headers)
    if found.state != "done":
        raise InputError(f"the export is {found.state}", got=found.problem or None, todo="Begin it again.")
    counts = Counter[str]()
    for one in jobs.results_of(server, caller, job):
        counts.update((one.told or {}).get("counts") or {})
    here = f"{home_of(request)}/$export/{job}"
    files = [{"type": kind, "url": f"{here}/{kind}.ndjson", "count": counts[kind]} for kind in sorted(counts)]
    (_, asked), *_ = jobs.asked_of(server, caller, job)
    told = {"transactionTime": found.made, "request": asked["request"], "requiresAccessToken": True}
    return JSONResponse(
        told | {"output": files, "error": []}, headers={"Expires": http_date(to_ms(found.changed) + jobs.KEPT_MS)}
    )


@router.get("/$export/{job}/{kind}.ndjson")
def file(request: Request, job: str, kind: str, caller: Exporter) -> Response:
    """The resources of one type, a line each, as the caller may see them now."""
    server = server_of(request)
    if _job(server, caller, job).state != "done":
        raise UnknownNameError("no such file")
    steps = jobs.asked_of(server, caller, job)
    seen = Seen(caller, shelf_of(request))
    seen.demand(kind, "r")
    return StreamingResponse(_lines(seen, steps, kind), media_type=NDJSON)


def _lines(seen: Seen, steps: list[tuple[str, dict[str, Any]]], kind: str) -> Iterator[bytes]:
    for person, asked in steps:
        try:
            for one in entries(seen, person, asked, kind):
                yield _one_line(one.content) + b"\n"
        except UnknownNameError:  # may be seen no more
            continue


def _one_line(content: bytes) -> bytes:
    """JSON text without line breaks; inside texts there are none."""
    return b" ".join(part.strip() for part in content.splitlines())


@router.delete("/$export/{job}")
def let_go(request: Request, job: str, caller: Exporter) -> Response:
    """Stop the export, or let go of its files."""
    server = server_of(request)
    _job(server, caller, job)
    jobs.forget(server, caller, job)
    return Response(status_code=202)


def _job(server: Server, caller: Caller, job: str) -> jobs.Job:
    found = jobs.job_of(server, caller, job)
    if found.kind != _KIND:
        raise UnknownNameError("no such job", got=repr(job))
    return found
