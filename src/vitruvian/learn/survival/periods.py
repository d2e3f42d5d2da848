"""People's time cut at the same edges for all: who was at risk in each interval, and what happened in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import InputError
from vitruvian.learn.shapes import Feature
from vitruvian.learn.survival.spells import Spells


@dataclass(frozen=True)
class Periods:
    """One row for each person and interval begun under observation, with the values known as it began.

    `outcome`: 0 where the interval was seen to its end without an event. An interval that began unobserved, or was left
    before its end, says nothing; `unused` counts the events before the last edge that were lost so.
    """

    features: tuple[Feature, ...]
    edges: Float[np.ndarray, " edges"]
    values: Float[np.ndarray, "rows features"]
    interval: Int[np.ndarray, " rows"]
    outcome: Int[np.ndarray, " rows"]
    person: Int[np.ndarray, " rows"]
    events: tuple[str, ...]
    unused: int


def periods(spells: Spells, edges: Float[np.ndarray, " edges"]) -> Periods:
    """Cut spells at edges. Raises InputError for edges that do not rise, or fewer than two."""
    edges = np.asarray(edges, float)
    if edges.ndim != 1 or len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise InputError("edges of intervals", got=str(edges)[:60], allowed="two or more, rising")
    end, event = _ends(spells)
    first = np.searchsorted(edges[:-1], spells.start, side="left")
    stop = np.searchsorted(
        edges[:-1], spells.stop, side="left"
    )  # edges in [start, stop): a value is known from its start
    count = np.maximum(stop - first, 0)
    row = np.repeat(np.arange(len(spells)), count)
    interval = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    inside = end[row] <= edges[1:][interval]
    outcome = np.where(inside, event[row], 0)
    kept = ~inside | (event[row] > 0) | (end[row] == edges[1:][interval])
    row, interval, outcome = row[kept], interval[kept], outcome[kept]
    unused = int(((spells.event > 0) & (spells.stop <= edges[-1])).sum() - (outcome > 0).sum())
    return Periods(
        spells.features, edges, spells.values[row], interval, outcome, spells.person[row], spells.events, unused
    )


def _ends(spells: Spells) -> tuple[np.ndarray, np.ndarray]:
    """For each spell, when its person's unbroken observation ends, and in what."""
    order = np.lexsort((spells.start, spells.person))
    person, start, stop = spells.person[order], spells.start[order], spells.stop[order]
    anew = (person[1:] != person[:-1]) | (start[1:] != stop[:-1])
    stretch = np.append(0, np.cumsum(anew))
    last = np.append(np.flatnonzero(anew), len(order) - 1)[stretch]
    ends, events = np.empty_like(stop), np.empty_like(spells.event)
    ends[order], events[order] = stop[last], spells.event[order][last]
    return ends, events
