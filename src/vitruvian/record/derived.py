"""What a method derived, as a file and a source record of its own: method, version, inputs, facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import orjson

from vitruvian.core import content_hash
from vitruvian.record.fact import Draft, SourceRecord
from vitruvian.record.formats import RawFile
from vitruvian.record.scratch import scratch_folder


@contextmanager
def derivation(
    person: str, subject: str, drafts: Sequence[Draft], method: str, version: str, inputs: Sequence[str], now: int
) -> Iterator[tuple[RawFile, SourceRecord]]:
    """The file (temporary) and the record that says what `method` derived of `person` from the facts `inputs`."""
    kept = tuple(replace(one, basis="derived") for one in drafts)
    facts = [asdict(one) for one in kept]
    content = {"method": method, "version": version, "inputs": sorted(inputs), "facts": facts}
    data = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    digest = content_hash(data)[:32]
    one = SourceRecord("derived", method, person, digest, f"{now:016d}", subject, "", kept, known_ms=now)
    with scratch_folder() as folder:
        path = Path(folder) / f"{method}.json"
        path.write_bytes(data)
        yield RawFile(path), one
