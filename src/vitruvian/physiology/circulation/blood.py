"""Blood as plasma and red cells, exchanging water with the tissues: bleeding, infusion, transfusion, urine.

Two fluid spaces, dv1/dt = in − kr·(v1 − V1)/V1 − kt·[(v1 − V1)/V1 − (v2 − V2)/V2] with V1 + V2 = 10.7 L (Drobin D,
Hahn RG. Anesthesiology 1999;90:81, doi:10.1097/00000542-199901000-00013). That study found kr 133 mL/min, and 34 mL/min
after a loss of 900 mL; kr and kt are set here so that 50 to 60 % of an infusion over 30 min is in the plasma when it
ends and 15 to 20 % half an hour later (Hahn RG. Acta Anaesthesiol Scand 2020;64:570, doi:10.1111/aas.13533).
Plasma lost takes its protein along, of which lymph returns a part at once: V1 falls by 60 % of it, and returns within a
day (assumed).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

HEMATOCRIT = 0.43
_TISSUE = 7500.0  # mL: V2
_KT = 70.0 / 60.0  # mL/s
_KR = 70.0 / 60.0  # mL/s
_KR_LOST = 34.0 / 60.0  # mL/s once `_LOST` is gone
_LOST = 900.0  # mL
_RESTORED = 12 * 3600.0  # s
_PROTEIN = 0.6
_PACKED = 0.60  # hematocrit of a unit of red cells


class Blood(NamedTuple):
    """Volumes, mL, in the people's shape."""

    plasma: Any
    cells: Any
    tissue: Any
    held: Any
    """Plasma that its protein holds at rest (V1)."""
    usual: Any
    """The same of the person in health."""
    urine: Any

    @property
    def volume(self) -> Any:
        """Of blood."""
        return self.plasma + self.cells

    @property
    def hematocrit(self) -> Any:
        """Share of cells."""
        return self.cells / self.volume


def blood_of(volume: Any, hematocrit: Any = HEMATOCRIT) -> Blood:
    """At rest."""
    plasma, cells = volume * (1.0 - hematocrit), volume * hematocrit
    tissue = jnp.full_like(plasma, _TISSUE)
    return Blood(plasma, cells, tissue, plasma, plasma, jnp.zeros_like(plasma))


def onward(
    blood: Blood, dt: float, *, bleeding: Any, crystalloid: Any, colloid: Any, red_cells: Any, diuresis: Any
) -> Blood:
    """The blood `dt` s later; rates in mL/s, `diuresis` beyond what dilution drives."""
    lost = bleeding * (1.0 - blood.hematocrit)
    dilution = (blood.plasma - blood.held) / blood.held
    short = jnp.clip((blood.usual - blood.held) / (_LOST * (1.0 - HEMATOCRIT)), 0.0, 1.0)
    kidney = jnp.maximum((_KR + short * (_KR_LOST - _KR)) * dilution, 0.0) + diuresis
    across = _KT * (dilution - (blood.tissue - _TISSUE) / _TISSUE)
    given = crystalloid + colloid + red_cells * (1.0 - _PACKED)
    gained = colloid + red_cells * (1.0 - _PACKED) - _PROTEIN * lost
    return Blood(
        blood.plasma + dt * (given - lost - kidney - across),
        blood.cells + dt * (red_cells * _PACKED - bleeding * blood.hematocrit),
        blood.tissue + dt * across,
        blood.held + dt * (gained + (blood.usual - blood.held) / _RESTORED),
        blood.usual,
        blood.urine + dt * kidney,
    )
