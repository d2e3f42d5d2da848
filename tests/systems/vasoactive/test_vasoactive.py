"""Vasoactive drugs on the circulation: published directions and sizes, ports and their units, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError, UnknownNameError, convert
from vitruvian.model import Schedule, bolus, infusion
from vitruvian.physiology.circulation import CLOSED_LOOP, PORTS, Response
from vitruvian.systems.vasoactive import DRUGS, courses, respond_to, vasoactive

P = CLOSED_LOOP.typical
SECONDS = 660.0


def given(*schedules: Schedule) -> Response:
    return respond_to(P, schedules, SECONDS, weight=75.0)


def change(found: Response, name: str, start: float, end: float) -> float:
    return float(found.mean(name, start, end) / found.mean(name, 30.0, 59.0) - 1.0)


def test_norepinephrine_raises_pressure() -> None:
    """0.1 µg/kg/min: mean pressure up by about a fifth, the reflex slows the heart."""
    found = given(infusion("norepinephrine", 0.1 * 75 * 10 / 1000, "mg", over="10 min", start="1 min"))
    assert 0.10 < change(found, "mean_arterial", 500.0, 600.0) < 0.30
    assert change(found, "heart_rate", 500.0, 600.0) < 0.0
    assert change(found, "resistance", 500.0, 600.0) > 0.1


def test_propofol_lowers_pressure_at_an_unchanged_rate() -> None:
    """200 mg: systolic and diastolic pressure 25 to 40 % lower, heart rate unchanged."""
    found = given(bolus("propofol", 200, "mg", start="1 min"))
    assert -0.40 < change(found, "systolic", 180.0, 260.0) < -0.20
    assert -0.42 < change(found, "diastolic", 180.0, 260.0) < -0.25
    assert abs(change(found, "heart_rate", 180.0, 260.0)) < 0.12


def test_metoprolol_slows_the_heart() -> None:
    found = given(bolus("metoprolol", 15, "mg", start="1 min"))
    assert -0.25 < change(found, "heart_rate", 500.0, 600.0) < -0.08
    assert change(found, "systolic", 500.0, 600.0) < 0.0
    assert change(found, "cardiac_output", 500.0, 600.0) < -0.05


@pytest.mark.slow
def test_furosemide_makes_urine() -> None:
    """40 mg: 300 to 400 % more than 1.5 L/d, over two hours (1 mL/min: 120 mL)."""
    found = respond_to(P, [bolus("furosemide", 40, "mg")], 7200.0, weight=75.0)
    assert 3.0 < found.urine[-1] / (1500.0 * 2 / 24) < 4.0
    assert found.central_venous[-1] < found.central_venous[10]


def test_every_effect_ends_at_a_port_of_its_unit() -> None:
    ports = {port.name: port for port in PORTS}
    for drug in DRUGS.values():
        units = {output.name: output.unit for output in drug.outputs}
        for wire in drug.wires:
            assert convert(1.0, units[wire.source], ports[wire.port].unit) == 1.0


def test_no_dose_is_no_effect_and_effects_join() -> None:
    late = [bolus("propofol", 200, "mg", start="1 h"), bolus("metoprolol", 5, "mg", start="1 h")]
    for name, (_, values) in courses(late, weight=70.0, seconds=300.0).items():
        default = next(port.default for port in PORTS if port.name == name)
        np.testing.assert_allclose(values, default, atol=1e-4)
    each = [courses([one], weight=70.0, seconds=300.0) for one in _pair()]
    both = courses(_pair(), weight=70.0, seconds=300.0)
    np.testing.assert_allclose(both["contractility"][1], each[0]["contractility"][1] * each[1]["contractility"][1])


def _pair() -> list[Schedule]:
    return [bolus("propofol", 100, "mg"), bolus("metoprolol", 5, "mg")]


def test_concentration_in_closed_form() -> None:
    """One compartment: norepinephrine at rest under an infusion is rate over clearance."""
    steady = [infusion("norepinephrine", 6.0, "mg", over="10 h")]
    moments, values = courses(steady, weight=75.0, seconds=10800.0)["veins"]
    level = 0.01 / 1.5  # mg/min over L/min
    assert moments[-1] == 10800.0
    assert values[-1] == pytest.approx(-450.0 * level**1.8 / (0.008**1.8 + level**1.8), rel=1e-6)


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="norepinephrine"):
        vasoactive("adrenalin")
    with pytest.raises(DataError, match="two schedules"):
        given(bolus("propofol", 1, "mg"), bolus("propofol", 2, "mg"))
    with pytest.raises(DataError, match="one port"):
        respond_to(P, [bolus("propofol", 1, "mg")], 60.0, weight=70.0, acting={"resistance": 0.5})
