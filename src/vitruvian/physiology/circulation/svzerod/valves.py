"""Valves: a resistance that changes with the pressure difference, smoothly or in one step."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.circulation.svzerod.kind import Kind, Now, not_negative, positive


def _smooth(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after, status = now.y
    low, high = now.p["Rmin"], now.p["Rmax"]
    shut = jnp.tanh(now.p["Steepness"] * (after - pressure))
    return (
        pressure - after - 0.5 * (high + low + (high - low) * shut) * flow,
        flow - flow_after,
        status - 0.5 * (1.0 + shut),
    )


def _in_one_step(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after = now.y
    resistance = jnp.where(after < pressure, now.p["Rmin"], now.p["Rmax"])
    return (pressure - after - resistance * flow, flow - flow_after)


_RESISTANCES = not_negative("Rmax", "Rmin")
_BETWEEN = ("upstream_block", "downstream_block")

KINDS = (
    Kind(
        "ValveTanh",
        (*_RESISTANCES, *positive("Steepness")),
        _smooth,
        inside=("valve_status",),
        bends=lambda _: (0, 2),
        words=_BETWEEN,
    ),
    Kind("PiecewiseValve", _RESISTANCES, _in_one_step, bends=lambda _: (0,), words=_BETWEEN, shown=True),
)
