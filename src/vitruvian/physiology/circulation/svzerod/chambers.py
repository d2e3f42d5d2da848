"""Chambers of the heart: by time-varying elastance, and as a contracting sphere."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.circulation.svzerod.kind import Arrays, Clock, Kind, Now, free, not_negative, positive


def _linear(now: Now) -> tuple[Any, ...]:
    pressure, flow, after, flow_after, volume = now.y
    elastance = now.p["Epass"] + now.p["Emax"] * now.u["activation"]
    return (
        pressure - elastance * (volume - now.p["Vrest"]),
        pressure - after,
        flow - flow_after - now.slope[4],
    )


def _with_inductor(now: Now) -> tuple[Any, ...]:
    active = now.u["activation"]
    low, high = now.p["Emin"], now.p["Emax"]
    rest = now.p["Vrs"] + (1.0 - active) * (now.p["Vrd"] - now.p["Vrs"])
    return _through_inductor(now, (low + (high - low) * active) * (now.y[4] - rest))


def _exponential(now: Now) -> tuple[Any, ...]:
    active, stretch = now.u["activation"], now.y[4] - now.p["Vaso"]
    passive = now.p["Kxp"] * jnp.expm1(now.p["Kxv"] * stretch)
    return _through_inductor(now, active * now.p["Emax"] * stretch + (1.0 - active) * passive)


def _through_inductor(now: Now, wall: Any) -> tuple[Any, ...]:
    pressure, flow, after, flow_after, _ = now.y
    return (
        pressure - wall,
        pressure - after - now.p["Impedance"] * now.slope[3],
        flow - flow_after - now.slope[4],
    )


def _sphere(now: Now) -> tuple[Any, ...]:
    """A thick-walled sphere of a hyperelastic, viscous, contracting material (Caruel 2014)."""
    pressure, flow, after, flow_after, growth, speed, stress, tension, _ = now.y
    d_growth, d_speed, _, d_tension, d_volume = now.slope[4:]
    p = now.p
    at_rest, wall = p["radius0"], p["thick0"]
    radius = growth + at_rest
    stretch = radius / at_rest
    viscous = d_growth / at_rest * p["eta"] * (2.0 * stretch**-11 + stretch)
    elastic = 2.0 * (1.0 - stretch**-6) * (p["W1"] + p["W2"] * stretch**2)
    rate = now.u["rate"]
    return (
        p["rho"] * wall * d_speed + stretch * (stress * wall / at_rest - after * stretch),
        tension - stress + 2.0 * (viscous + elastic),
        4.0 * jnp.pi * speed * radius**2 - d_volume,
        d_tension + abs(rate) * tension - jnp.maximum(rate, 0.0) * p["sigma_max"],
        d_growth - speed,
        flow - flow_after - d_volume,
        pressure - after,
    )


def _contraction_rate(p: Arrays, clock: Clock) -> dict[str, Any]:
    t, steep = clock.in_cycle, p["steepness"]
    systole = 0.25 * (1.0 + jnp.tanh((t - p["tsys"]) / steep)) * (1.0 - jnp.tanh((t - p["tdias"]) / steep))
    return {"rate": p["alpha_max"] * systole + p["alpha_min"] * (1.0 - systole)}


KINDS = (
    Kind(
        "LinearElastanceChamber",
        (*not_negative("Emax", "Epass"), *free("Vrest")),
        _linear,
        inside=("Vc",),
        bends=lambda _: (0,),
        shown=True,
    ),
    Kind(
        "ChamberElastanceInductor",
        (*not_negative("Impedance", "Emax", "Emin"), *free("Vrd", "Vrs")),
        _with_inductor,
        inside=("Vc",),
        bends=lambda _: (0,),
    ),
    Kind(
        "ChamberElastanceInductorExponential",
        (*not_negative("Impedance", "Emax", "Kxp", "Kxv"), *free("Vaso")),
        _exponential,
        inside=("Vc",),
        bends=lambda _: (0,),
    ),
    Kind(
        "ChamberSphere",
        (
            *positive("rho", "thick0", "radius0"),
            *not_negative("W1", "W2", "eta", "sigma_max"),
            *free("alpha_max", "alpha_min", "tsys", "tdias"),
            *positive("steepness"),
        ),
        _sphere,
        inside=("radius", "velo", "stress", "tau", "volume"),
        bends=lambda _: (0, 1, 2, 3),
        drive=_contraction_rate,
        shown=True,
    ),
)
ACTIVATED = ("LinearElastanceChamber", "ChamberElastanceInductor", "ChamberElastanceInductorExponential")
