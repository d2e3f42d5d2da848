"""Stretches of people's time in which nothing that a model takes changed, each ended by an event or by none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError
from vitruvian.learn.shapes import Feature, Rows


@dataclass(frozen=True)
class Spells:
    """People's time, cut where a covariate changes: (start, stop] of `person` with these values, then `event`.

    `event` is an index into `events`, 0 where nothing happened at `stop` (the next spell follows, or nobody looked
    further: censored). Competing events have an index each. A person who comes under observation late begins late.

    Raises DataError, with how many rows, for times that are missing or backwards, spells of one person that overlap,
    and spells that go on after an event.
    """

    features: tuple[Feature, ...]
    values: Float[np.ndarray, "spells features"]
    person: Int[np.ndarray, " spells"]
    start: Float[np.ndarray, " spells"]
    stop: Float[np.ndarray, " spells"]
    event: Int[np.ndarray, " spells"]
    events: tuple[str, ...] = ("none", "event")

    def __post_init__(self) -> None:
        n = len(self.values)
        lengths = {len(one) for one in (self.person, self.start, self.stop, self.event)}
        if lengths != {n} or self.values.ndim != 2 or self.values.shape[1] != len(self.features):
            raise DataError("spells of different lengths", got=f"{self.values.shape} and {sorted(lengths)}")
        _demand(np.isfinite(self.start) & np.isfinite(self.stop), "spells without a start or stop")
        _demand(self.start < self.stop, "spells that end before they begin, or as they begin")
        _demand((self.event >= 0) & (self.event < len(self.events)), "spells that end in an event without a name")
        order = np.lexsort((self.start, self.person))
        same = self.person[order][1:] == self.person[order][:-1]
        _demand(~(same & (self.start[order][1:] < self.stop[order][:-1])), "spells that overlap another of that person")
        _demand(~(same & (self.event[order][:-1] > 0)), "events after which that person's time goes on")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def last(self) -> Bool[np.ndarray, " spells"]:
        """Which spells are the last of their person."""
        order = np.lexsort((self.start, self.person))
        found = np.zeros(len(self), bool)
        found[order] = np.append(self.person[order][1:] != self.person[order][:-1], True)
        return found

    def of(self, chosen: np.ndarray) -> Spells:
        """The spells of an index or mask."""
        parts = (self.values[chosen], self.person[chosen], self.start[chosen], self.stop[chosen], self.event[chosen])
        return Spells(self.features, *parts, self.events)


def spells_of(rows: Rows, time: Float[np.ndarray, " rows"], event: np.ndarray, events: tuple[str, ...]) -> Spells:
    """One spell a person: from 0 to `time`, with the values that hold all along."""
    n = len(rows)
    return Spells(rows.features, rows.values, np.arange(n), np.zeros(n), np.asarray(time, float), event, events)


def _demand(right: Bool[np.ndarray, " n"], what: str) -> None:
    if not right.all():
        raise DataError(what, got=f"{int((~right).sum())} of {len(right)}", todo="Correct or leave out these rows.")
