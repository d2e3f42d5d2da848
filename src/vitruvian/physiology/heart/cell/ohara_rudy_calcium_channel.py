"""L-type calcium channel of O'Hara and Rudy 2011: gates by voltage, calcium and CaMK; three ions pass."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.physiology.heart.cell.cell import Gate
from vitruvian.physiology.heart.cell.functions import sigmoid

PHOSPHORYLATED_GAIN = 1.1  # of the permeability
SODIUM, POTASSIUM = 0.00125, 0.0003574  # permeabilities over that to calcium
FAST = 0.6  # share of inactivation by voltage that is fast


def gates(V: Any, activated: Any, recovered: Any, recovery: float) -> dict[str, Gate]:
    """Gates by voltage; steady `activated` (d) and `recovered` (jca, with its time in ms) differ between papers."""
    d_time = 0.6 + 1.0 / (jnp.exp(-0.05 * (V + 6.0)) + jnp.exp(0.09 * (V + 14.0)))
    fast_e = jnp.exp((V + 20.0) / 10.0)
    fast = 7.0 + 1.0 / (0.0045 * (1.0 / fast_e + fast_e))
    slow = 1000.0 + 1.0 / (3.5e-5 * (jnp.exp(-(V + 5.0) / 4.0) + jnp.exp((V + 5.0) / 6.0)))
    seventh = jnp.exp(V / 7.0)
    apart = seventh * jnp.exp(-4.0 / 7.0)
    calcium_fast = 7.0 + 1.0 / (0.04 * (1.0 / apart + apart))
    calcium_slow = 100.0 + 1.0 / (0.00012 * (jnp.exp(-V / 3.0) + seventh))
    f = inactivated(V)
    return {
        "d": Gate(activated, 1.0 / d_time),
        "ff": Gate(f, 1.0 / fast),
        "fs": Gate(f, 1.0 / slow),
        "fcaf": Gate(f, 1.0 / calcium_fast),
        "fcas": Gate(f, 1.0 / calcium_slow),
        "jca": Gate(recovered, 1.0 / recovery),
        "ffp": Gate(f, 1.0 / (2.5 * fast)),
        "fcafp": Gate(f, 1.0 / (2.5 * calcium_fast)),
    }


def inactivated(V: Any) -> Any:
    """Steady share that is not inactivated."""
    return sigmoid(-(V + 19.58) / 3.696)


def by_calcium(calcium: Any, jca: Any, binds: float) -> Gate:
    """Gate `nca`: the share that inactivates by calcium–calmodulin; `binds` is k2n, 1/ms."""
    free = 1.0 + 0.002 / calcium
    return Gate(binds / (binds + jca * free**4), jca)


def conducting(y: Any, phosphorylated: Any, nca: Any) -> Any:
    """Open channels, times what phosphorylation adds to their permeability."""
    calcium_fast = 0.3 + 0.6 * sigmoid(-(y.V - 10.0) / 10.0)
    held = (1.0 - calcium_fast) * y.fcas
    plain = _either(FAST * y.ff + (1.0 - FAST) * y.fs, y.jca * (calcium_fast * y.fcaf + held), nca)
    gained = _either(FAST * y.ffp + (1.0 - FAST) * y.fs, y.jca * (calcium_fast * y.fcafp + held), nca)
    return y.d * ((1.0 - phosphorylated) * plain + PHOSPHORYLATED_GAIN * phosphorylated * gained)


def _either(by_voltage: Any, by_calcium: Any, nca: Any) -> Any:
    return by_voltage * (1.0 - nca) + by_calcium * nca
