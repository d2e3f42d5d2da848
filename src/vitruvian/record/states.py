"""A twin's state: a summary (JSON) and arrays (npz), sealed under the person's key."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, insert, select

from vitruvian.core import now_ms, stable_id
from vitruvian.record import schema
from vitruvian.record.blobs import BlobStore
from vitruvian.record.keys import KeyRing

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class TwinState:
    """What a twin learned of one person: model, version, the time up to which data were used, summary, arrays."""

    id: str
    person: str
    model: str
    version: str
    cutoff_ms: int
    created_ms: int
    summary: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_state(connection: Connection, keys: KeyRing, blobs: BlobStore, subject: str, state: TwinState) -> TwinState:
    """Keep a state under the key of `subject`; gives it with its id and the time it was kept."""
    now = now_ms()
    raw_hash = blobs.put(subject, _pack(state.arrays)) if state.arrays else None
    text = orjson.dumps(dict(state.summary), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS)
    named = (state.person, state.model, state.version, str(state.cutoff_ms), str(now), text.decode(), raw_hash or "")
    key = stable_id(*named)
    row: dict[str, Any] = {
        "state": key,
        "person": state.person,
        "subject": subject,
        "model": state.model,
        "version": state.version,
    }
    row |= {"cutoff_ms": state.cutoff_ms, "created_ms": now, "raw_hash": raw_hash}
    connection.execute(insert(schema.state).values(**row, sealed=keys.cipher(subject).seal(text, key.encode())))
    return TwinState(
        key, state.person, state.model, state.version, state.cutoff_ms, now, dict(state.summary), dict(state.arrays)
    )


def states_of(person: str, model: str, version: str | None = None, until_ms: int | None = None) -> Any:
    """Query of the states of a person for a model, the newest first (data cut-off, then time kept)."""
    table = schema.state
    query = select(table).where(table.c.person == person, table.c.model == model)
    if version is not None:
        query = query.where(table.c.version == version)
    if until_ms is not None:
        query = query.where(table.c.cutoff_ms <= until_ms)
    return query.order_by(table.c.cutoff_ms.desc(), table.c.created_ms.desc())


def open_state(row: Any, keys: KeyRing, blobs: BlobStore) -> TwinState:
    """The state of a row of table `state`."""
    summary = orjson.loads(keys.cipher(row.subject).open(row.sealed, row.state.encode()))
    arrays = _unpack(blobs.get(row.subject, row.raw_hash)) if row.raw_hash else {}
    return TwinState(row.state, row.person, row.model, row.version, row.cutoff_ms, row.created_ms, summary, arrays)


def _pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as npz bytes without pickled objects."""
    import numpy as np

    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **dict(arrays))
    return stream.getvalue()


def _unpack(data: bytes) -> dict[str, np.ndarray]:
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
