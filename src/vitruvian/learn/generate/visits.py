"""Courses of people: what is the same all along, and what is measured or happens at each visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError
from vitruvian.learn.shapes import Feature, Rows


@dataclass(frozen=True)
class Courses:
    """N people: baseline rows, and at each of T visits values (NaN: not measured), events, and whether they came.

    Who misses a visit (`there` false) has neither values nor events then, and none later: courses end, they do not
    pause. Raises DataError, with how many people, where this does not hold.
    """

    baseline: Rows
    visits: tuple[str, ...]
    features: tuple[Feature, ...]
    values: Float[np.ndarray, "people visits features"]
    events: tuple[str, ...]
    happened: Bool[np.ndarray, "people visits events"]
    there: Bool[np.ndarray, "people visits"]

    def __post_init__(self) -> None:
        n, t = len(self.baseline), len(self.visits)
        shapes = (self.values.shape, self.happened.shape, self.there.shape)
        if shapes != ((n, t, len(self.features)), (n, t, len(self.events)), (n, t)):
            raise DataError("courses of different shapes", got=str(shapes), allowed=f"{n} people, {t} visits")
        if any(one.kind != "number" for one in self.features):
            raise DataError("what is measured at a visit is a number", todo="Make a category a baseline or an event.")
        back = (np.diff(self.there.astype(int), axis=1) > 0).any(1)
        if back.any():
            raise DataError("people who come back after a missed visit", got=f"{int(back.sum())} of {n}")
        ghost = (~self.there[:, :, None] & np.isfinite(self.values)).any((1, 2)) | (
            ~self.there[:, :, None] & self.happened
        ).any((1, 2))
        if ghost.any():
            raise DataError("people with values or events at visits they missed", got=f"{int(ghost.sum())} of {n}")

    def __len__(self) -> int:
        return len(self.baseline)

    def of(self, chosen: np.ndarray) -> Courses:
        """Some of the people."""
        rows = Rows(self.baseline.features, self.baseline.values[chosen])
        parts = (self.values[chosen], self.events, self.happened[chosen], self.there[chosen])
        return Courses(rows, self.visits, self.features, *parts)

    def flat(self) -> Float[np.ndarray, "people columns"]:
        """Each person as one row of numbers: baseline, values, events and presence of all visits."""
        n = len(self)
        parts = (self.values.reshape(n, -1), self.happened.reshape(n, -1), self.there)
        return np.concatenate([self.baseline.values, *(one.astype(float) for one in parts)], axis=1)
