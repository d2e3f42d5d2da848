"""A network of arteries: tubes between nodes, one inlet, an outlet where a tube ends in no other. SI units."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from vitruvian.core import DataError

DENSITY, VISCOSITY = 1060.0, 4.0e-3
POISSON = 0.5
_LIMITS = {
    "length": (1e-3, 1.5),
    "radius_proximal": (1e-4, 0.03),
    "radius_distal": (1e-4, 0.03),
    "young": (1e4, 1e8),
    "profile": (2.0, 20.0),
    "external_pressure": (-2e4, 2e4),
    "wall_viscosity": (0.0, 50.0),
}
"""SI; what lies outside is taken for another unit."""


@dataclass(frozen=True)
class Outlet:
    """Windkessel R1 (Pa·s/m³), R2, C (m³/Pa); R1 alone; or a `reflection` coefficient. `pressure` behind it, Pa."""

    R1: float | None = None
    R2: float | None = None
    C: float | None = None
    reflection: float | None = None
    pressure: float = 0.0

    def check(self, where: str) -> None:
        resistive = self.R1 is not None
        if resistive == (self.reflection is not None):
            raise DataError(f"{where}, outlet", got="both" if resistive else "neither", allowed="R1 or reflection")
        if (self.R2 is None) != (self.C is None) or (self.R2 is not None and not resistive):
            raise DataError(f"{where}, R2 and C", got="one of the three", allowed="R1 alone, or R1, R2 and C")
        for name in ("R1", "R2", "C"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0.0):
                raise DataError(f"{where}, {name}", got=value, allowed="above 0")
        if self.reflection is not None and not -1.0 <= self.reflection <= 1.0:
            raise DataError(f"{where}, reflection", got=self.reflection, allowed="-1 to 1")
        if not abs(self.pressure) <= 2e4:
            raise DataError(f"{where}, pressure", got=self.pressure, allowed="-20000 to 20000 Pa")


@dataclass(frozen=True)
class Tube:
    """One artery from node to node; radii and thickness where the pressure inside is `external_pressure`.

    `thickness` None: by the radius, h = r (0.2802 exp(−505.3 r) + 0.1324 exp(−11.14 r)), m (Blanco 2014, Boileau
    2015). `profile` ζ: velocities across go as 1 − (x/r)^ζ, and the friction as ζ + 2. `wall_viscosity`: Pa·s·m.
    """

    name: str
    start: str
    end: str
    length: float
    radius_proximal: float
    radius_distal: float
    young: float
    thickness: float | None = None
    profile: float = 2.0
    external_pressure: float = 0.0
    wall_viscosity: float = 0.0
    outlet: Outlet | None = None

    def check(self, where: str) -> None:
        """Raises `DataError` with the field and the rule."""
        for name, (low, high) in _LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise DataError(f"{where}, {name}", got=getattr(self, name), allowed=f"{low:g} to {high:g} (SI)")
        narrow = min(self.radius_proximal, self.radius_distal)
        if self.thickness is not None and not 0.0 < self.thickness <= narrow:
            raise DataError(f"{where}, thickness", got=self.thickness, allowed="above 0, up to the radius")
        if self.start == self.end:
            raise DataError(f"{where}, to", got=self.end, allowed="another node than the one it starts from")
        if self.outlet is not None:
            self.outlet.check(where)


@dataclass(frozen=True)
class Network:
    """Tubes, density kg/m³ and viscosity Pa·s of the blood; raises `DataError` for a broken graph.

    Loops are allowed (the circle of Willis), nodes of any degree too.
    """

    tubes: tuple[Tube, ...]
    density: float = DENSITY
    viscosity: float = VISCOSITY

    def __post_init__(self) -> None:
        if not self.tubes:
            raise DataError("a network needs vessels", got=0, allowed="one or more")
        if not 900.0 <= self.density <= 1200.0:
            raise DataError("density", got=self.density, allowed="900 to 1200 kg/m³")
        if not 0.0 <= self.viscosity <= 0.02:
            raise DataError("viscosity", got=self.viscosity, allowed="0 to 0.02 Pa·s")
        counts = Counter(t.name for t in self.tubes)
        for k, tube in enumerate(self.tubes, 1):
            if not tube.name or counts[tube.name] > 1:
                raise DataError(f"row {k}, vessel", got=tube.name or "empty", allowed="a name that occurs once")
            tube.check(f"row {k} ({tube.name})")
        self._check_graph()

    def _check_graph(self) -> None:
        starts, ends = {t.start for t in self.tubes}, {t.end for t in self.tubes}
        sources = sorted(starts - ends)
        if len(sources) != 1:
            raise DataError("inlet of the network", got=", ".join(sources) or "none: the vessels run in a circle",
                            allowed="one node that no vessel ends in")  # fmt: skip
        inlets = [t.name for t in self.tubes if t.start == sources[0]]
        if len(inlets) != 1:
            raise DataError("inlet of the network", got=f"{', '.join(inlets)} start there", allowed="one vessel")
        for k, tube in enumerate(self.tubes, 1):
            if (tube.end in starts) and tube.outlet is not None:
                raise DataError(f"row {k} ({tube.name}), outlet", got=f"vessels follow at {tube.end}", allowed="none")
            if tube.end not in starts and tube.outlet is None:
                raise DataError(f"row {k} ({tube.name}), to", got=f"{tube.end}, where nothing follows (dangling)",
                                allowed="a node where vessels start, or R1, or reflection")  # fmt: skip
        at_end = Counter(t.end for t in self.tubes if t.outlet is not None)
        if shared := [node for node, count in at_end.items() if count > 1]:
            raise DataError("to", got=f"two vessels end in {shared[0]} with outlets", allowed="a node for each outlet")
        reached, front = set(), {sources[0]}
        while front:
            reached |= front
            front = {t.end for t in self.tubes if t.start in front} - reached
        if lost := [t.name for t in self.tubes if t.start not in reached]:
            raise DataError(
                "from", got=f"{', '.join(lost)}: out of reach of the inlet", allowed="one connected network"
            )

    @cached_property
    def inlet(self) -> Tube:
        ends = {t.end for t in self.tubes}
        return next(t for t in self.tubes if t.start not in ends)

    def tube(self, name: str) -> Tube:
        """Raises `DataError` for a name that is not there."""
        found = next((t for t in self.tubes if t.name == name), None)
        if found is None:
            raise DataError("no such vessel", got=name, allowed=", ".join(t.name for t in self.tubes))
        return found

    def upstream(self, name: str) -> tuple[Tube, ...]:
        """The shortest way from the inlet to the vessel, which is its last."""
        best: dict[str, tuple[Tube, ...]] = {self.inlet.start: ()}
        for _ in self.tubes:
            for tube in self.tubes:
                if tube.start in best:
                    way = (*best[tube.start], tube)
                    old = best.get(tube.end)
                    if old is None or sum(t.length for t in way) < sum(t.length for t in old):
                        best[tube.end] = way
        tube = self.tube(name)
        return (*best[tube.start], tube)
