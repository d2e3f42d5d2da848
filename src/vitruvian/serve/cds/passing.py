"""Patients of an EHR of whom this record knows nothing: what came with a call is read into a record of its own for a
while, under the caller's rights, and removed. Nothing of it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import monotonic

import orjson

from vitruvian.core import Actor
from vitruvian.record import Patient, Record, scratch_folder
from vitruvian.serve.cds.hook import Json
from vitruvian.serve.problems import TooMany

_MOST, _IDLE_S, _IN_USE_S = 64, 300.0, 60.0


@dataclass
class _Kept:
    record: Record
    folder: TemporaryDirectory[str]
    person: str
    unread: int
    used_s: float

    def close(self) -> None:
        self.record.close()
        self.folder.cleanup()


@dataclass(frozen=True)
class Passer:
    """A patient who is not of this record; `unread` of the resources could not be read."""

    patient: Patient
    unread: int
    key: str
    """The same for the same resources."""


class Passing:
    """The records of such patients, by what came; the same call again finds the work of the last one."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def patient(self, actor: Actor, name: str, entries: Sequence[Json]) -> Passer:
        """The patient whom entries of a Bundle tell of. Raises `TooMany`, `UnknownNameError`, `AccessError`."""
        told = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": list(entries)})
        key = hashlib.sha256(told).hexdigest()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                self._let_go()
                kept = self._kept[key] = _read(name, told)
            kept.used_s = monotonic()
        return Passer(replace(kept.record, actor=actor).patient(kept.person), kept.unread, key)

    def close(self) -> None:
        """Remove all of them."""
        for one in self._kept.values():
            one.close()
        self._kept.clear()

    def _let_go(self) -> None:
        """Remove those that nobody asked for lately, and where there are too many the one asked for longest ago."""
        now = monotonic()
        gone = [key for key, one in self._kept.items() if now - one.used_s > _IDLE_S]
        if len(self._kept) - len(gone) >= _MOST:
            oldest = min(self._kept, key=lambda key: self._kept[key].used_s)
            if now - self._kept[oldest].used_s < _IN_USE_S:
                raise TooMany(round(_IN_USE_S))
            gone.append(oldest)
        for key in dict.fromkeys(gone):
            self._kept.pop(key).close()


def _read(name: str, bundle: bytes) -> _Kept:
    folder = scratch_folder()
    with ExitStack() as stack:
        stack.callback(folder.cleanup)
        file = Path(folder.name) / "sent.json"
        file.write_bytes(bundle)
        here = Path(folder.name)
        record = Record.open(here / "passing.db", blobs=here / "blobs", keys=here / "keys")
        stack.callback(record.close)
        report = record.ingest(file)
        record.patient(name)
        stack.pop_all()
    return _Kept(record, folder, name, report.quarantined, monotonic())
