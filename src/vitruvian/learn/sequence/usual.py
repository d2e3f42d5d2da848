"""Days of people as windows against each person's own usual: what was usual before the window, never after."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, InputError
from vitruvian.learn.sequence.windows import Windows
from vitruvian.learn.shapes import Feature, Rows


@dataclass(frozen=True)
class Usual:
    """`steps` days before the moment of asking, in standard deviations of the `span` days before those.

    A channel with fewer than `least` of these days is missing: without a baseline there is no change. The standard
    deviation is drawn towards that of all people (`typical`, one a channel) as if that were `least` days more.
    """

    typical: Float[np.ndarray, " channels"]
    steps: int = 14
    span: int = 42
    least: int = 7

    def __post_init__(self) -> None:
        if min(self.steps, self.span, self.least) < 1 or self.least > self.span or not (self.typical > 0).all():
            raise InputError("what is usual", got=f"{self.steps}, {self.span}, {self.least}", allowed="days above 0")

    def windows(
        self, days: Float[np.ndarray, "people days channels"], person: Int[np.ndarray, " rows"],
        day: Int[np.ndarray, " rows"], channels: tuple[Feature, ...], names: tuple[str, ...] = (),
    ) -> Windows:  # fmt: skip
        """A row for each person and day (its last). Steps before the first day are missing; times are in days.

        Fixed are each channel's usual value and how many of its days are behind it. Raises DataError for days that are
        not there.
        """
        inside = (day >= 0) & (day < days.shape[1]) & (person >= 0) & (person < len(days))
        if not len(day) or not inside.all():
            raise DataError("moments of asking lie outside the days", got=int((~inside).sum()), allowed=days.shape[:2])
        mean, sd, count = self._before(days, person, day)
        at = day[:, None] - np.arange(self.steps - 1, -1, -1)
        values = np.where((at >= 0)[:, :, None], days[person[:, None], np.maximum(at, 0)], np.nan)
        times = np.broadcast_to(-np.arange(self.steps - 1, -1, -1.0), at.shape).copy()
        fixed = Rows(_fixed(channels), np.concatenate([mean, count], axis=1))
        ids = tuple(names[k] for k in person) if names else ()
        return Windows(tuple(map(_relative, channels)), (values - mean[:, None]) / sd[:, None], times, fixed, ids)

    def _before(self, days: np.ndarray, person: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, ...]:
        """Mean, standard deviation and number of the days before each window; NaN where they are too few."""
        seen = ~np.isnan(days)
        middle = np.nanmean(np.where(seen.any(axis=1, keepdims=True), days, 0.0), axis=1, keepdims=True)
        centred = np.where(seen, days - middle, 0.0)
        zero = np.zeros((len(days), 1, days.shape[2]))
        n, one, two = (np.concatenate([zero, x.cumsum(axis=1)], axis=1) for x in (seen * 1.0, centred, centred**2))
        end = np.maximum(day - self.steps + 1, 0)
        start = np.maximum(end - self.span, 0)
        count, first, second = (x[person, end] - x[person, start] for x in (n, one, two))
        enough = count >= self.least
        mean = first / np.maximum(count, 1)
        squares = np.maximum(second - count * mean**2, 0.0) + self.least * self.typical**2
        sd = np.sqrt(squares / (np.maximum(count, 1) + self.least))
        return np.where(enough, mean + middle[person, 0], np.nan), np.where(enough, sd, np.nan), count


def typical_spread(days: Float[np.ndarray, "people days channels"]) -> Float[np.ndarray, " channels"]:
    """The median over people of each channel's standard deviation within a person.

    Raises DataError where a channel has no person with two days.
    """
    seen = ~np.isnan(days)
    count = seen.sum(axis=1)
    mean = np.where(seen, days, 0.0).sum(axis=1) / np.maximum(count, 1)
    square = np.where(seen, (days - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(count - 1, 1)
    enough = count >= 2
    if not enough.any(axis=0).all():
        raise DataError("channels without a person with two days", got=int((~enough.any(axis=0)).sum()), allowed=0)
    spread = np.sqrt(np.array([np.median(square[enough[:, k], k]) for k in range(days.shape[2])]))
    return np.where(spread > 0, spread, 1.0)


def _relative(one: Feature) -> Feature:
    return replace(one, unit="1", low=None, high=None, title=f"{one.title}, against usual")


def _fixed(channels: tuple[Feature, ...]) -> tuple[Feature, ...]:
    usual = tuple(replace(one, name=f"usual_{one.name}", title=f"{one.title}, usual") for one in channels)
    known = tuple(Feature(f"days_{one.name}", f"{one.title}, days behind the usual", "d") for one in channels)
    return usual + known
