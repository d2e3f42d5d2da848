"""The action potential of one ventricular cell with and without a drug, as a picture."""

from __future__ import annotations

import numpy as np

from vitruvian.physiology.heart import Paced, blocked, cell, pace
from vitruvian.systems.cardiac_safety import CardiacDrug, hill
from vitruvian.twin.doors.door import Line, Picture

_CELL, _BEATS, _POINTS, _SHOWN_MS = "cipa_ord", 20, 240, 500.0
_NORMAL_POTASSIUM = 4.2


def action_potential(drug: CardiacDrug, nanomolar: float, potassium: float) -> Picture:
    """Voltage over the first half second of a beat; `potassium` of plasma in mmol/L; block by Hill curves."""
    chosen = cell(_CELL)
    heart = dict(chosen.typical)
    heart["Ko"] = heart["Ko"] * potassium / _NORMAL_POTASSIUM
    shares = {name: float(hill(nanomolar, one.ic50, one.hill)) for name, one in drug.potency.items()}
    under = pace(chosen, blocked(chosen, heart, shares), beats=_BEATS)
    without = pace(chosen, heart, beats=_BEATS)
    lines = (_line(f"with {drug.name}", under), _line("without", without))
    return Picture(
        "action_potential", "Action potential of one ventricular cell", "time from the stimulus", "ms",
        "membrane potential", "mV", lines[0].x or (), lines,
    )  # fmt: skip


def _line(title: str, paced: Paced) -> Line:
    """Even in its own points: dense where the voltage changes fast."""
    t, voltage = np.asarray(paced.t, float), np.asarray(paced.V, float)
    shown = np.flatnonzero(t <= _SHOWN_MS)
    some = shown[:: max(1, len(shown) // _POINTS)]
    return Line(title, tuple(voltage[some].tolist()), x=tuple(t[some].tolist()))
