"""The heart and lungs as one block: four chambers, four valves that shut in one step, the pulmonary bed.

Equations of svZeroDSolver's `ClosedLoopHeartAndPulmonary` (Sankaran 2012, doi:10.1007/s10439-012-0579-3; Menon 2023).
A valve is shut while the pressure behind it is no higher than that ahead and nothing flows forward.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.physiology.circulation.svzerod.activation import atrium_activation, ventricle_elastance
from vitruvian.physiology.circulation.svzerod.kind import Arrays, Clock, Kind, Now, free, not_negative, positive

HEART = "CLH"
"""Name that svZeroDSolver gives to the block, and by which coronary beds find it."""


class _Row(NamedTuple):
    """Variables of the block, in the order of the file format."""

    right_atrium: Any
    inflow: Any
    aorta: Any
    outflow: Any
    right_atrium_volume: Any
    right_atrium_flow: Any
    right_ventricle: Any
    right_ventricle_volume: Any
    right_ventricle_flow: Any
    lungs: Any
    left_atrium: Any
    left_atrium_volume: Any
    left_atrium_flow: Any
    left_ventricle: Any
    left_ventricle_volume: Any
    left_ventricle_flow: Any


_INSIDE = ("V_RA", "Q_RA", "P_RV", "V_RV", "Q_RV", "P_pul", "P_LA", "V_LA", "Q_LA", "P_LV", "V_LV", "Q_LV")


class _Open(NamedTuple):
    """Whether each valve is open."""

    tricuspid: Any
    pulmonary: Any
    mitral: Any
    aortic: Any


def _open(y: _Row) -> _Open:
    return _Open(
        (y.right_atrium > y.right_ventricle) | (y.right_atrium_flow > 0.0),
        (y.right_ventricle > y.lungs) | (y.right_ventricle_flow > 0.0),
        (y.left_atrium > y.left_ventricle) | (y.left_atrium_flow > 0.0),
        (y.left_ventricle > y.aorta) | (y.left_ventricle_flow > 0.0),
    )


def _shut(now: Now) -> dict[int, Any]:
    flows = (
        _Row._fields.index(f"{name}_flow")
        for name in ("right_atrium", "right_ventricle", "left_atrium", "left_ventricle")
    )
    return {row: ~is_open for row, is_open in zip(flows, _open(_Row(*now.y)), strict=True)}


def _atrium(now: Now, side: str, volume: Any) -> Any:
    """Pressure of the active and of the passive wall."""
    p, active = now.p, now.u["atria"]
    stretch = volume - p[f"Vaso_{side}"]
    passive = p[f"Kxp_{side}"] * jnp.expm1(p[f"Kxv_{side}"] * stretch)
    return active * p[f"Emax_{side}"] * stretch + (1.0 - active) * passive


def _equations(now: Now) -> tuple[Any, ...]:
    y, d, p, elastance = _Row(*now.y), _Row(*now.slope), now.p, now.u["ventricles"]
    valves = _open(y)
    tricuspid = jnp.where(valves.tricuspid, y.right_atrium_flow, 0.0)
    pulmonary = jnp.where(valves.pulmonary, y.right_ventricle_flow, 0.0)
    mitral = jnp.where(valves.mitral, y.left_atrium_flow, 0.0)
    aortic = jnp.where(valves.aortic, y.left_ventricle_flow, 0.0)
    returning = (y.lungs - y.left_atrium) / p["Rpd"]
    return (
        y.right_atrium - _atrium(now, "ra", y.right_atrium_volume),
        p["Cpa"] * d.aorta + y.outflow - aortic,
        d.right_atrium_volume - y.inflow + tricuspid,
        p["Lra_v"] * d.right_atrium_flow - y.right_atrium + y.right_ventricle + p["Rra_v"] * tricuspid,
        y.right_ventricle - p["Erv_s"] * elastance * (y.right_ventricle_volume - p["Vrv_u"]),
        d.right_ventricle_volume - tricuspid + pulmonary,
        p["Lrv_a"] * d.right_ventricle_flow - y.right_ventricle + y.lungs + p["Rrv_a"] * pulmonary,
        p["Cp"] * d.lungs + returning - pulmonary,
        y.left_atrium - _atrium(now, "la", y.left_atrium_volume),
        d.left_atrium_volume - pulmonary + mitral,
        p["Lla_v"] * d.left_atrium_flow - y.left_atrium + y.left_ventricle + p["Rla_v"] * mitral,
        y.left_ventricle - p["Elv_s"] * elastance * (y.left_ventricle_volume - p["Vlv_u"]),
        d.left_ventricle_volume - mitral + aortic,
        y.aorta - y.left_ventricle + p["Llv_a"] * d.left_ventricle_flow + p["Rlv_ao"] * aortic,
    )


def _drive(p: Arrays, clock: Clock) -> dict[str, Any]:
    return {"atria": atrium_activation(p, clock), "ventricles": ventricle_elastance(clock.in_cycle / clock.period)}


KINDS = (
    Kind(
        "ClosedLoopHeartAndPulmonary",
        (
            *positive("Tsa", "tpwave"),
            *not_negative("Erv_s", "Elv_s", "iml", "imr"),
            *positive("Lra_v", "Rra_v", "Lrv_a", "Rrv_a", "Lla_v", "Rla_v", "Llv_a", "Rlv_ao"),
            *free("Vrv_u", "Vlv_u"),
            *positive("Rpd", "Cp", "Cpa"),
            *not_negative("Kxp_ra", "Kxv_ra", "Kxp_la", "Kxv_la", "Emax_ra", "Emax_la"),
            *free("Vaso_ra", "Vaso_la"),
        ),
        _equations,
        inside=_INSIDE,
        bends=lambda _: tuple(range(14)),
        drive=_drive,
        shut=_shut,
    ),
)
