"""Reading one person among many: observations by code, at 1,000 and 100,000 people; decryption counted, audit apart."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from bench.timing import Row
from vitruvian.core import Instant
from vitruvian.record import Draft, Format, Item, RawFile, Record, SourceRecord, Told

LIMIT_MS = 1.0
GROWTH = 3.0
CODES = ("2160-0", "718-7")
_LOINC = "http://loinc.org"
_DAY = 86_400_000
_START = 1_577_836_800_000
_EACH = 15  # facts of one code of one person


class People(Format):
    """As many made-up people as the file's text says, each with 15 values of two codes."""

    name = "people"
    version = "1"
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """Never by itself: only this bench passes it."""
        return True

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """The people named by the two numbers in the file."""
        first, last = map(int, file.content.split())
        for person in range(first, last):
            drafts = tuple(_draft(code, k, person) for code in CODES for k in range(_EACH))
            yield SourceRecord("Panel", "bench", f"r{person}", "1", "1", f"p{person}", "", drafts, _START)

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """Nothing: only facts are read here."""
        return b""


def _draft(code: str, k: int, person: int) -> Draft:
    value = 1 + (person * 31 + k * 17) % 100 / 50
    start = Instant(_START + k * 30 * _DAY, 60, "instant")
    return Draft("observation", _LOINC, code, "a test", f".{code}.{k}", value, "mg/dL", value, "mg/dL", start=start)


def rows(people: tuple[int, int], rounds: int) -> list[Row]:
    """Milliseconds of CPU for one person's observations of one code, in the smaller and the larger record."""
    small, large = (_measure(count, rounds) for count in people)
    counts = [f"{count:,}" for count in people]
    said = f"audit commit apart: {small[1]:.2f} ms"
    return [
        Row(
            f"observations by code, {counts[0]} people",
            f"≤ {LIMIT_MS} ms",
            f"{small[0]:.2f} ms",
            small[0] <= LIMIT_MS,
            said,
        ),
        Row(
            f"observations by code, {counts[1]} people",
            f"≤ {GROWTH:.0f} × that",
            f"{large[0]:.2f} ms",
            large[0] <= GROWTH * max(small[0], 1e-9),
            f"{_EACH} facts, decrypted",
        ),
    ]


def _measure(count: int, rounds: int) -> tuple[float, float]:
    """(milliseconds of the read, milliseconds of its audit) on average over random people."""
    with tempfile.TemporaryDirectory() as folder, Record.open(Path(folder) / "bench.db") as record:
        for first in range(0, count, 5000):
            file = Path(folder) / f"{first}.people"
            file.write_text(f"{first} {min(first + 5000, count)}")
            record.ingest(file, formats=[People()])
        rng = random.Random(0)
        chosen = [record.patient(f"p{rng.randrange(count)}") for _ in range(200 * rounds)]
        chosen[0].observations(CODES[0])
        began = time.process_time()
        for person in chosen:
            assert person.observations(CODES[0]).height == _EACH
        whole = (time.process_time() - began) / len(chosen) * 1e3
        began = time.process_time()
        for person in chosen:
            record.commits.run(partial(record._note, action="read", person=person.id, detail={"rows": _EACH}))
        audit = (time.process_time() - began) / len(chosen) * 1e3
    return whole - audit, audit
