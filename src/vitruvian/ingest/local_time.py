"""Local times without an offset → UTC and the offset, for whole columns: daylight saving loses and doubles nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from vitruvian.record import NO_OFFSET

if TYPE_CHECKING:
    from jaxtyping import Int

_QUARTER = 15 * 60_000
_EPOCH = datetime(1970, 1, 1)
_MINUTE = 60_000
_SIX_HOURS = 6 * 3600_000


def local_to_utc(local: Int[np.ndarray, N], zone: ZoneInfo | None) -> tuple[Int[np.ndarray, N], Int[np.ndarray, N]]:
    """(ms UTC, offset in minutes) of local times (ms as if UTC), given in the order of the file.

    Without a zone the times stay as they are, with `NO_OFFSET`. In the hour that comes twice when clocks go back, a
    time that lies before the one above it in the file (newest first: after it) begins the second pass; in a file that
    is in no order of time all are of the first pass. A time that clocks jumped over is read with the offset before.
    """
    local = np.asarray(local, np.int64)
    if zone is None or not len(local):
        return local, np.full(len(local), NO_OFFSET if zone is None else 0, np.int16)
    quarters, where = np.unique(local // _QUARTER, return_inverse=True)
    first = np.array([_offset(int(q) * _QUARTER, zone, 0) for q in quarters], np.int64)
    second = np.array([_offset(int(q) * _QUARTER, zone, 1) for q in quarters], np.int64)
    twice = second < first  # clocks went back
    offset = first[where]
    if twice.any():
        late = _second_pass(local, twice[where])
        offset = np.where(late, second[where], offset)
    return local - offset * _MINUTE, offset.astype(np.int16)


def utc_offsets(utc: Int[np.ndarray, N], zone: ZoneInfo | None) -> Int[np.ndarray, N]:
    """Offsets (minutes) of a zone at moments in UTC; zeros without a zone."""
    utc = np.asarray(utc, np.int64)
    if zone is None or not len(utc):
        return np.zeros(len(utc), np.int16)
    quarters, where = np.unique(utc // _QUARTER, return_inverse=True)
    found = [_minutes(datetime.fromtimestamp(int(q) * _QUARTER / 1000, UTC).astimezone(zone)) for q in quarters]
    return np.array(found, np.int16)[where]


def _second_pass(local: Int[np.ndarray, N], twice: np.ndarray) -> np.ndarray:
    """Which times of the doubled hour are of its second pass; none where the file is in no order of time."""
    ascending = local[-1] >= local[0]
    times, doubled = (local, twice) if ascending else (local[::-1], twice[::-1])
    late = np.zeros(len(local), bool)
    if (np.diff(times[~doubled]) < 0).any():
        return late
    back, newest = False, None
    for k in np.flatnonzero(doubled):
        if newest is not None and times[k] - newest > _SIX_HOURS:
            back = False  # another year's doubled hour
        elif newest is not None and times[k] < newest:
            if back:
                return np.zeros(len(local), bool)
            back = True
        late[k], newest = back, times[k]
    return late if ascending else late[::-1]


def _offset(local: int, zone: ZoneInfo, fold: int) -> int:
    try:
        moment = (_EPOCH + timedelta(milliseconds=local)).replace(tzinfo=zone, fold=fold)
    except OverflowError:
        return 0
    return _minutes(moment)


def _minutes(moment: datetime) -> int:
    offset = moment.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)


def parse_local(texts: Iterable[str], form: str) -> tuple[Int[np.ndarray, N], np.ndarray]:
    """(ms as if UTC, whether it was read) of times written like `form` (a chrono format, "%m/%d/%y %H:%M:%S")."""
    import polars as pl

    column = pl.Series(list(texts), dtype=pl.String).str.strip_chars()
    found = column.str.to_datetime(form, time_unit="ms", strict=False)
    read = found.is_not_null().to_numpy()
    return found.dt.epoch("ms").fill_null(0).to_numpy().astype(np.int64), read
