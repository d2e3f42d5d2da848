"""Answers that the server keeps: sealed under the person's key, and shown only to who may still see the same.

The store holds no clinical value in the open; when a person is erased, their key goes, and with it what is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from vitruvian.core import UnknownNameError
from vitruvian.record import Patient, Record
from vitruvian.serve.caller import Caller

SERVER = "@server"
"""Owner of what is about nobody, or about many."""
Json = dict[str, Any]


def sealed(record: Record, owner: str, place: str, told: Mapping[str, Any]) -> bytes:
    """JSON under the key of a subject, or of `SERVER`; `place` names where it lies."""
    if owner == SERVER:
        record.keys.make([SERVER])
    text = orjson.dumps(told, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    return record.keys.cipher(owner).seal(text, place.encode())


def opened(record: Record, owner: str, place: str, data: bytes) -> Json:
    """What was sealed; raises `DataError` once the key is gone."""
    found: Json = orjson.loads(record.keys.cipher(owner).open(data, place.encode()))
    return found


def owner_of(patient: Patient) -> str:
    """Under whose key what is about a person is sealed."""
    return patient.subjects[0]


def mark_of(caller: Caller, person: str) -> str:
    """What the caller may see of a person now, in one word; "" for nobody's. Raises `UnknownNameError`."""
    return caller.record.rights_mark(caller.patient(person).id) if person else ""


def may_see(caller: Caller, person: str, mark: str) -> bool | None:
    """Whether the caller may see what was kept of a person; None where it is not even known that they exist."""
    try:
        return mark_of(caller, person) == mark
    except UnknownNameError:
        return None


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
