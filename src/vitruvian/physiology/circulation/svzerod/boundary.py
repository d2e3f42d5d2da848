"""Boundary conditions: a flow or pressure over time, a resistance, a Windkessel."""

from __future__ import annotations

from typing import Any

from vitruvian.physiology.circulation.svzerod.kind import Kind, Now, Value, free, not_negative


def _flow(now: Now) -> tuple[Any, ...]:
    return (now.y[1] - now.u["Q"],)


def _pressure(now: Now) -> tuple[Any, ...]:
    return (now.y[0] - now.u["P"],)


def _resistance(now: Now) -> tuple[Any, ...]:
    return (now.y[0] - now.p["R"] * now.y[1] - now.p["Pd"],)


def _windkessel(now: Now) -> tuple[Any, ...]:
    pressure, flow, stored = now.y
    distal = now.p["Rd"]
    return (
        pressure - now.p["Rp"] * flow - stored,
        distal * (flow - now.p["C"] * now.slope[2]) - stored + now.p["Pd"],
    )


def _closed_windkessel(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after, stored = now.y
    return (
        now.p["C"] * now.slope[4] - flow + flow_after,
        pressure - stored - now.p["Rp"] * flow,
        stored - after - now.p["Rd"] * flow_after,
    )


_AN_END = (0, 1)
_RIGID = {"C": 0.0}
_RCR = not_negative("Rp", "C", "Rd")

KINDS = (
    Kind("FLOW", (Value("Q", per="t"),), _flow, inlets=_AN_END, outlets=_AN_END),
    Kind("PRESSURE", (Value("P", per="t"),), _pressure, inlets=_AN_END, outlets=_AN_END),
    Kind("RESISTANCE", (*not_negative("R"), *free("Pd")), _resistance, inlets=_AN_END, outlets=_AN_END),
    Kind(
        "RCR",
        (*_RCR, Value("Pd", optional=True)),
        _windkessel,
        inside=("pressure_c",),
        inlets=_AN_END,
        outlets=_AN_END,
        at_rest=_RIGID,
    ),
    Kind("ClosedLoopRCR", _RCR, _closed_windkessel, inside=("P_c",), at_rest=_RIGID, words=("closed_loop_outlet",)),
)
