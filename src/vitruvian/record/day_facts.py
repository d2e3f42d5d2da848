"""Days of a signal as facts, so that a timeline holds everything in one form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vitruvian.core import stable_id
from vitruvian.record.fact import Fact
from vitruvian.tables.codes import LOINC
from vitruvian.tables.signals import signals

if TYPE_CHECKING:
    import polars as pl

DAY_MS = 86_400_000
_UNIX = 719_163
"""Ordinal of 1970-01-01."""


def day_facts(person: str, signal: str, table: pl.DataFrame) -> Iterator[Fact]:
    """One fact of kind "day" for each local day of `days` with a value; how it was made stands in `detail`.

    Its start is the first moment of the local date, as for any date without a time, and its precision is "day".
    """
    known = signals().get(signal)
    for row in table.iter_rows(named=True):
        if row["value"] is None:
            continue
        start = (row["date"].toordinal() - _UNIX) * DAY_MS
        yield Fact(
            id=stable_id(person, "day", signal, str(row["date"])),
            person=person,
            subject=person,
            kind="day",
            system=LOINC if known is not None and known.loinc else "",
            code=known.loinc or signal if known is not None else signal,
            display=known.title if known is not None else signal,
            value=row["value"],
            unit=row["unit"],
            value_raw=None,
            unit_raw=None,
            value_code=None,
            value_text=None,
            start_ms=start,
            end_ms=start + DAY_MS,
            offset=None,
            precision="day",
            known_ms=start + DAY_MS,
            status="final",
            flags=(),
            supersedes=None,
            basis="derived",
            raw_hash="",
            parser="days",
            path=signal,
            detail={name: row[name] for name in ("low", "high", "samples", "left_out", "sources")},
        )
