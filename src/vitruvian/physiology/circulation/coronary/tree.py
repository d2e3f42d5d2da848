"""A coronary tree: segments from the ostium down, each with at most one narrowing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError

LENGTH, DIAMETER = (0.5, 250.0), (0.5, 8.0)
"""mm; what lies outside is taken for another unit."""
SEVEREST = 0.95
"""Narrowing of the diameter above which no loss law was measured."""


@dataclass(frozen=True)
class Segment:
    """One vessel between branchings; mm. `stenosis` is the part of the diameter that is lost, its middle at `at`."""

    name: str
    parent: str
    length: float
    diameter: float
    stenosis: float = 0.0
    stenosis_length: float = 0.0
    at: float | None = None

    @property
    def throat(self) -> float:
        """Smallest diameter, mm."""
        return self.diameter * (1.0 - self.stenosis)

    def check(self, where: str) -> None:
        """Raises `DataError` with the field and the rule."""
        _within(where, "length", self.length, LENGTH, "mm")
        _within(where, "diameter", self.diameter, DIAMETER, "mm")
        if not 0.0 <= self.stenosis <= SEVEREST:
            raise DataError(
                f"{where}, stenosis", got=self.stenosis, allowed=f"fraction of the diameter, 0 to {SEVEREST}",
                todo="A percentage is divided by 100; an occlusion has no flow reserve.")  # fmt: skip
        if (self.stenosis > 0.0) != (self.stenosis_length > 0.0):
            raise DataError(f"{where}, stenosis_length", got=self.stenosis_length,
                            allowed="above 0 mm where stenosis is above 0, else 0")  # fmt: skip
        if self.stenosis_length < 0.0 or self.stenosis_length > self.length:
            raise DataError(f"{where}, stenosis_length", got=self.stenosis_length, allowed=f"0 to {self.length} mm")
        if self.stenosis > 0.0:
            half = 0.5 * self.stenosis_length
            if self.at is None or not half <= self.at <= self.length - half:
                raise DataError(f"{where}, stenosis_at", got=self.at,
                                allowed=f"the middle of it, {half} to {self.length - half} mm")  # fmt: skip
        elif self.at is not None:
            raise DataError(f"{where}, stenosis_at", got=self.at, allowed="empty where there is no stenosis")


def _within(where: str, field: str, value: float, bounds: tuple[float, float], unit: str) -> None:
    if not bounds[0] <= value <= bounds[1]:
        raise DataError(f"{where}, {field}", got=value, allowed=f"{bounds[0]} to {bounds[1]} {unit}")


@dataclass(frozen=True)
class CoronaryTree:
    """Segments of one tree; raises `DataError` for a broken one."""

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        names = [s.name for s in self.segments]
        if not names:
            raise DataError("a coronary tree needs segments", got=0, allowed="one or more")
        for k, segment in enumerate(self.segments, 1):
            where = f"row {k} ({segment.name})"
            if not segment.name or names.index(segment.name) != k - 1:
                raise DataError(f"{where}, name", got=segment.name or "empty", allowed="a name that occurs once")
            if segment.parent and segment.parent not in names:
                raise DataError(f"{where}, parent", got=segment.parent, allowed=", ".join(names))
            segment.check(where)
        roots = [s.name for s in self.segments if not s.parent]
        if len(roots) != 1:
            raise DataError(
                "parent", got=", ".join(roots) or "no root", allowed="empty in exactly one row: the ostium's"
            )
        for segment in self.segments:
            self._path(segment)

    def _path(self, segment: Segment) -> list[int]:
        """Rows from the segment up to the root."""
        row = {s.name: k for k, s in enumerate(self.segments)}
        path = [row[segment.name]]
        while parent := self.segments[path[-1]].parent:
            if row[parent] in path:
                raise DataError("parent", got=f"{segment.name} is its own ancestor", allowed="a tree")
            path.append(row[parent])
        return path

    @cached_property
    def root(self) -> Segment:
        return next(s for s in self.segments if not s.parent)

    @cached_property
    def outlets(self) -> tuple[int, ...]:
        """Rows of the segments that nothing follows."""
        parents = {s.parent for s in self.segments}
        return tuple(k for k, s in enumerate(self.segments) if s.name not in parents)

    @cached_property
    def above(self) -> Float[np.ndarray, "segments segments"]:
        """1 where the column is the row's segment or one of its ancestors."""
        found = np.zeros((len(self.segments),) * 2)
        for k, segment in enumerate(self.segments):
            found[k, self._path(segment)] = 1.0
        return found

    @cached_property
    def feeds(self) -> Float[np.ndarray, "segments outlets"]:
        """1 where the segment's blood leaves through the outlet."""
        return self.above[list(self.outlets)].T
