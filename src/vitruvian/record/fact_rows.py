"""Facts as rows of table `fact`, and back: what can be searched lies open, the rest is sealed.

The seal binds what lies open: a row of which any column was changed or exchanged does not open.
"""

from __future__ import annotations

from typing import Any

import orjson

from vitruvian.core import DataError, stable_id
from vitruvian.record import schema
from vitruvian.record.fact import Draft, Fact, SourceRecord
from vitruvian.record.sealing import Cipher

FUTURE_SKEW_MS = 24 * 3600 * 1000
_PLANS = frozenset(
    {"medication_request", "resource", "care_plan", "appointment", "goal", "service_request", "consent", "coverage"}
)
"""Kinds that may well begin in the future."""
_OPEN = schema.fact.columns.keys().index("sealed")
"""Number of columns that lie open: all before the last one."""
_STRUCTURAL = ("entry[", "line[", "record[", "element[", "message[")


def resource_id(record: SourceRecord) -> str:
    """Id of one version of one source record."""
    return stable_id(record.kind, record.source, record.source_id, record.version, record.subject)


def line_id(record: SourceRecord) -> str:
    """Id that all versions of one source record share."""
    return stable_id(record.kind, record.source, record.source_id, record.subject)


def is_structural(place: str) -> bool:
    """Whether a place is made of element names and numbers only, so that it may lie open; others (a sample, a sheet)
    hold words of the file, which may name a person."""
    return not place or place.startswith(_STRUCTURAL)


def fact_id(resource: str, draft: Draft, index: int) -> str:
    """Id of a fact: the record's version and the place in it; independent of whose it is said to be later."""
    return stable_id(resource, draft.path, str(index))


def fact_row(
    resource: str, record: SourceRecord, draft: Draft, index: int, prov: int, now: int, cipher: Cipher
) -> tuple[Any, ...]:
    """One row of table `fact`, in the order of its columns; a start later than the clock is flagged."""
    start, end, flags = draft.start, draft.end, draft.flags
    if start is not None and start.ms > now + FUTURE_SKEW_MS and draft.kind not in _PLANS:
        flags = (*flags, "future")
    key = fact_id(resource, draft, index)
    path, structural = record.place + draft.path, is_structural(record.place)
    hidden = (
        draft.display,
        draft.value,
        draft.unit,
        draft.value_raw,
        draft.unit_raw,
        draft.value_code,
        draft.value_text,
        draft.detail or None,
        *(() if structural else (path,)),
    )
    shown = (
        key,
        resource,
        record.subject,
        draft.kind,
        draft.system,
        draft.code,
        None if start is None else start.ms,
        None if end is None else end.ms,
        None if start is None else start.offset,
        None if start is None else start.precision,
        draft.known_ms if draft.known_ms is not None else record.known_ms,
        draft.status,
        " ".join(flags),
        draft.supersedes,
        draft.basis,
        prov,
        path if structural else "",
    )
    return *shown, cipher.seal(orjson.dumps(hidden), orjson.dumps(shown))


def hidden_of(row: Any, cipher: Cipher) -> list[Any]:
    """The sealed part of a row that begins with all columns of table `fact`; raises `DataError` if it was altered."""
    try:
        found: list[Any] = orjson.loads(cipher.open(row.sealed, orjson.dumps(row[:_OPEN], default=repr)))
    except DataError as error:
        todo = "Restore the record from a backup."
        raise DataError("a row of the record was tampered with", got=f"fact {row.fact!r}", todo=todo) from error
    return found


def open_fact(row: Any, person: str, cipher: Cipher) -> Fact:
    """The fact of a row of table `fact` with `raw_hash` and `parser` of its provenance."""
    display, value, unit, value_raw, unit_raw, value_code, value_text, detail, *path = hidden_of(row, cipher)
    key, _, subject, kind, system, code, start, end, offset, precision, known, status, *rest = row[:_OPEN]
    flags, supersedes, basis, _, place = rest
    return Fact(
        id=key,
        person=person,
        subject=subject,
        kind=kind,
        system=system,
        code=code,
        display=display,
        value=value,
        unit=unit,
        value_raw=value_raw,
        unit_raw=unit_raw,
        value_code=value_code,
        value_text=value_text,
        start_ms=start,
        end_ms=end,
        offset=offset,
        precision=precision,
        known_ms=known,
        status=status,
        flags=tuple(flags.split()),
        supersedes=supersedes,
        basis=basis,
        raw_hash=row.raw_hash,
        parser=row.parser,
        path=path[0] if path else place,
        detail=detail or {},
    )
