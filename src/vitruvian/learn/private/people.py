"""Whose each window or row is: the unit of privacy is the person, never the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.private.randomness import Coins


@dataclass(frozen=True)
class Owners:
    """Rows ordered by person: those of person p are `order[start[p] : start[p] + count[p]]`."""

    order: Int[np.ndarray, " rows"]
    start: Int[np.ndarray, " people"]
    count: Int[np.ndarray, " people"]
    of_row: Int[np.ndarray, " rows"]

    def __len__(self) -> int:
        return len(self.count)

    def weight(self, most: int = 1) -> Float[np.ndarray, " rows"]:
        """What each row counts: up to `most` rows of a person alike, more share as much; nobody's sum exceeds 1."""
        return 1.0 / np.maximum(self.count, most)[self.of_row]

    def rows_of(
        self, people: Int[np.ndarray, " n"], most: int, coins: Coins
    ) -> tuple[Int[np.ndarray, "n most"], Float[np.ndarray, "n most"]]:
        """At most `most` rows of each person, from a random place on, and weights that sum to 1 for a person."""
        count = self.count[people]
        begin = (coins.words((len(people),)) % np.uint64(2**31)).astype(np.int64) % count
        begin[count <= most] = 0
        at = np.arange(most)
        taken = self.order[self.start[people][:, None] + (begin[:, None] + at) % count[:, None]]
        weight = (at < count[:, None]) / np.minimum(count, most)[:, None]
        return taken, weight


def owners(people: Sequence[str] | np.ndarray) -> Owners:
    """Rows by the ids of their people; raises `DataError` for no rows, or a row of nobody."""
    ids = np.asarray(people, dtype=str)
    if ids.ndim != 1 or len(ids) == 0:
        raise DataError("whose each row is", got=f"an array of shape {ids.shape}", allowed="one id for each row")
    nobody = int((np.char.str_len(ids) == 0).sum())
    if nobody:
        raise DataError("rows without a person", got=f"{nobody} of {len(ids)} rows", todo="Say whose they are.")
    _, of_row, count = np.unique(ids, return_inverse=True, return_counts=True)
    return Owners(np.argsort(of_row, kind="stable"), np.cumsum(count) - count, count, of_row)


def at_least_two(whose: Owners) -> None:
    """Raise `InputError` where one person stands alone: nothing can hide them."""
    if len(whose) < 2:
        raise InputError("privacy needs people to hide among", got=f"{len(whose)} person", allowed="two or more")
