"""Bundles of results, written around the very bytes of the resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from vitruvian.serve.fhir.entry import Entry

MEDIA = "application/fhir+json"
_CAUTION = "Some parameters are not known here and were passed over: "


def bundle(kind: str, links: Sequence[tuple[str, str]], entries: Iterable[bytes], total: int | None = None) -> Response:
    """A Bundle of entries that `entry_text` wrote."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    head |= {"total": total} if total is not None else {}
    head |= {"link": [{"relation": name, "url": url} for name, url in links]} if links else {}
    some = b",\n".join(entries)
    text = orjson.dumps(head)[:-1] + (b',"entry":[\n' + some + b"\n]" if some else b"") + b"}\n"
    return Response(text, media_type=MEDIA)


def entry_text(url: str, content: bytes, **more: Any) -> bytes:
    """One entry; `more` are its other parts ("search", "request", "response")."""
    head = orjson.dumps({"fullUrl": url})[:-1] if url else b"{"
    tail = b"".join(b"," + orjson.dumps(name) + b":" + orjson.dumps(part) for name, part in more.items())
    return head + (b"," if url else b"") + b'"resource":' + content + tail + b"}"


def urls(home: str, entries: Sequence[Entry]) -> list[str]:
    """A fullUrl for each entry; where two sources use one id, the second goes by a UUID of this record."""
    found: list[str] = []
    taken: dict[str, str] = {}
    for one in entries:
        url = f"{home}/{one.name}"
        if taken.setdefault(url, one.line) != one.line:
            line = one.line
            url = f"urn:uuid:{line[:8]}-{line[8:12]}-{line[12:16]}-{line[16:20]}-{line[20:]}"
        found.append(url)
    return found


def passed_over(names: Sequence[str]) -> bytes:
    """An OperationOutcome that says which parameters were not understood."""
    issue = {"severity": "warning", "code": "not-supported", "diagnostics": _CAUTION + ", ".join(names)}
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def resource(entry: Entry, home: str, content: bytes | None = None) -> Response:
    """One resource with its version and moment in the headers."""
    response = Response(content if content is not None else entry.content, media_type=MEDIA)
    response.headers["etag"] = etag(entry)
    response.headers["last-modified"] = http_date(entry.updated_ms)
    response.headers["content-location"] = f"{home}/{entry.name}/_history/{entry.number}"
    return response


def etag(entry: Entry) -> str:
    """Version as an entity tag."""
    return f'W/"{entry.number}"'


def http_date(ms: int) -> str:
    """A moment as HTTP writes it."""
    from email.utils import formatdate

    return formatdate(ms / 1000, usegmt=True)
