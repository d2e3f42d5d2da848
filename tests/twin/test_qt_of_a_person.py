"""QT of one person through the dose twin: the free peak, its spread, and the shift that follows."""

from __future__ import annotations

import numpy as np
import pytest
from twin_cases import case, twin

from vitruvian.core import DataError
from vitruvian.model import Dose, Schedule, infusion
from vitruvian.systems.cardiac_safety import CardiacDrug, Potency
from vitruvian.twin import free_peaks, qt_under
from vitruvian.twin.qt import _times

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


def test_peaks_are_looked_for_at_the_end_of_each_dose() -> None:
    short = infusion("vancomycin", 1000, "mg", over=0.25, every=12, count=3).shift(100.1)
    bolus = Schedule((Dose(107.77, 5.0, "mg", "iv"), Dose(300.0, 5.0, "mg", "iv")), "vancomycin")
    found = set(_times(short + bolus, 112.0, 184.0).round(6)) - set(np.linspace(112.0, 184.0, 121).round(6))
    assert found == {112.35, 124.35}
    assert 107.77 in _times(bolus, 100.0, 172.0)
