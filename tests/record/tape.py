"""A made-up format for tests of streams: JSON lines, each a batch of samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vitruvian.record import Format, Item, RawFile, Samples, Told

MARK = b'{"tape"'


class Tape(Format):
    """{"tape": signal, "source": …, "unit": …, "rows": [[start, end, offset, value, text], …]} for the patient told."""

    name = "tape"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        return head.startswith(MARK)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        assert told.patient is not None
        with file.open() as stream:
            for number, line in enumerate(stream):
                one = json.loads(line)
                start, end, offset, value, text = zip(*one["rows"], strict=True)
                yield Samples(
                    told.patient,
                    one["tape"],
                    one["source"],
                    one["unit"],
                    np.array(start),
                    np.array(end),
                    np.array(offset),
                    np.array([np.nan if v is None else v for v in value], float),
                    np.full(len(start), number),
                    tuple(text),
                )


Row = tuple[int, int, int, float | None, str]


def write_tape(path: Path, *batches: tuple[str, str, str, Sequence[Row]]) -> Path:
    """Write batches (signal, source, unit, rows) as a file."""
    lines = [json.dumps({"tape": s, "source": who, "unit": unit, "rows": rows}) for s, who, unit, rows in batches]
    path.write_text("\n".join(lines))
    return path


def row(start: int, value: float | None, minutes: float = 0, offset: int = 0, text: str = "") -> Row:
    """One sample."""
    return start, start + round(minutes * 60_000), offset, value, text
