"""QT of one person through the dose twin: the free peak, its spread, and the shift that follows."""

from __future__ import annotations

import numpy as np
import pytest
from twin_cases import case, twin

from vitruvian.core import DataError
from vitruvian.model import infusion
from vitruvian.systems.cardiac_safety import CardiacDrug, Potency
from vitruvian.twin import free_peaks, qt_under

DOSE = infusion("vancomycin", 1000, "mg", over=1, every=12, count=6)


def test_a_level_acts_on_the_heart() -> None:
    person = twin(case())
    peaks = free_peaks(person, DOSE)
    assert peaks.shape == (person.draws,)
    assert 2_000.0 < np.median(peaks) < 60_000.0  # 10 to 50 mg/L, half of it unbound, 1449 g/mol
    made_up = CardiacDrug("vancomycin", float(np.median(peaks)), {"IKr": Potency(3.0 * float(np.median(peaks)), 1.0)})
    shift = qt_under(person, DOSE, made_up, samples=6, cycle_length=2000.0)
    assert 0.0 < shift.qt.low < shift.qt.median < shift.qt.high
    with pytest.raises(DataError, match="another drug"):
        qt_under(person, DOSE, CardiacDrug("other", 1.0))
