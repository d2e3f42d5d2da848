"""One simulated beat of a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.physiology.circulation.network_1d.network import Network
from vitruvian.physiology.circulation.network_1d.waves import foot

PLACES = ("start", "middle", "end")
MMHG = 133.322387415


class Waves(NamedTuple):
    """At one place, by time: pressure mmHg, flow mL/s (away from the inlet), area cm²."""

    pressure: Float[np.ndarray, " t"]
    flow: Float[np.ndarray, " t"]
    area: Float[np.ndarray, " t"]


@dataclass(frozen=True)
class NetworkRun:
    """The last beat: `t` (s, from the beat's start), arrays (t, places, vessels), how it was reached."""

    network: Network
    t: Float[np.ndarray, " t"]
    period: float
    pressure: Float[np.ndarray, "t 3 vessels"]
    flow: Float[np.ndarray, "t 3 vessels"]
    area: Float[np.ndarray, "t 3 vessels"]
    beats: int
    change: float
    """Largest change of a pressure from the last beat but one, mmHg."""
    courant: float
    steps: int
    """A beat."""
    volume_error: float
    """What came in, less what left and what is stored, over the beat's inflow; of the last beat."""

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {t.name: k for k, t in enumerate(self.network.tubes)}

    def at(self, vessel: str, place: str = "middle") -> Waves:
        """Raises `DataError` for a vessel or a place that is not there."""
        self.network.tube(vessel)
        if place not in PLACES:
            raise DataError("no such place", got=place, allowed=", ".join(PLACES))
        k, j = PLACES.index(place), self._columns[vessel]
        return Waves(self.pressure[:, k, j], self.flow[:, k, j], self.area[:, k, j])

    def distance(self, vessel: str, place: str = "middle") -> float:
        """From the inlet, m."""
        *before, last = self.network.upstream(vessel)
        return sum(t.length for t in before) + last.length * PLACES.index(place) / 2.0

    def pulse_wave_velocity(self, a: str, b: str) -> float:
        """Foot to foot from `a` down to `b`, m/s; each a vessel (its middle) or "vessel:start", "vessel:end".

        Raises `DataError` where b does not lie downstream of a.
        """
        (one, here), (two, there) = (_place(text) for text in (a, b))
        apart = self.distance(two, there) - self.distance(one, here)
        if one not in [t.name for t in self.network.upstream(two)] or apart <= 0.0:
            raise DataError("the second place must lie downstream of the first", got=f"{a}, {b}",
                            allowed=", ".join(t.name for t in self.network.upstream(two)))  # fmt: skip
        early, late = (foot(self.t, self.at(*p).pressure, self.period) for p in ((one, here), (two, there)))
        delay = (late - early) % self.period
        if not 0.0 < delay < 0.5 * self.period:
            raise DataError("no delay between the feet", got=f"{delay:.4f} s", allowed="above 0, below half a beat")
        return apart / delay


def _place(text: str) -> tuple[str, str]:
    vessel, _, place = text.partition(":")
    return vessel, place or "middle"
