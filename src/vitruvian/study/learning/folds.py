"""Parts of people for cross-validation: no person in two parts, the event about as often in each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from vitruvian.core import DataError


def folds_of(
    people: Sequence[str], label: Bool[np.ndarray, " rows"], count: int, seed: int
) -> Int[np.ndarray, " rows"]:
    """The part of each row, 0 to count - 1: people with and without any event are dealt out in turn.

    Raises DataError where fewer people than parts have the event, or lack it.
    """
    _, person = np.unique(np.asarray(people), return_inverse=True)
    ever = np.bincount(person, label) > 0
    if min(ever.sum(), (~ever).sum()) < count:
        got = f"{int(ever.sum()):,} people with the event of {len(ever):,}"
        raise DataError("too few people for cross-validation", got=got, allowed=f"at least {count} with and without")
    draw = np.random.default_rng(seed)
    part = np.empty(len(ever), np.int64)
    for those in (np.flatnonzero(ever), np.flatnonzero(~ever)):
        part[draw.permutation(those)] = np.arange(len(those)) % count
    return part[person]


def split_hash(ids: Sequence[str], part: Int[np.ndarray, " rows"]) -> str:
    """SHA-256 of which row is in which part."""
    lines = sorted(f"{one}\t{int(where)}" for one, where in zip(ids, part, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def held_back(people: Sequence[str], share: int = 5) -> Bool[np.ndarray, " rows"]:
    """Rows of about one in `share` people, always the same ones by their id: a test part without a file of its own."""
    chosen = {one: int(hashlib.sha256(one.encode()).hexdigest(), 16) % share == 0 for one in set(people)}
    return np.array([chosen[one] for one in people])
