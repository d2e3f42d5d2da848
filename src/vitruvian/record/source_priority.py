"""Several sources of one signal: which counts when. Pure functions of columns.

Rows are kept; what a lower source says while a higher one also says something is not counted a second time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.core import InputError

if TYPE_CHECKING:
    import polars as pl
    from jaxtyping import Float, Int

_WATCH = re.compile(
    r"watch|band|ring|wear|fitbit|garmin|polar|oura|whoop|suunto|coros|withings|amazfit|forerunner", re.I
)
_PHONE = re.compile(r"phone|pixel(?! watch)|galaxy s|android|xperia|oneplus", re.I)


def ranked(sources: Sequence[str], priority: Sequence[str] = ()) -> list[str]:
    """Sources, the one that counts first first: those named in `priority` (whole name or a part of it), then watches
    and other worn devices, phones, all others; by name within each.

    Raises `InputError` for an empty name.
    """
    if any(not one.strip() for one in priority):
        raise InputError("a source priority is empty", got=list(priority), allowed=f"names from {sorted(sources)}")
    return sorted(set(sources), key=lambda name: (*_rank(name, priority), name))


def _rank(name: str, priority: Sequence[str]) -> tuple[int, int]:
    lowered = name.lower()
    named = next((k for k, one in enumerate(priority) if one.lower() in lowered), len(priority))
    return named, 0 if _WATCH.search(name) else 1 if _PHONE.search(name) else 2


def share(start: Int[np.ndarray, N], end: Int[np.ndarray, N], rank: Int[np.ndarray, N]) -> Float[np.ndarray, N]:
    """Fraction (0 to 1) of each sample's time in which no source of a smaller `rank` says anything.

    A sample of one moment counts wholly, or not at all where a higher source covers that moment.
    """
    counts = np.ones(len(start))
    spans = np.empty((0, 2), np.int64)
    for one in np.unique(rank):
        mine = rank == one
        if len(spans):
            counts[mine] = 1.0 - _covered(start[mine], end[mine], spans)
        spans = _union(np.concatenate([spans, np.stack([start[mine], end[mine]], axis=1)]))
    return counts


def _union(spans: Int[np.ndarray, "n 2"]) -> Int[np.ndarray, "m 2"]:
    """The same times as spans that do not touch, in order."""
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    first = np.concatenate([[True], spans[1:, 0] > reach[:-1]])
    last = np.concatenate([first[1:], [True]])
    return np.stack([spans[first, 0], reach[last]], axis=1)


def _covered(start: Int[np.ndarray, N], end: Int[np.ndarray, N], spans: Int[np.ndarray, "m 2"]) -> Float[np.ndarray, N]:
    """Fraction of each start..end that lies within the spans."""
    edges = spans.ravel()
    lengths = np.concatenate([[0], np.cumsum(spans[:, 1] - spans[:, 0])])
    totals = np.repeat(lengths, 2)[1:-1].astype(np.float64)
    inside = np.interp(end, edges, totals) - np.interp(start, edges, totals)
    place = np.searchsorted(spans[:, 0], start, side="right") - 1
    place = np.maximum(place, 0)
    touched = (start == spans[place, 0]) | ((start > spans[place, 0]) & (start < spans[place, 1]))
    length = (end - start).astype(np.float64)
    return np.where(length > 0, inside / np.maximum(length, 1.0), touched.astype(np.float64))


def with_priority(samples: pl.DataFrame, priority: Sequence[str] = ()) -> pl.DataFrame:
    """`samples` (start, end, value, source …) with the columns `share` (see there) and `counted` = value × share."""
    import polars as pl

    order = {name: k for k, name in enumerate(ranked(samples["source"].unique().to_list(), priority))}
    rank = samples["source"].replace_strict(order, return_dtype=pl.Int32).to_numpy()
    counts = share(samples["start"].to_numpy(), samples["end"].to_numpy(), rank)
    return samples.with_columns(share=pl.Series(counts), counted=samples["value"] * pl.Series(counts))
