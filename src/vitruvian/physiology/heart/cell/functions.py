"""Functions that papers on cells share, exact where their formulas divide by zero."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

FARADAY = 96485.0  # C/mol, as the cell models round it


def over_expm1(x: Any) -> Any:
    """x/(eˣ − 1), 1 at 0: the Goldman–Hodgkin–Katz factor and every linear-over-exponential rate."""
    near = jnp.abs(x) < 1e-4
    safe = jnp.where(near, 1.0, x)
    return jnp.where(near, 1.0 - x / 2 + x * x / 12, safe / jnp.expm1(safe))


def sigmoid(x: Any) -> Any:
    """1/(1 + e⁻ˣ)."""
    return 1.0 / (1.0 + jnp.exp(-x))


def nernst(outside: Any, inside: Any, thermal: float) -> Any:
    """Reversal potential, mV; `thermal` is RT/zF in mV."""
    return thermal * jnp.log(outside / inside)


def goldman(charge: int, x: Any, inside: Any, outside: Any) -> Any:
    """Goldman–Hodgkin–Katz flux per permeability, F·z·(inside·x·eˣ − outside·x)/(eˣ − 1) with x = zVF/RT."""
    entering = over_expm1(x)
    return charge * FARADAY * (inside * (entering + x) - outside * entering)
