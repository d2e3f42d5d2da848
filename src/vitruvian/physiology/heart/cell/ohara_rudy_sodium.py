"""Sodium currents of O'Hara and Rudy 2011: fast (INa) and late (INaL)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.heart.cell.cell import Gate
from vitruvian.physiology.heart.cell.functions import sigmoid

FAST = 0.99  # share of inactivation that is fast


def fast_gates(V: Any) -> dict[str, Gate]:
    """Gates of INa; `p` ends those of channels phosphorylated by CaMK."""
    m_rate = 6.765 * jnp.exp((V + 11.64) / 34.77) + 8.552 * jnp.exp(-(V + 77.42) / 5.955)
    fast = 1.432e-5 * jnp.exp(-(V + 1.196) / 6.285) + 6.149 * jnp.exp((V + 0.5096) / 20.27)
    slow = 0.009794 * jnp.exp(-(V + 17.95) / 28.05) + 0.3343 * jnp.exp((V + 5.73) / 56.66)
    recovery = 2.038 + 1.0 / (0.02136 * jnp.exp(-(V + 100.6) / 8.281) + 0.3052 * jnp.exp((V + 0.9941) / 38.45))
    h = sigmoid(-(V + 82.9) / 6.086)
    return {
        "m": Gate(sigmoid((V + 39.57) / 9.871), m_rate),
        "hf": Gate(h, fast),
        "hs": Gate(h, slow),
        "j": Gate(h, 1.0 / recovery),
        "hsp": Gate(sigmoid(-(V + 89.1) / 6.086), slow / 3.0),
        "jp": Gate(h, 1.0 / (1.46 * recovery)),
    }


def fast_open(y: Any, phosphorylated: Any) -> Any:
    """Share of open channels of INa."""
    h = FAST * y.hf + (1.0 - FAST) * y.hs
    hp = FAST * y.hf + (1.0 - FAST) * y.hsp
    return y.m**3 * ((1.0 - phosphorylated) * h * y.j + phosphorylated * hp * y.jp)


def late_gates(V: Any, m_rate: Any) -> dict[str, Gate]:
    """Gates of INaL; it activates as fast as INa (`m_rate`)."""
    return {
        "mL": Gate(sigmoid((V + 42.85) / 5.264), m_rate),
        "hL": Gate(sigmoid(-(V + 87.61) / 7.488), 1.0 / 200.0),
        "hLp": Gate(sigmoid(-(V + 93.81) / 7.488), 1.0 / 600.0),
    }


def late_open(y: Any, phosphorylated: Any) -> Any:
    """Share of open channels of INaL."""
    return y.mL * ((1.0 - phosphorylated) * y.hL + phosphorylated * y.hLp)
