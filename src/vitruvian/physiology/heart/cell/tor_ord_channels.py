"""What Tomek 2019 made anew in O'Hara and Rudy's cell: INa, IKr, IK1, activation of ICaL, activities of ions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.heart.cell.cell import Chain, Gate
from vitruvian.physiology.heart.cell.functions import sigmoid
from vitruvian.physiology.heart.cell.ohara_rudy_space import THERMAL

DEBYE = 1.82e6 * (74.0 * 310.0) ** -1.5  # of water at 37 °C
CHLORIDE_HALF = 0.1  # mM of calcium at half IClCa


def sodium_gates(V: Any) -> dict[str, Gate]:
    """Gates of INa; `p` ends those of channels phosphorylated by CaMK."""
    m_time = 0.1292 * jnp.exp(-(((V + 45.79) / 15.54) ** 2)) + 0.06487 * jnp.exp(-(((V - 4.823) / 51.12) ** 2))
    h, j_rate = sigmoid(-(V + 71.55) / 7.43) ** 2, _j_rate(V)
    h_rate = _h_rate(V)
    return {
        "m": Gate(sigmoid((V + 56.86) / 9.03) ** 2, 1.0 / m_time),
        "h": Gate(h, h_rate),
        "j": Gate(h, j_rate),
        "hp": Gate(sigmoid(-(V + 77.55) / 7.43) ** 2, h_rate),
        "jp": Gate(h, j_rate / 1.46),
    }


def _h_rate(V: Any) -> Any:
    low = jnp.minimum(V, -40.0)
    resting = 0.057 * jnp.exp(-(low + 80.0) / 6.8) + 2.7 * jnp.exp(0.079 * low) + 3.1e5 * jnp.exp(0.3485 * low)
    return jnp.where(V >= -40.0, 0.77 / 0.13 * sigmoid((V + 10.66) / 11.1), resting)


def _j_rate(V: Any) -> Any:
    low = jnp.minimum(V, -40.0)
    leaving = -(25428.0 * jnp.exp(0.2444 * low) + 6.948e-6 * jnp.exp(-0.04391 * low)) * (low + 37.78)
    resting = leaving * sigmoid(-0.311 * (low + 79.23)) + 0.02424 * jnp.exp(-0.01052 * low) * sigmoid(
        0.1378 * (low + 40.14)
    )
    return jnp.where(V >= -40.0, 0.6 * jnp.exp(0.057 * V) * sigmoid(0.1 * (V + 32.0)), resting)


def sodium_open(y: Any, phosphorylated: Any) -> Any:
    """Share of open channels of INa."""
    return y.m**3 * ((1.0 - phosphorylated) * y.h * y.j + phosphorylated * y.hp * y.jp)


def rapid_chain(V: Any) -> Chain:
    """Channel of IKr: C3 ⇌ C2 ⇌ C1 ⇌ O ⇌ I, and C1 ⇌ I as microscopic reversibility asks for."""
    x = V / THERMAL
    opens, closes = 0.0578 * jnp.exp(0.971 * x), 0.349e-3 * jnp.exp(-1.062 * x)
    inactivates, recovers = 0.2533 * jnp.exp(0.5953 * x), 0.06525 * jnp.exp(-0.8209 * x)
    past = 0.52e-4 * jnp.exp(1.525 * x)
    flows = {
        ("C3", "C2"): 0.1161 * jnp.exp(0.299 * x),
        ("C2", "C3"): 0.2442 * jnp.exp(-1.604 * x),
        ("C2", "C1"): 1.25 * 0.1235,
        ("C1", "C2"): 0.1911,
        ("C1", "O"): opens,
        ("O", "C1"): closes,
        ("O", "I"): inactivates,
        ("I", "O"): recovers,
        ("C1", "I"): past,
        ("I", "C1"): closes * recovers * past / (opens * inactivates),
    }
    return Chain(("C3", "C2", "C1", "O", "I"), flows)


def inward_open(V: Any, EK: Any, Ko: Any) -> Any:
    """Share of open channels of IK1, times √(Ko/5)."""
    x = V - EK
    opens = 4.094 * sigmoid(-0.1217 * (x - 49.934))
    closes = (15.72 * jnp.exp(0.0674 * (x - 3.257)) + jnp.exp(0.0618 * (x - 594.31))) * sigmoid(0.1629 * (x + 14.207))
    return jnp.sqrt(Ko / 5.0) * opens / (opens + closes)


def activated(V: Any) -> Any:
    """Steady activation d of ICaL."""
    return jnp.where(V >= 31.4978, 1.0, 1.0763 * jnp.exp(-1.007 * jnp.exp(-0.0829 * jnp.minimum(V, 31.4978))))


def recovered(V: Any) -> Any:
    """Steady recovery jca of ICaL."""
    return sigmoid(-(V + 18.08) / 2.7916)


def activity(na: Any, k: Any, cl: Any, ca: Any) -> tuple[Any, Any]:
    """Activity coefficients of ions with one and two charges at these concentrations, mM (Davies' equation)."""
    strength = 0.5 * (na + k + cl + 4.0 * ca) / 1000.0
    root = jnp.sqrt(strength)
    single = jnp.exp(-DEBYE * (root / (1.0 + root) - 0.3 * strength))
    return single, single**4
