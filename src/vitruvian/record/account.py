"""The account of what came in: records in = stored + duplicate + quarantined, by count and by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COUNTS = ("records_in", "stored", "duplicate", "quarantined")


@dataclass(frozen=True)
class IngestReport:
    """What became of every record that came in: records_in = stored + duplicate + quarantined.

    A sample of a stream counts as one record; its id is that of the chunk it went into. `by_format` has the same four
    counts for each format.
    """

    records_in: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    by_format: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stored_ids: tuple[str, ...] = ()
    duplicate_ids: tuple[str, ...] = ()
    quarantined_ids: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    def __add__(self, other: IngestReport) -> IngestReport:
        formats = {name: dict(counts) for name, counts in self.by_format.items()}
        for name, counts in other.by_format.items():
            before = formats.get(name, {})
            formats[name] = {one: before.get(one, 0) + counts[one] for one in COUNTS}
        return IngestReport(
            self.records_in + other.records_in,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            formats,
            self.stored_ids + other.stored_ids,
            self.duplicate_ids + other.duplicate_ids,
            self.quarantined_ids + other.quarantined_ids,
            self.problems + other.problems,
            tuple(dict.fromkeys(self.people + other.people)),
        )

    def to_json(self) -> dict[str, Any]:
        """The counts, the problems in words, and whose records they were."""
        return {name: getattr(self, name) for name in COUNTS} | {
            "by_format": {name: dict(counts) for name, counts in self.by_format.items()},
            "people": list(self.people),
            "problems": list(self.problems),
        }
