"""Events of any number and in any order to parts on disk, each of whole subjects, in bounded memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import InputError
from vitruvian.study.events.columns import ORDER, checked_events, event_schema
from vitruvian.study.events.events import Events

if TYPE_CHECKING:
    import polars as pl

_HELD = 1_000_000
"""Rows that are collected before they are divided among the parts."""


def write_events(frames: Iterable[pl.DataFrame], folder: str | Path, *, parts: int = 64) -> Events:
    """Events of frames as `parts` Parquet files that only their owner may read; the folder is whole or not there.

    Memory grows with the largest part: take about one for each two million events. Whatever the order of the frames,
    the files are the same. Raises `DataError` as `checked_events` does, `InputError` for a folder that is not empty.
    """
    import polars as pl

    place = empty_place(folder)
    if parts < 1:
        raise InputError("parts of events", got=parts, allowed="1 or more")
    aside = place.with_name(f"{place.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    try:
        _divide(frames, aside, parts)
        for number in range(parts):
            _gather(aside, number)
        if not any(aside.iterdir()):
            pl.DataFrame(schema=event_schema()).write_parquet(aside / "part-00000.parquet")
        aside.replace(place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return Events.open(place)


def empty_place(folder: str | Path) -> Path:
    """Where events may be written; raises `InputError` where something is already."""
    place = Path(folder)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InputError("the place for events is not an empty folder", got=place, todo="Name a new one.")
    return place


def _divide(frames: Iterable[pl.DataFrame], folder: Path, parts: int) -> None:
    """Every event to the pile of its subject's part."""
    held: list[pl.DataFrame] = []
    turn = 0
    for frame in frames:
        held.append(checked_events(frame))
        if sum(one.height for one in held) >= _HELD:
            _pile(held, folder, parts, turn)
            held, turn = [], turn + 1
    if held:
        _pile(held, folder, parts, turn)


def _pile(held: list[pl.DataFrame], folder: Path, parts: int, turn: int) -> None:
    import polars as pl

    whole = pl.concat(held).with_columns((pl.col("subject_id").hash(0) % parts).alias("part"))
    for (number,), rows in whole.partition_by("part", as_dict=True, include_key=False).items():
        rows.write_parquet(folder / f"pile-{number:05}-{turn:06}.parquet", compression="lz4")


def _gather(folder: Path, number: int) -> None:
    """One part from its piles, in order."""
    import polars as pl

    piles = sorted(folder.glob(f"pile-{number:05}-*.parquet"))
    if piles:
        rows = pl.concat([pl.read_parquet(one) for one in piles]).sort(ORDER)
        rows.write_parquet(folder / f"part-{number:05}.parquet", compression="zstd", compression_level=1)
        for one in piles:
            one.unlink()
