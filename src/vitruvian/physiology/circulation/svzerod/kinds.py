"""All kinds of blocks by the name they have in a file."""

from __future__ import annotations

from vitruvian.physiology.circulation.svzerod import boundary, chambers, coronary, heart, junction, valves, vessel
from vitruvian.physiology.circulation.svzerod.kind import Kind

SECTIONS: dict[str, tuple[Kind, ...]] = {
    "vessels": (*vessel.KINDS, *(kind for kind in chambers.KINDS if kind.name not in chambers.ACTIVATED)),
    "boundary_conditions": (*boundary.KINDS, *coronary.KINDS),
    "junctions": junction.KINDS,
    "closed_loop_blocks": heart.KINDS,
    "valves": valves.KINDS,
    "chambers": chambers.KINDS,
}
"""Kinds that each part of a file may name."""

KINDS: dict[str, Kind] = {kind.name: kind for kinds in SECTIONS.values() for kind in kinds}
