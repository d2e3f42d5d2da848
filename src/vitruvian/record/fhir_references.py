"""References inside a Bundle, written as a server would: "urn:uuid:…" of an entry becomes "Type/id"."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

_REFERENCE = re.compile(rb'("reference"\s*:\s*")(urn:uuid:[^"]+)')


def ids_of(content: bytes) -> dict[str, str]:
    """ "Type/id" of the entries of a bundle, or of a person's part of one, that go by a UUID in it."""
    if b"urn:uuid:" not in content or b'"entry' not in content:
        return {}
    try:
        whole = orjson.loads(content)
    except orjson.JSONDecodeError:  # lines: they have no entries
        return {}
    named = whole.get("entry") if isinstance(whole.get("entry"), list) else whole.values()
    entries = [(one.get("fullUrl"), one.get("resource") or {}) for one in named if isinstance(one, dict)]
    return {url: f"{one['resourceType']}/{one['id']}" for url, one in entries if url and "id" in one}


def resolved(content: bytes, ids: Mapping[str, str]) -> bytes:
    """The resource with references inside the bundle as "Type/id"; all else byte for byte."""
    return _REFERENCE.sub(lambda found: found[1] + _written(found[2], ids), content) if ids else content


def refers_by_uuid(content: bytes) -> bool:
    """Whether a resource refers to something by a UUID of its bundle."""
    return _REFERENCE.search(content) is not None


def _written(reference: bytes, ids: Mapping[str, str]) -> bytes:
    return ids.get(reference.decode(), reference.decode()).encode()
