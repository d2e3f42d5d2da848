"""Vessels: resistance, inertance, compliance and the loss in a stenosis.

Equations of svZeroDSolver's documentation; the loss in a stenosis goes with the square of the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.physiology.circulation.svzerod.kind import Kind, Now, Value, not_negative, positive


def _vessel(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after = now.y
    d_pressure, d_flow, _, d_flow_after = now.slope
    resistance, loss = now.p["R_poiseuille"], now.p["stenosis_coefficient"] * abs(flow)
    return (
        pressure - (resistance + loss) * flow - after - now.p["L"] * d_flow_after,
        flow - flow_after - now.p["C"] * (d_pressure - (resistance + 2.0 * loss) * d_flow),
    )


def _vessel_bends(p: Mapping[str, Any]) -> tuple[int, ...]:
    if not np.any(p["stenosis_coefficient"]):
        return ()
    return (0, 1) if np.any(p["C"]) else (0,)


def _compliance_first(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after = now.y
    resistance = now.p["R_poiseuille"] + now.p["stenosis_coefficient"] * abs(flow_after)
    return (
        pressure - resistance * flow_after - after - now.p["L"] * now.slope[3],
        flow - flow_after - now.p["C"] * now.slope[0],
    )


def _compliance_first_bends(p: Mapping[str, Any]) -> tuple[int, ...]:
    return (0,) if np.any(p["stenosis_coefficient"]) else ()


def _compliance_at_inlet(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after = now.y
    return (now.p["Cp"] * now.slope[0] + (pressure - after) / now.p["Rpd"] - flow, flow - flow_after)


_WALL = (
    *not_negative("R_poiseuille"),
    *not_negative("C", "L", optional=True),
    Value("stenosis_coefficient", optional=True),  # the calibrator of svZeroDSolver finds negative ones too
)

KINDS = (
    Kind("BloodVessel", _WALL, _vessel, bends=_vessel_bends, shown=True),
    Kind("BloodVesselCRL", _WALL, _compliance_first, bends=_compliance_first_bends, shown=True),
    Kind("BloodVesselRC", (*positive("Rpd"), *not_negative("Cp")), _compliance_at_inlet),
)
