"""GET entries of a Bundle of requests: each is answered as the same request alone, under the same rights."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
from starlette.requests import Request

from vitruvian.core import VitruvianError
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.body import Json
from vitruvian.serve.fhir.reading import answer_of
from vitruvian.serve.limits import limits_of
from vitruvian.serve.problems import outcome_of_error, status_of
from vitruvian.serve.server import server_of

MOST = 100
"""GET entries of one Bundle."""


@dataclass(frozen=True)
class Ask:
    """One GET entry: the steps of its path, its parameters, the version that the asker has."""

    steps: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    tag: str


def ask_of(request: Json, home: str) -> Ask:
    """The GET that `entry.request` says."""
    parts = urlsplit(request["url"].removeprefix(f"{home}/").lstrip("/"))
    steps = tuple(unquote(one) for one in parts.path.split("/"))
    return Ask(steps, tuple(parse_qsl(parts.query, keep_blank_values=True)), request.get("ifNoneMatch", ""))


def answered(caller: Caller, request: Request, ask: Ask) -> Json:
    """The entry that answers it; raises what the same request alone would raise."""
    limits_of(server_of(request)).accounts.take(caller.account)
    if not caller.may("read"):
        raise caller.actor.refusal("read")
    found = answer_of(caller, request, ask.steps, ask.pairs, ask.tag)
    tag = {"etag": found.headers["etag"]} if "etag" in found.headers else {}
    if found.status_code == 304:
        return {"response": {"status": "304 Not Modified"} | tag}
    return {"resource": orjson.Fragment(bytes(found.body)), "response": {"status": "200 OK"} | tag}


def answered_or_not(caller: Caller, request: Request, ask: Ask) -> Json:
    """The entry that answers it, or says why not."""
    try:
        return answered(caller, request, ask)
    except VitruvianError as error:
        return failed(error)


def failed(error: VitruvianError) -> Json:
    """The entry that says what was wrong with one."""
    return {"response": {"status": str(status_of(error)), "outcome": outcome_of_error(error)}}
