"""What stands for an id, and how far a person's dates move: the same in tables, FHIR and DICOM under one key."""

from __future__ import annotations

import hmac
from datetime import date, timedelta
from uuid import UUID

from vitruvian.core import DataError

LEAST_KEY = 16  # bytes


def demand_key(key: bytes) -> None:
    """Raise `DataError` for a key that could be guessed."""
    if len(key) < LEAST_KEY:
        raise DataError("the key is too short", got=f"{len(key)} bytes", allowed=f"{LEAST_KEY} or more")


def pseudonym(key: bytes, value: str) -> str:
    """20 hex digits that stand for an id; nobody without the key can find it from them, or make them from it."""
    return _keyed(key, "id", value).hex()[:20]


def new_uuid(key: bytes, value: str) -> str:
    """A UUID that stands for another."""
    return str(UUID(bytes=_keyed(key, "uuid", value)[:16], version=4))


def new_uid(key: bytes, uid: str) -> str:
    """A UID of DICOM under 2.25 (ISO/IEC 9834-8) that stands for another."""
    return f"2.25.{int.from_bytes(_keyed(key, 'uid', uid)[:16])}" if uid else uid


def shift_of(key: bytes, person: str) -> int:
    """Days by which a person's dates move: 1 to 364 into the past, the same for all that is theirs."""
    return -(1 + int.from_bytes(_keyed(key, "shift", person)[:4]) % 364)


def moved(day: date, days: int) -> date:
    """The day so many days away; raises `DataError` outside the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise DataError("a date at the edge of the calendar cannot move", got=day.isoformat()) from error


def _keyed(key: bytes, use: str, value: str) -> bytes:
    return hmac.new(key, f"{use}\x00{value}".encode(), "sha256").digest()
