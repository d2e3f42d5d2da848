"""Potassium currents of O'Hara and Rudy 2011: transient outward (Ito), rapid (IKr), slow (IKs), inward (IK1)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.heart.cell.cell import Gate
from vitruvian.physiology.heart.cell.functions import sigmoid


def transient_gates(V: Any, epi: bool) -> dict[str, Gate]:
    """Gates of Ito; `p` ends those of channels phosphorylated by CaMK. Epicardial ones recover faster at rest."""
    opening = 1.0 / (1.2089 * (1.0 + jnp.exp(-(V - 18.4099) / 29.3814)))
    a_rate = (opening + 3.5 / (1.0 + jnp.exp((V + 100.0) / 29.3814))) / 1.0515
    shorter = 1.0 - 0.95 * sigmoid(-(V + 70.0) / 5.0) if epi else 1.0
    fast = shorter * (4.562 + 1.0 / (0.3933 * jnp.exp(-(V + 100.0) / 100.0) + 0.08004 * jnp.exp((V + 50.0) / 16.59)))
    slow = shorter * (23.62 + 1.0 / (0.001416 * jnp.exp(-(V + 96.52) / 59.05) + 1.78e-8 * jnp.exp((V + 114.1) / 8.079)))
    develop = 1.354 + 1e-4 / (jnp.exp((V - 167.4) / 15.89) + jnp.exp(-(V - 12.23) / 0.2154))
    longer = develop * (1.0 - 0.5 * sigmoid(-(V + 70.0) / 20.0))
    i = sigmoid(-(V + 43.94) / 5.711)
    return {
        "a": Gate(sigmoid((V - 14.34) / 14.82), a_rate),
        "iF": Gate(i, 1.0 / fast),
        "iS": Gate(i, 1.0 / slow),
        "ap": Gate(sigmoid((V - 24.34) / 14.82), a_rate),
        "iFp": Gate(i, 1.0 / (longer * fast)),
        "iSp": Gate(i, 1.0 / (longer * slow)),
    }


def transient_open(y: Any, phosphorylated: Any) -> Any:
    """Share of open channels of Ito."""
    fast = sigmoid(-(y.V - 213.6) / 151.2)
    i = fast * y.iF + (1.0 - fast) * y.iS
    ip = fast * y.iFp + (1.0 - fast) * y.iSp
    return (1.0 - phosphorylated) * y.a * i + phosphorylated * y.ap * ip


def rapid_gates(V: Any) -> dict[str, Gate]:
    """Gates of IKr."""
    fast = 12.98 + 1.0 / (0.3652 * jnp.exp((V - 31.66) / 3.869) + 4.123e-5 * jnp.exp(-(V - 47.78) / 20.38))
    slow = 1.865 + 1.0 / (0.06629 * jnp.exp((V - 34.7) / 7.355) + 1.128e-5 * jnp.exp(-(V - 29.74) / 25.94))
    x = sigmoid((V + 8.337) / 6.789)
    return {"xrf": Gate(x, 1.0 / fast), "xrs": Gate(x, 1.0 / slow)}


def rapid_open(y: Any) -> Any:
    """Share of open channels of IKr."""
    fast = sigmoid(-(y.V + 54.81) / 38.21)
    rectified = sigmoid(-(y.V + 55.0) / 75.0) * sigmoid(-(y.V - 10.0) / 30.0)
    return (fast * y.xrf + (1.0 - fast) * y.xrs) * rectified


def slow_gates(V: Any) -> dict[str, Gate]:
    """Gates of IKs."""
    first = 817.3 + 1.0 / (0.0002326 * jnp.exp((V + 48.28) / 17.8) + 0.001292 * jnp.exp(-(V + 210.0) / 230.0))
    second = 0.01 * jnp.exp((V - 50.0) / 20.0) + 0.0193 * jnp.exp(-(V + 66.54) / 31.0)
    x = sigmoid((V + 11.6) / 8.932)
    return {"xs1": Gate(x, 1.0 / first), "xs2": Gate(x, second)}


def slow_open(y: Any) -> Any:
    """Share of open channels of IKs, times what calcium adds to it."""
    return (1.0 + 0.6 / (1.0 + (3.8e-5 / y.cai) ** 1.4)) * y.xs1 * y.xs2


def inward_gate(V: Any, Ko: Any) -> dict[str, Gate]:
    """Gate of IK1."""
    steady = sigmoid((V + 2.5538 * Ko + 144.59) / (1.5692 * Ko + 3.8115))
    return {"xk1": Gate(steady, (jnp.exp(-(V + 127.2) / 20.36) + jnp.exp((V + 236.8) / 69.33)) / 122.2)}


def inward_open(y: Any, Ko: Any) -> Any:
    """Share of open channels of IK1, times √Ko."""
    return jnp.sqrt(Ko) * sigmoid(-(y.V + 105.8 - 2.6 * Ko) / 9.493) * y.xk1
