"""People whose periodic beat is found once for all tests: the typical adult, diseases, and single changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from vitruvian.physiology.circulation import (
    CLOSED_LOOP,
    PATHOLOGIES,
    TYPICAL_PRESSURES,
    Circuit,
    Indices,
    Orbit,
    beats,
    indices,
    orbit,
    trace,
)

TYPICAL = CLOSED_LOOP.typical
CHANGED = {
    "afterload": {"R_systemic": 1.1},
    "preload": {"blood_volume": 1.02},
    "contractility": {"Emax_left_ventricle": 1.2},
    "rate": {"period": 0.9},
    "stiff arteries": {"C_aorta": 0.7, "C_systemic_arteries": 0.7},
    "less resistance": {"R_systemic": 0.999},
    "more resistance": {"R_systemic": 1.001},
}
RANDOM = 8
"""People who differ from the typical one by about 10 % in most parameters, `random 0` and on, and each with changes."""


def _random() -> dict[str, dict[str, float]]:
    generator = np.random.default_rng(11)
    rows = {}
    for k in range(RANDOM):
        varied = {
            name: value * float(np.exp(0.1 * generator.uniform(-1.5, 1.5)))
            for name, value in TYPICAL.items()
            if name.startswith(("period", "R_", "C_", "Emax_", "Emin_", "k_"))
        }
        rows[f"random {k}"] = one = TYPICAL | varied
        for change in ("afterload", "preload", "contractility"):
            rows[f"random {k} {change}"] = one | {key: one[key] * times for key, times in CHANGED[change].items()}
    return rows


class Found(NamedTuple):
    """Parameters of all people (n,), their beat and its indices; `place` tells who is where."""

    p: dict[str, Any]
    orbit: Orbit
    indices: Indices
    place: dict[str, int]

    def of(self, name: str, index: str) -> float:
        """An index of one of the people."""
        return float(getattr(self.indices, index)[self.place[name]])


@cache
def people() -> Found:
    """Everybody in the closed loop itself."""
    rows = {"typical": dict(TYPICAL)}
    rows |= {name: one.parameters(TYPICAL) for name, one in PATHOLOGIES.items() if not one.ways}
    rows |= {
        name: TYPICAL | {key: TYPICAL[key] * times for key, times in change.items()} for name, change in CHANGED.items()
    }
    rows |= _random()
    p = {key: jnp.asarray([row[key] for row in rows.values()]) for key in TYPICAL}
    found = orbit(CLOSED_LOOP, p, CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES))
    return Found(p, found, indices(found, p), {name: k for k, name in enumerate(rows)})


def settled(circuit: Circuit, p: Mapping[str, Any], pressures: dict[str, float], count: int = 60) -> Orbit:
    """The beat after many beats; no Newton, so little to compile."""
    known = {name: jnp.asarray(value) for name, value in p.items()}
    y = beats(circuit, circuit.filled_to(known, pressures), known, count)
    seen = trace(circuit, y, known)
    return Orbit(y, seen._replace(values={k: np.asarray(v) for k, v in seen.values.items()}), 0.0)
