"""Requests as FHIR has them: which types there are, which formats are spoken."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import parse_qsl

from starlette.requests import Request

from vitruvian.serve.fhir.errors import NotSpoken, SearchError, UnknownType
from vitruvian.serve.fhir.parameters import types

_FORMATS = (
    "json", "application/json", "application/fhir+json", "application/fhir+ndjson", "text/json", "*/*", "application/*",
)  # fmt: skip
_TYPE = re.compile(r"[A-Z][A-Za-z]{2,63}")


def demand_type(kind: str) -> None:
    """Raise `UnknownType` for what is no type of resource that can be searched here."""
    if not _TYPE.fullmatch(kind) or kind not in types():
        raise UnknownType("there are no resources of this type here", todo="See /fhir/metadata.")


def spoken(request: Request) -> None:
    """Raise `NotSpoken` where the asker wants another format than JSON."""
    wanted = request.query_params.get("_format")
    if wanted is not None:
        if wanted.replace(" ", "+").partition(";")[0] not in _FORMATS:
            raise NotSpoken("only JSON is spoken here", todo="Ask for _format=json.")
        return
    accepted = [one.partition(";")[0].strip() for one in request.headers.get("accept", "*/*").split(",")]
    if not any(one in _FORMATS or one == "text/html" for one in accepted):
        raise NotSpoken("only JSON is spoken here", todo="Accept application/fhir+json.")


def strict(request: Request) -> bool:
    """Whether parameters that are not known are to be refused (Prefer: handling=strict)."""
    return "handling=strict" in request.headers.get("prefer", "").replace(" ", "").lower()


def demand_known(request: Request, given: Iterable[str], known: Collection[str]) -> None:
    """Raise `SearchError` for parameters that are not known, where the asker is strict."""
    unknown = sorted(set(given) - {*known, "_format", "_pretty"})
    if unknown and strict(request):
        raise SearchError("parameters are not known", got=", ".join(unknown), allowed=", ".join(known))


def form_pairs(body: bytes) -> list[tuple[str, str]]:
    """Parameters of a form. Raises `SearchError` where it is none."""
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
    except (UnicodeDecodeError, ValueError) as error:
        raise SearchError("the body is no form", allowed="application/x-www-form-urlencoded") from error
