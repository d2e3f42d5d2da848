"""Junctions: what flows in flows out; pressures equal, or a resistance to the middle, or a vessel to each outlet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.physiology.circulation.svzerod.kind import Kind, Now, Value


def _balance(now: Now) -> Any:
    """Flow in less flow out."""
    flows = now.y[1 : 2 * (now.inlets + now.outlets) : 2]
    return sum(flows[: now.inlets]) - sum(flows[now.inlets :])


def _equal_pressures(now: Now) -> tuple[Any, ...]:
    pressures = now.y[0 : 2 * (now.inlets + now.outlets) : 2]
    return (*(pressures[0] - other for other in pressures[1:]), _balance(now))


def _resistances(now: Now) -> tuple[Any, ...]:
    ends, middle = now.inlets + now.outlets, now.y[-1]
    losses = []
    for n in range(ends):
        towards = 1.0 if n < now.inlets else -1.0
        losses.append(towards * (now.y[2 * n] - middle) - now.p["R"][n] * now.y[2 * n + 1])
    return (*losses, _balance(now))


def _vessels(now: Now) -> tuple[Any, ...]:
    losses = []
    for n in range(now.outlets):
        after, flow = now.y[2 * n + 2], now.y[2 * n + 3]
        resistance = now.p["R_poiseuille"][n] + now.p["stenosis_coefficient"][n] * abs(flow)
        losses.append(now.y[0] - after - resistance * flow - now.p["L"][n] * now.slope[2 * n + 3])
    return (*losses, _balance(now))


def _vessels_bend(p: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(n for n, row in enumerate(p["stenosis_coefficient"]) if np.any(row))


_MANY = (1, None)

KINDS = (
    Kind("NORMAL_JUNCTION", (), _equal_pressures, inlets=_MANY, outlets=_MANY),
    Kind(
        "resistive_junction",
        (Value("R", least=0.0, per="ends"),),
        _resistances,
        inside=("pressure_c",),
        inlets=_MANY,
        outlets=_MANY,
    ),
    Kind(
        "BloodVesselJunction",
        (
            Value("R_poiseuille", least=0.0, per="outlets"),
            Value("L", least=0.0, per="outlets"),
            Value("stenosis_coefficient", per="outlets"),
        ),
        _vessels,
        outlets=_MANY,
        bends=_vessels_bend,
    ),
)
