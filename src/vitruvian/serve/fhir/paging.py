"""Links to further pages: what was asked and where the page begins, sealed, so that no value of a search lies in a URL.

Rights are judged anew for each page; a link is good for who made it, for an hour.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass

import orjson

from vitruvian.core import DataError, UnknownNameError, now_ms
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.search import Cursor
from vitruvian.serve.identity.seal import opened, sealed
from vitruvian.serve.server import Server

_USE = "fhir page"
_LASTS_MS = 3_600_000


@dataclass(frozen=True)
class Place:
    """A page of a search: `what` names the kind of request, `kind` the type (or person), `pairs` its parameters."""

    what: str
    kind: str
    pairs: tuple[tuple[str, str], ...]
    cursor: Cursor


def link_text(server: Server, caller: Caller, place: Place) -> str:
    """What a link carries."""
    told = [now_ms(), place.what, place.kind, place.pairs, place.cursor.after, place.cursor.last]
    packed = zlib.compress(orjson.dumps(told))
    text = base64.b85encode(packed).decode()
    return base64.urlsafe_b64encode(sealed(server, _USE, caller.account, text)).decode().rstrip("=")


def place_of(server: Server, caller: Caller, text: str) -> Place:
    """The place of a link. Raises `UnknownNameError` for one that is too old, of somebody else, or none."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        packed = base64.b85decode(opened(server, _USE, caller.account, data))
        made, what, kind, pairs, after, last = orjson.loads(zlib.decompress(packed))
    except (DataError, ValueError, binascii.Error) as error:
        raise UnknownNameError("there is no such page", todo="Search again.") from error
    if now_ms() - made > _LASTS_MS:
        raise UnknownNameError("there is no such page", todo="Search again.")
    return Place(what, kind, tuple((name, value) for name, value in pairs), Cursor(after, last))
