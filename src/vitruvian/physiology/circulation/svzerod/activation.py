"""How chambers contract over the cardiac cycle: activation between 0 and 1 at each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.physiology.circulation.svzerod.kind import Arrays, Clock, Value, free, positive

# Modes of a ventricle's normalised elastance, cosine and sine, as in svZeroDSolver (after Tran 2017)
_VENTRICLE = np.array(
    [
        (0.283748803, 0.0),
        (0.031830626, -0.374299825),
        (-0.209472400, -0.018127770),
        (0.020520047, 0.073971113),
        (0.008316883, -0.047249597),
        (-0.041677660, 0.003212163),
        (0.000867323, 0.019441411),
        (-0.001675379, -0.005565534),
        (-0.011252277, 0.003401432),
        (-0.000414677, 0.008376795),
        (0.000253749, -0.000071880),
        (-0.002584966, 0.001566861),
        (0.000584752, 0.003143555),
        (0.000028502, -0.000024787),
        (0.000022961, -0.000007476),
        (0.000018735, -0.000001281),
        (0.000015573, 0.000001781),
        (0.000013133, 0.000003494),
        (0.000011199, 0.000004507),
        (0.000009634, 0.000005117),
        (0.000008343, 0.000005481),
        (0.000007265, 0.000005687),
        (0.000006354, 0.000005789),
        (0.000005575, 0.000005821),
        (0.000004903, 0.000005805),
    ]
)


@dataclass(frozen=True)
class Activation:
    """A kind of activation, its values in the file, and its course (T, chambers)."""

    name: str
    values: tuple[Value, ...]
    course: Callable[[Arrays, Clock], Any]


def ventricle_elastance(phase: Any) -> Any:
    """Elastance of a ventricle as a share of its scale, by the phase of the beat."""
    angles = 2.0 * jnp.pi * jnp.asarray(phase)[..., None] * jnp.arange(len(_VENTRICLE))
    return jnp.cos(angles) @ _VENTRICLE[:, 0] - jnp.sin(angles) @ _VENTRICLE[:, 1]


def atrium_activation(p: Arrays, clock: Clock) -> Any:
    """A cosine wave that ends at `period / tpwave` and begins in the beat before."""
    t, period = clock.in_cycle, clock.period
    lasts, ends = period * p["Tsa"], period / p["tpwave"]
    late = t - ends - (period - lasts)
    since = jnp.where(t <= ends, t - ends + lasts, late)
    return jnp.where((t <= ends) | (late >= 0.0), 0.5 * (1.0 - jnp.cos(2.0 * jnp.pi * since / lasts)), 0.0)


def _half_cosine(p: Arrays, clock: Clock) -> Any:
    since = jnp.maximum(clock.in_cycle - p["t_active"], 0.0)
    twitch = p["t_twitch"]
    return jnp.where(since <= twitch, 0.5 * (1.0 - jnp.cos(2.0 * jnp.pi * since / twitch)), 0.0)


def _piecewise_cosine(p: Arrays, clock: Clock) -> Any:
    rise, fall = p["contract_duration"], p["relax_duration"]
    since_rise = jnp.fmod(clock.t - p["contract_start"], clock.period)
    since_fall = jnp.fmod(clock.t - p["relax_start"], clock.period)
    rising, falling = (since_rise >= 0.0) & (since_rise < rise), (since_fall >= 0.0) & (since_fall < fall)
    relaxing = jnp.where(falling, 0.5 * (1.0 + jnp.cos(jnp.pi * since_fall / fall)), 0.0)
    return jnp.where(rising, 0.5 * (1.0 - jnp.cos(jnp.pi * since_rise / rise)), relaxing)


def _hills(p: Arrays, t: Any) -> Any:
    up, down = (t / p["tau_1"]) ** p["m1"], (t / p["tau_2"]) ** p["m2"]
    return up / (1.0 + up) / (1.0 + down)


def _two_hill(p: Arrays, clock: Clock) -> Any:
    t = jnp.fmod(clock.in_cycle - p["t_shift"], clock.period)
    grid = jnp.arange(0.0, clock.period, 1e-5)[:, None]  # the grid on which svZeroDSolver looks for the peak
    at = grid[jnp.argmax(jax.lax.stop_gradient(_hills(p, grid)), axis=0), 0]
    return _hills(p, jnp.where(t >= 0.0, t, t + clock.period)) / _hills(p, at)


@cache
def _ventricle_range() -> tuple[float, float]:
    phase = np.arange(10_000)[:, None] / 10_000 * 2.0 * np.pi * np.arange(len(_VENTRICLE))
    course = np.cos(phase) @ _VENTRICLE[:, 0] - np.sin(phase) @ _VENTRICLE[:, 1]
    return float(course.min()), float(course.max())


def _fourier(p: Arrays, clock: Clock) -> Any:
    low, high = _ventricle_range()
    return (ventricle_elastance(clock.in_cycle / clock.period) - low) / (high - low)


ACTIVATIONS = {
    one.name: one
    for one in (
        Activation("half_cosine", (*free("t_active"), *positive("t_twitch")), _half_cosine),
        Activation(
            "piecewise_cosine",
            (*free("contract_start", "relax_start"), *positive("contract_duration", "relax_duration")),
            _piecewise_cosine,
        ),
        Activation("two_hill", (*free("t_shift"), *positive("tau_1", "tau_2", "m1", "m2")), _two_hill),
        Activation("wrapping_cosine", positive("Tsa", "tpwave"), atrium_activation),
        Activation("fourier", (), _fourier),
    )
}
