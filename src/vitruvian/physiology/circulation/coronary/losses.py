"""Pressure lost in a segment: linear in the flow where blood rubs on the wall, quadratic where the jet breaks up.

Δp = a q + b q|q|, mmHg and mL/s. Healthy lengths follow Poiseuille. A narrowing follows one of `LAWS`:

- `young_tsai`: Young & Tsai 1973 (doi 10.1016/0021-9290(73)90099-7), coefficients of Seeley & Young 1976
  (doi 10.1016/0021-9290(76)90086-5): Δp = Kv µ q/(2π r³) + Kt ρ/(2 A²) (A/As − 1)² q|q|, r the healthy *radius*,
  Kv = 32 (0.83 Ls + 1.64 Ds)/D (A/As)², Kt = 1.52; the inertial term has no part in a steady flow.
- `borda_carnot`: Poiseuille through the throat and the loss of a sudden expansion, by conservation of momentum
  (Kt = 1). It is what Lyras & Lee 2021 (doi 10.1371/journal.pone.0258047) add their turbulence term to; that term is
  not part of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from vitruvian.physiology.circulation.coronary.tree import CoronaryTree

MMHG = 133.322387415
"""Pa"""
DENSITY, VISCOSITY = 1060.0, 3.5e-3
"""kg/m³ and Pa·s of whole blood at high shear."""
TURBULENCE = 1.52

Array = Float[np.ndarray, " segments"]


def _poiseuille(length: Array, diameter: Array) -> Array:
    """Pa·s/m³; lengths in m."""
    return 128.0 * VISCOSITY * length / (np.pi * diameter**4)


def _separation(whole: Array, throat: Array) -> Array:
    """Pa·s²/m⁶ of a sudden expansion."""
    area, narrow = np.pi * whole**2 / 4.0, np.pi * throat**2 / 4.0
    return 0.5 * DENSITY * (1.0 / narrow - 1.0 / area) ** 2


def _young_tsai(length: Array, whole: Array, throat: Array) -> tuple[Array, Array]:
    return _poiseuille(0.83 * length + 1.64 * throat, throat), TURBULENCE * _separation(whole, throat)


def _borda_carnot(length: Array, whole: Array, throat: Array) -> tuple[Array, Array]:
    return _poiseuille(length, throat), _separation(whole, throat)


LAWS: dict[str, Callable[[Array, Array, Array], tuple[Array, Array]]] = {
    "young_tsai": _young_tsai,
    "borda_carnot": _borda_carnot,
}


def losses(tree: CoronaryTree, law: str, upto: str = "end") -> tuple[Array, Array]:
    """(a, b) of each segment, mmHg·s/mL and mmHg·s²/mL²; `upto` "stenosis" counts only to where it has passed."""
    given = np.array([(s.length, s.diameter, s.throat, s.stenosis_length, s.at or 0.0) for s in tree.segments]).T
    length, whole, throat, narrow, at = given * 1e-3
    healthy = length - narrow if upto == "end" else np.where(narrow > 0.0, at - 0.5 * narrow, length)
    linear, quadratic = LAWS[law](narrow, whole, throat)
    some = narrow > 0.0
    a = _poiseuille(healthy, whole) + np.where(some, linear, 0.0)
    return a * 1e-6 / MMHG, np.where(some, quadratic, 0.0) * 1e-12 / MMHG


def bare(tree: CoronaryTree) -> tuple[Array, Array]:
    """(a, b) of the tree without its narrowings."""
    length, whole = np.array([(s.length, s.diameter) for s in tree.segments]).T * 1e-3
    return _poiseuille(length, whole) * 1e-6 / MMHG, np.zeros(len(length))
