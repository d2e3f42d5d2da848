"""From a record to events: what the actor may see of everybody, each fact with the time at which it was known."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vitruvian.core import InputError
from vitruvian.record import Record, scan_visible
from vitruvian.study.events.events import Events
from vitruvian.study.events.fact_events import fact_events
from vitruvian.study.events.sample_events import sample_events
from vitruvian.study.events.writing import empty_place, write_events

if TYPE_CHECKING:
    import polars as pl

Known = Literal["stated", "at once"]


@dataclass(frozen=True)
class RecordEvents:
    """Events of a record, and how many facts are no event, by kind and reason."""

    events: Events
    left_out: Mapping[str, int]


def record_events(
    record: Record,
    folder: str | Path,
    *,
    signals: Collection[str] = (),
    known: Known = "stated",
    parts: int = 64,
) -> RecordEvents:
    """Write the events of everybody whom the record's actor may see to a folder, as `write_events` does.

    Facts as they are now, without void ones; of streams the samples of `signals`. With `known` "stated" an event counts
    from when its source says that it was known; "at once" trusts that things were known when they happened, for a
    record whose dates of knowing are those of a later copy. The folder is an extract: what is withdrawn or erased later
    stays in it, so delete it after use. Raises as `scan_visible` and `write_events` do.
    """
    if known not in ("stated", "at once"):
        raise InputError("when things were known", got=known, allowed="stated, at once")
    place, left_out = empty_place(folder), Counter[str]()
    aside = place.with_name(f"{place.name}.read")
    shutil.rmtree(aside, ignore_errors=True)

    def work(frames: Iterator[tuple[str, pl.DataFrame]]) -> Events:
        return write_events((_events(*one, signals, known, left_out) for one in frames), aside, parts=parts)

    try:
        scan_visible(record, ("facts", "samples") if signals else ("facts",), work)
        aside.replace(place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return RecordEvents(Events.open(place), {reason: count for reason, count in left_out.items() if count})


def _events(
    table: str, frame: pl.DataFrame, signals: Collection[str], known: Known, left_out: Counter[str]
) -> pl.DataFrame:
    if table == "samples":
        return sample_events(frame, signals, left_out)
    return fact_events(frame, left_out, at_once=known == "at once")
