"""What was said of a person's glucose, insulin, meals and activity, before it is put on a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import to_datetime, to_ms

if TYPE_CHECKING:
    from vitruvian.record import Patient

SIGNALS = ("glucose", "insulin_bolus", "insulin_basal", "insulin_basal_rate", "carbohydrates", "heart_rate", "steps")
"""Signals of the record that the metabolic twin reads."""
MINUTE = 60_000
_DAY = 24 * 60 * MINUTE


@dataclass(frozen=True)
class Entries:
    """N entries of one signal: times in ms since 1970 UTC, offset from UTC in minutes, value in the signal's unit."""

    start: Int[np.ndarray, N]
    end: Int[np.ndarray, N]
    offset: Int[np.ndarray, N]
    value: Float[np.ndarray, N]
    source: tuple[str, ...]
    text: tuple[str, ...]

    def only(self, keep: Bool[np.ndarray, N] | Int[np.ndarray, M]) -> Entries:
        """The entries of a mask or of places, in that order."""
        places = np.flatnonzero(keep) if keep.dtype == bool else keep
        return Entries(
            self.start[places],
            self.end[places],
            self.offset[places],
            self.value[places],
            tuple(self.source[k] for k in places),
            tuple(self.text[k] for k in places),
        )

    def __len__(self) -> int:
        return len(self.start)


def nothing_said() -> Entries:
    """No entry."""
    none = np.zeros(0, np.int64)
    return Entries(none, none, none, np.zeros(0), (), ())


def read_record(patient: Patient, since: str | None = None, until: str | None = None) -> dict[str, Entries]:
    """All entries of a person's streams from two days before `since` (insulin still acts) to `until`.

    A date without time is a local day, `until` included. Entries whose flags tell of a wrong or missing unit come with
    the value NaN.
    """
    first = None if since is None else to_datetime(to_ms(since) - 3 * _DAY).isoformat()
    last = None if until is None else to_datetime(to_ms(until) + 2 * _DAY).isoformat()
    there = set(patient.signals())
    found = {}
    for signal in SIGNALS:
        if signal in there:
            table = patient.samples(signal, first, last)
            doubtful = table["flags"].str.contains("unit|no_value|reversed|future").to_numpy()
            value = table["value"].fill_null(float("nan")).to_numpy()
            found[signal] = Entries(
                table["start"].dt.epoch("ms").to_numpy(),
                table["end"].dt.epoch("ms").to_numpy(),
                table["offset"].fill_null(0).to_numpy().astype(np.int64),
                np.where(doubtful, np.nan, value),
                tuple(table["source"].to_list()),
                tuple(one or "" for one in table["text"].to_list()),
            )
    return found


def latest_offset(entries: Mapping[str, Entries]) -> tuple[Int[np.ndarray, N], Int[np.ndarray, N]]:
    """Moments (ms) and the person's offset from UTC (minutes) told then, in order of time."""
    some = [one for one in entries.values() if len(one)]
    if not some:
        return np.zeros(1, np.int64), np.zeros(1, np.int64)
    start = np.concatenate([one.start for one in some])
    order = np.argsort(start, kind="stable")
    return start[order], np.concatenate([one.offset for one in some])[order]
