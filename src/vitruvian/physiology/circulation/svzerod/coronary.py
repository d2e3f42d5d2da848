"""Coronary beds: arteries, microvessels squeezed by the muscle around them, veins.

Lumped coronary model of Kim 2010 (doi:10.1007/s10439-010-0083-6); the resistance of the microvessels may vary in the
beat. The state inside is the volume of the microvessels that lie in the muscle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.circulation.svzerod.kind import Arrays, Clock, Kind, Now, Value, free, not_negative, positive


def _open(now: Now) -> tuple[Any, ...]:
    pressure, flow, volume = now.y
    d_pressure, d_flow, d_volume = now.slope
    p, ram = now.p, now.u["Ram"]
    ra, rv, cim = p["Ra1"], p["Rv1"], p["Cc"]
    squeeze = now.u["Pim"] + p["start"]
    running = (
        cim * (rv * (flow - p["Ca"] * (d_pressure - ra * d_flow) - d_volume) - squeeze + p["P_v"]) - volume,
        cim * (rv * (pressure - ra * flow - ram * d_volume) + ram * p["P_v"] - (rv + ram) * squeeze)
        - (rv + ram) * volume,
    )
    resting = (volume, (ra + now.u["Ram_0"] + rv) * flow - pressure + p["P_v"])
    return tuple(jnp.where(now.u["rest"], still, moving) for still, moving in zip(resting, running, strict=True))


def _start(now: Now) -> dict[str, Any]:
    """Pressure of the microvessels less that of the muscle, at the state the run starts from."""
    pressure, flow, _ = now.y
    d_pressure, d_flow, _ = now.slope
    ra = now.p["Ra1"]
    onward = flow - now.p["Ca"] * (d_pressure - ra * d_flow)
    return {"start": pressure - ra * flow - now.u["Ram_0"] * onward - now.u["Pim"]}


def _constant(p: Arrays, clock: Clock) -> dict[str, Any]:
    ram = p["Ra2"] + 0.0 * clock.t
    return {"Ram": ram, "Ram_0": ram}


def _over_the_beat(p: Arrays, clock: Clock) -> dict[str, Any]:
    return {"Ram": _contracting(p, clock.in_cycle), "Ram_0": _contracting(p, 0.0 * clock.t)}


def _contracting(p: Arrays, t: Any) -> Any:
    rise, fall = p["T_vc"], p["T_vr"]
    relaxing = jnp.where(t <= rise + fall, 0.5 * (1.0 + jnp.cos(jnp.pi * (t - rise) / fall)), 0.0)
    contracted = jnp.where(t <= rise, 0.5 * (1.0 - jnp.cos(jnp.pi * t / rise)), relaxing)
    low, high = jnp.sqrt(p["Ra2_min"]), jnp.sqrt(p["Ra2_max"])
    return jnp.square(low + (high - low) * contracted)


def _second(_: Mapping[str, Any]) -> tuple[int, ...]:
    return (1,)


def _closed(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after, volume, ventricle = now.y
    d_pressure, d_flow, d_volume = now.slope[0], now.slope[1], now.slope[4]
    p = now.p
    filling = p["Ca"] * (d_pressure - p["Ra"] * d_flow)
    return (
        after - pressure + (p["Ra"] + p["Ram"]) * flow + p["Rv"] * flow_after - p["Ram"] * filling,
        flow - flow_after - filling - d_volume,
        p["Cim"] * (after + p["Rv"] * flow_after - p["squeeze"] * ventricle) - volume,
    )


_BED = (*not_negative("Ra1", "Rv1", "Ca"), *positive("Cc"), Value("Pim", per="t"), *free("P_v"))
_CLOSED_BED = (*not_negative("Ra", "Ram", "Rv", "Ca"), *positive("Cim"))

KINDS = (
    Kind(
        "CORONARY",
        (*_BED, *not_negative("Ra2")),
        _open,
        inside=("volume_im",),
        inlets=(0, 1),
        outlets=(0, 1),
        drive=_constant,
        remember=_start,
        words=("closed_loop_outlet",),
    ),
    Kind(
        "CORONARY_VAR_RES",
        (*_BED, *not_negative("Ra2_min", "Ra2_max"), *positive("T_vc", "T_vr")),
        _open,
        inside=("volume_im",),
        inlets=(0, 1),
        outlets=(0, 1),
        bends=_second,
        drive=_over_the_beat,
        remember=_start,
        words=("closed_loop_outlet",),
    ),
    Kind(
        "ClosedLoopCoronaryLeft",
        _CLOSED_BED,
        _closed,
        inside=("volume_im",),
        reads=("P_LV:CLH",),
        borrows={"squeeze": "CLH.iml"},
    ),
    Kind(
        "ClosedLoopCoronaryRight",
        _CLOSED_BED,
        _closed,
        inside=("volume_im",),
        reads=("P_RV:CLH",),
        borrows={"squeeze": "CLH.imr"},
    ),
)
