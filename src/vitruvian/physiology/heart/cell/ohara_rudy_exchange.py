"""Sodium–calcium exchanger and sodium–potassium pump of O'Hara and Rudy 2011, as cycles of four states at balance."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.model import Values
from vitruvian.physiology.heart.cell.ohara_rudy_space import THERMAL

# Exchanger: sodium affinities, mM; rates, 1/ms
KNA1, KNA2, KNA3 = 15.0, 5.0, 88.12
ASYMMETRY = 12.5
WNA, WCA, WNACA = 6e4, 6e4, 5e3
CALCIUM_ON, CALCIUM_OFF = 1.5e6, 5e3

# Pump: rates 1/ms, affinities mM
K1P, K1M, K2P, K2M, K3P, K3M, K4P, K4M = 949.5, 182.4, 687.2, 39.4, 1899.0, 79300.0, 639.0, 40.0
KNAI, KNAO, DELTA = 9.073, 27.78, -0.155
KKI, KKO = 0.5, 0.3582
MGADP, MGATP, KMGATP = 0.05, 9.8, 1.698e-7
HYDROGEN, PHOSPHATE, KHP, KNAP, KXKUR = 1e-7, 4.2, 1.698e-7, 224.0, 292.0


def exchanged(V: Any, na: Any, ca: Any, p: Values, half: float = 0.00015) -> Any:
    """INaCa over its share and largest rate; `half` is the calcium at which it is half activated, mM."""
    hca, hna = jnp.exp(0.167 * V / THERMAL), jnp.exp(0.5224 * V / THERMAL)
    inside = 1.0 + na / KNA3 * (1.0 + hna)
    inside_carrier = 1.0 + na / KNA1 * (1.0 + na / KNA2)
    outside = 1.0 + p["Nao"] / KNA3 * (1.0 + 1.0 / hna)
    outside_carrier = ASYMMETRY + 1.0 + p["Nao"] / KNA1 * (1.0 + p["Nao"] / KNA2)
    third_in = na * hna / (KNA3 * inside)
    third_out = p["Nao"] / (KNA3 * hna * outside)
    k1 = p["Cao"] * CALCIUM_ON / outside_carrier
    k2 = k5 = CALCIUM_OFF
    k3_na, k4_na = third_out * WNACA, third_in * WNACA
    k3 = WCA / outside + k3_na
    k4 = WCA / (inside * hca) + k4_na
    k6 = ca * CALCIUM_ON / inside_carrier
    k7 = na**2 / (inside_carrier * KNA1 * KNA2) * third_in * WNA
    k8 = third_out * p["Nao"] ** 2 / (outside_carrier * KNA1 * KNA2) * WNA
    x1 = k2 * k4 * (k7 + k6) + k5 * k7 * (k2 + k3)
    x2 = k1 * k7 * (k4 + k5) + k4 * k6 * (k1 + k8)
    x3 = k1 * k3 * (k7 + k6) + k8 * k6 * (k2 + k3)
    x4 = k2 * k8 * (k4 + k5) + k3 * k5 * (k1 + k8)
    sodium = 3.0 * (x4 * k7 - x1 * k8) + x3 * k4_na - x2 * k3_na
    calcium = x2 * k2 - x1 * k1
    return (sodium + 2.0 * calcium) / ((x1 + x2 + x3 + x4) * (1.0 + (half / ca) ** 2))


def pumped(V: Any, nai: Any, ki: Any, p: Values) -> Any:
    """INaK over its largest rate."""
    na_in = nai / (KNAI * jnp.exp(DELTA * V / (3.0 * THERMAL)))
    na_out = p["Nao"] / (KNAO * jnp.exp((1.0 - DELTA) * V / (3.0 * THERMAL)))
    k_in, k_out = ki / KKI, p["Ko"] / KKO
    free = PHOSPHATE / (1.0 + HYDROGEN / KHP + nai / KNAP + ki / KXKUR)
    inside = (1.0 + na_in) ** 3 + (1.0 + k_in) ** 2 - 1.0
    outside = (1.0 + na_out) ** 3 + (1.0 + k_out) ** 2 - 1.0
    a1, b1 = K1P * na_in**3 / inside, K1M * MGADP
    a2, b2 = K2P, K2M * na_out**3 / outside
    a3, b3 = K3P * k_out**2 / outside, K3M * free * HYDROGEN / (1.0 + MGATP / KMGATP)
    a4, b4 = K4P * MGATP / KMGATP / (1.0 + MGATP / KMGATP), K4M * k_in**2 / inside
    x1 = a4 * a1 * a2 + b2 * b4 * b3 + a2 * b4 * b3 + b3 * a1 * a2
    x2 = b2 * b1 * b4 + a1 * a2 * a3 + a3 * b1 * b4 + a2 * a3 * b4
    x3 = a2 * a3 * a4 + b3 * b2 * b1 + b2 * b1 * a4 + a3 * a4 * b1
    x4 = b4 * b3 * b2 + a3 * a4 * a1 + b2 * a4 * a1 + b3 * b2 * a1
    sodium = 3.0 * (x1 * a3 - x2 * b3)
    potassium = 2.0 * (x4 * b1 - x3 * a1)
    return (sodium + potassium) / (x1 + x2 + x3 + x4)
