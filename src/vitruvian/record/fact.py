"""A fact, and what a format hands over before it becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from vitruvian.core import DataError, Instant, Quantity, to_datetime

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float, Int

Basis = Literal["measured", "extracted", "derived"]
VOID_STATUS = frozenset({"entered-in-error", "cancelled", "not-done"})
UNTRUSTED = frozenset({"no_unit", "wrong_unit", "future", "no_value"})


@dataclass(frozen=True, slots=True)
class Draft:
    """One statement read from a source record; `path` is its place inside that record."""

    kind: str
    system: str = ""
    code: str = ""
    display: str = ""
    path: str = ""
    value: float | None = None
    unit: str | None = None
    value_raw: float | None = None
    unit_raw: str | None = None
    value_code: str | None = None
    value_text: str | None = None
    start: Instant | None = None
    end: Instant | None = None
    known_ms: int | None = None
    status: str = ""
    flags: tuple[str, ...] = ()
    supersedes: str | None = None
    basis: Basis = "measured"
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record of a source (a FHIR resource, a genome) with the facts it states.

    `source` and `source_id` name it for ever, `version` this content of it; `rank` orders versions (text order, the
    greatest is current). `subject` is the person's id at the source, "" for records about nobody.
    """

    kind: str
    source: str
    source_id: str
    version: str
    rank: str
    subject: str
    place: str
    facts: tuple[Draft, ...]
    known_ms: int | None = None
    identifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Samples:
    """N samples of one signal from one device or app, about one person: a batch of a stream.

    `signal` is a name of `tables/signals`, `unit` the unit of `value` as received ("" for a signal that is only text,
    such as a sleep stage; then `value` is NaN). `start` and `end` are milliseconds since 1970 UTC (`end` = `start` for
    a moment), `offset` the UTC offset in minutes as received, `NO_OFFSET` where none was given. `place` locates each
    sample in the file (line, element number or byte, as the format says). A sample is one record of the account.
    """

    subject: str
    signal: str
    source: str
    unit: str
    start: Int[np.ndarray, N]
    end: Int[np.ndarray, N]
    offset: Int[np.ndarray, N]
    value: Float[np.ndarray, N]
    place: Int[np.ndarray, N]
    text: tuple[str, ...] | None = None


NO_OFFSET = -32768


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be accepted: which, where, why, and (if it says so) whose it is."""

    what: str
    place: str
    reason: str
    subject: str = ""


Item = SourceRecord | Samples | Rejected
"""What a format gives, one after the other."""


@dataclass(frozen=True)
class Parsed:
    """All items of one file by kind: records in = len(records) + len(rejected) + samples in all batches."""

    records: tuple[SourceRecord, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    samples: tuple[Samples, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Item]) -> Parsed:
        """Collect what `Format.read` gives."""
        found = tuple(items)
        return cls(
            tuple(one for one in found if isinstance(one, SourceRecord)),
            tuple(one for one in found if isinstance(one, Rejected)),
            tuple(one for one in found if isinstance(one, Samples)),
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """An immutable statement about a person, with unit, time, source and place.

    `value` and `unit` are canonical, `value_raw` and `unit_raw` as received. `flags` name what is doubtful; a fact
    with "no_unit" or "wrong_unit" has no canonical value. `detail` holds what its kind needs beside
    (dose timing, route, reference range, components of a genotype …).
    """

    id: str
    person: str
    subject: str
    kind: str
    system: str
    code: str
    display: str
    value: float | None
    unit: str | None
    value_raw: float | None
    unit_raw: str | None
    value_code: str | None
    value_text: str | None
    start_ms: int | None
    end_ms: int | None
    offset: int | None
    precision: str | None
    known_ms: int | None
    status: str
    flags: tuple[str, ...]
    supersedes: str | None
    basis: str
    raw_hash: str
    parser: str
    path: str
    detail: Mapping[str, Any]

    @property
    def start(self) -> datetime | None:
        """Start with the UTC offset as received."""
        return None if self.start_ms is None else to_datetime(self.start_ms, self.offset)

    @property
    def end(self) -> datetime | None:
        """End with the UTC offset as received."""
        return None if self.end_ms is None else to_datetime(self.end_ms, self.offset)

    @property
    def known(self) -> datetime | None:
        """When it became known."""
        return None if self.known_ms is None else to_datetime(self.known_ms, self.offset)

    @property
    def quantity(self) -> Quantity:
        """Canonical value and unit; raises `DataError` where there is none."""
        if self.value is None or self.unit is None:
            raise DataError(
                f"fact {self.id} has no usable number", got=f"{self.value_raw} {self.unit_raw}, flags {self.flags}"
            )
        return Quantity(self.value, self.unit)

    @property
    def trusted(self) -> bool:
        """Whether a twin may use it: measured or derived (not extracted from text), not void, nothing doubtful."""
        return self.basis != "extracted" and self.status not in VOID_STATUS and not UNTRUSTED.intersection(self.flags)
