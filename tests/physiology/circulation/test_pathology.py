"""Diseases show what guidelines define them by."""

from __future__ import annotations

import jax.numpy as jnp
import pytest
from circulation_people import TYPICAL, people, settled

from vitruvian.core import InputError, UnknownNameError
from vitruvian.physiology.circulation import (
    CLOSED_LOOP,
    ONE_FIBRE_LOOP,
    PATHOLOGIES,
    TYPICAL_PRESSURES,
    flow_ratio,
    indices,
    pathology,
    valve_findings,
)

GRADES = ("mild", "moderate", "severe")


def at_valve(valve: str, finding: str, disease: str) -> float:
    found = people()
    values = getattr(valve_findings(CLOSED_LOOP, found.orbit, found.p, valve), finding)
    return float(values[found.place[disease]])


def test_heart_failure() -> None:
    found = people()
    assert found.of("hfref", "ejection_fraction") < 0.40
    assert found.of("hfref", "edv") > 189.0
    assert found.of("hfref", "wedge") > 15.0
    assert found.of("hfref", "cardiac_output") < found.of("typical", "cardiac_output")
    assert found.of("hfpef", "ejection_fraction") >= 0.50
    assert found.of("hfpef", "wedge") > 15.0
    assert found.of("hfpef", "edv") < 150.0


def test_hypertension() -> None:
    found = people()
    assert found.of("hypertension", "systolic") >= 140.0
    assert found.of("hypertension", "diastolic") >= 90.0
    assert found.of("hypertension", "cardiac_output") == pytest.approx(found.of("typical", "cardiac_output"), rel=0.1)


def test_stenosis_by_grade() -> None:
    aortic = [at_valve("aortic", "mean_gradient", f"aortic_stenosis_{grade}") for grade in GRADES]
    assert at_valve("aortic", "mean_gradient", "typical") < 10.0 < aortic[0] < 20.0 < aortic[1] < 40.0 < aortic[2]
    assert at_valve("aortic", "peak_velocity", "aortic_stenosis_severe") > 4.0
    assert people().of("aortic_stenosis_severe", "stroke_volume") > 70.0  # at normal flow
    mitral = [at_valve("mitral", "mean_gradient", f"mitral_stenosis_{grade}") for grade in GRADES]
    assert mitral[0] < mitral[1] < 10.0 < mitral[2]
    assert people().of("mitral_stenosis_severe", "wedge") > 15.0
    assert people().of("mitral_stenosis_severe", "pulmonary_mean") > 25.0


@pytest.mark.parametrize("valve", ["aortic", "mitral"])
def test_regurgitation_by_grade(valve: str) -> None:
    back = [at_valve(valve, "regurgitant", f"{valve}_regurgitation_{grade}") for grade in GRADES]
    assert at_valve(valve, "regurgitant", "typical") < 0.1
    assert 0.1 < back[0] < 30.0 < back[1] < 60.0 < back[2]
    assert people().of(f"{valve}_regurgitation_severe", "edv") > people().of("typical", "edv") + 40.0


def test_wide_pulse_of_aortic_regurgitation() -> None:
    found = people()
    pulse = {n: found.of(n, "systolic") - found.of(n, "diastolic") for n in ("typical", "aortic_regurgitation_severe")}
    assert pulse["aortic_regurgitation_severe"] > 1.8 * pulse["typical"]


def test_shunts_from_left_to_right() -> None:
    """Both ways in one circuit, one of them closed in each of three people."""
    names = ("atrial_septal_defect", "ventricular_septal_defect")
    loop = CLOSED_LOOP
    for name in names:
        loop = PATHOLOGIES[name].circuit(loop)
    closed = {one.name: 0.0 for name in names for way in PATHOLOGIES[name].ways for one in way.parameters}
    rows = [closed | PATHOLOGIES[name].parameters(TYPICAL) for name in names] + [closed | TYPICAL]
    p = {key: jnp.asarray([row[key] for row in rows]) for key in rows[0]}
    found = settled(loop, p, TYPICAL_PRESSURES)
    atrial, ventricular, whole = (float(ratio) for ratio in flow_ratio(found))
    assert 1.5 < atrial < 2.5
    assert 1.5 < ventricular < 2.5
    assert whole == pytest.approx(1.0, abs=1e-6)
    lungs = indices(found, p).pulmonary_mean
    assert min(lungs[0], lungs[1]) > 1.3 * lungs[2]


def test_names_and_sources() -> None:
    assert all(one.source.doi for one in PATHOLOGIES.values())
    assert set(pathology("hfref").times) <= set(TYPICAL)
    with pytest.raises(InputError, match="Emax_left_ventricle"):
        pathology("hfref").parameters(ONE_FIBRE_LOOP.typical)
    with pytest.raises(UnknownNameError, match="hfref"):
        pathology("heart failure")
