"""Size of the human ventricular cell of O'Hara and Rudy, and how ions spread in it; later models of the family keep it.

A cylinder of 100 µm by 22 µm: myoplasm (`myo`), subspace beside the T-tubules (`ss`), network and junctional
sarcoplasmic reticulum (`nsr`, `jsr`). π is 3.14 in the published model.
"""

from __future__ import annotations

from typing import Any

from vitruvian.physiology.heart.cell.functions import FARADAY

THERMAL = 8314.0 * 310.0 / FARADAY  # RT/F, mV
LENGTH, RADIUS = 0.01, 0.0011  # cm
VOLUME = 1000.0 * 3.14 * RADIUS**2 * LENGTH  # µL
AREA = 2.0 * (2.0 * 3.14 * RADIUS**2 + 2.0 * 3.14 * RADIUS * LENGTH)  # capacitive, cm² (1 µF each)
MYO, NSR, JSR, SS = 0.68 * VOLUME, 0.0552 * VOLUME, 0.0048 * VOLUME, 0.02 * VOLUME

MYO_FILLS = AREA / (FARADAY * MYO)  # mM/ms of a monovalent ion per A/F
SS_FILLS = AREA / (FARADAY * SS)
SS_TO_MYO = SS / MYO
NSR_TO_MYO = NSR / MYO
JSR_TO_NSR = JSR / NSR
JSR_TO_SS = JSR / SS

CALCIUM_SPREADS = 0.2  # ms
ION_SPREADS = 2.0  # ms; sodium, potassium and chloride


def spread(subspace: Any, myoplasm: Any, time: float = ION_SPREADS) -> Any:
    """Flux from the subspace into the myoplasm, mM/ms of the subspace."""
    return (subspace - myoplasm) / time
