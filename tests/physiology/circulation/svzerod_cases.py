"""Small cases in the format of svZeroDSolver, made here."""

from __future__ import annotations

from typing import Any

Entry = dict[str, Any]


def boundary(name: str, kind: str, **values: Any) -> Entry:
    """A boundary condition."""
    return {"bc_name": name, "bc_type": kind, "bc_values": values}


def vessel(number: int, name: str, inlet: str = "", outlet: str = "", **values: float) -> Entry:
    """A vessel between what its number is joined to."""
    ends = {end: other for end, other in (("inlet", inlet), ("outlet", outlet)) if other}
    entry = {"vessel_id": number, "vessel_name": name, "zero_d_element_type": "BloodVessel"}
    return entry | {"boundary_conditions": ends, "zero_d_element_values": values}


def flow(name: str, *values: float, period: float = 1.0) -> Entry:
    """A flow over time, at points that lie evenly."""
    last = max(len(values) - 1, 1)
    return boundary(name, "FLOW", t=[period * n / last for n in range(len(values))], Q=list(values))


def case(boundaries: list[Entry], vessels: list[Entry], junctions: list[Entry] | None = None, **settings: Any) -> Entry:
    """A case of two cycles of four steps, unless `settings` say otherwise."""
    run = {"number_of_cardiac_cycles": 2, "number_of_time_pts_per_cardiac_cycle": 5} | settings
    found: Entry = {"simulation_parameters": run, "boundary_conditions": boundaries, "vessels": vessels}
    return found | ({"junctions": junctions} if junctions else {})


def into_windkessel(**settings: Any) -> Entry:
    """A constant flow of 5 mL/s through a vessel of resistance 100 into a Windkessel of 1000, 1e-4, 1000."""
    beds = [flow("IN", 5.0, 5.0), boundary("OUT", "RCR", Rp=1000.0, C=1e-4, Rd=1000.0, Pd=0.0)]
    return case(beds, [vessel(0, "artery", "IN", "OUT", R_poiseuille=100.0)], **settings)
