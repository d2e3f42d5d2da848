"""Parts of FHIR requests that writing shares: the body, this server's own address, the answer with its headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from vitruvian.serve.fhir.body import write_json
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.storing import Written
from vitruvian.serve.fhir.validate import outcome_of
from vitruvian.serve.problems import HttpError

MEDIA = "application/fhir+json"
LARGEST = 32 << 20
"""Bytes of a body; larger files go through the ingest."""
_JSON = frozenset({MEDIA, "application/json", "application/json-patch+json", "text/json", ""})


class BodyTooLarge(HttpError):
    """The body is larger than this server reads in one request."""

    status = 413


class NotJson(HttpError):
    """The body is in a form other than JSON."""

    status = 415


async def body_of(request: Request) -> bytes:
    """The bytes of a request. Raises `NotJson`, `BodyTooLarge`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _JSON:
        raise NotJson("this server reads JSON only", got=kind, allowed=MEDIA)
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise BodyTooLarge("the body is too large", allowed=f"{LARGEST} bytes", todo="Ingest it as a file.")
    return b"".join(parts)


Body = Annotated[bytes, Depends(body_of)]
"""The bytes of the request."""


def fhir_answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource as an answer."""
    return Response(write_json(document), status, headers, MEDIA)


def written_answer(request: Request, done: Written) -> Response:
    """What became of a change; Prefer decides how much of it is told (RFC 7240)."""
    headers = headers_of(done, home_of(request))
    wanted = request.headers.get("prefer", "").replace(" ", "").lower()
    if "return=minimal" in wanted:
        return Response(None, done.status, headers)
    if "return=operationoutcome" in wanted:
        return fhir_answer(outcome_of(()), done.status, headers)
    return fhir_answer(done.document, done.status, headers)


def headers_of(done: Written, home: str) -> dict[str, str]:
    """Location of the version, its entity tag and its moment."""
    found = {"ETag": f'W/"{done.number}"', "Content-Location": f"{home}/{done.name}/_history/{done.number}"}
    if moment := done.document["meta"].get("lastUpdated"):
        found["Last-Modified"] = format_datetime(datetime.fromisoformat(moment).astimezone(UTC), usegmt=True)
    return found | ({"Location": found["Content-Location"]} if done.status == 201 else {})
