"""Chambers and beds: activation, one-fibre wall, nearly ideal valves, coronary vessels."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from circulation_people import people, settled

from vitruvian.physiology.circulation import (
    CLOSED_LOOP,
    CORONARY_PRESSURE,
    ONE_FIBRE_LOOP,
    TYPICAL_PRESSURES,
    Activation,
    Elastance,
    OneFibre,
    Valve,
    indices,
    with_coronaries,
)

CHAMBERS = [
    one for loop in (CLOSED_LOOP, ONE_FIBRE_LOOP) for one in loop.stores if isinstance(one, Elastance | OneFibre)
]


def test_activation_is_two_half_cosines() -> None:
    one = Activation("a", rise=0.3, fall=0.2)
    p = {"period": 0.64, "rise_a": 0.3, "fall_a": 0.2, "lead_a": 0.0}
    phase = np.linspace(0.0, 0.999, 200)
    t, rise, fall = phase * 0.64, 0.3 * 0.8, 0.2 * 0.8
    told = np.where(
        t < rise,
        (1 - np.cos(np.pi * t / rise)) / 2,
        np.where(t < rise + fall, (1 + np.cos(np.pi * (t - rise) / fall)) / 2, 0.0),
    )
    np.testing.assert_allclose(one(jnp.asarray(phase), p), told, atol=1e-13)
    early = one(jnp.asarray(phase), p | {"lead_a": 0.16})
    np.testing.assert_allclose(early, one(jnp.asarray(phase + 0.25) % 1.0, p), atol=1e-13)


@pytest.mark.parametrize("chamber", CHAMBERS, ids=lambda one: f"{one.name}-{type(one).__name__}")
def test_elastance_is_the_slope_and_resting_volume_inverts(chamber: Elastance | OneFibre) -> None:
    loop = CLOSED_LOOP if isinstance(chamber, Elastance) else ONE_FIBRE_LOOP
    p, name = loop.typical, chamber.activation.name
    for a in (0.0, 0.4, 1.0):
        for volume in (70.0, 120.0):
            slope = jax.grad(lambda v, a=a: chamber.filled(v, p, {name: a}, 0.0).pressure)(volume)
            now = chamber.filled(volume, p, {name: a}, -4.0)
            assert float(now.elastance) == pytest.approx(float(slope), rel=1e-9)
            assert float(now.across - now.pressure) == pytest.approx(4.0)
    for pressure in (3.0, 12.0):
        volume = chamber.resting_volume(pressure, p)
        assert float(chamber.filled(volume, p, {name: 0.0}, 0.0).pressure) == pytest.approx(pressure, rel=1e-9)


def test_one_fibre_law_of_arts() -> None:
    """σ = p·3/ln(1 + Vw/V): for a thin wall Laplace's law, half the wall's stress of a soap bubble times its radius."""
    thin = OneFibre("c", Activation("a", 0.3, 0.2), wall=1.0, v0=100.0, active=500.0, passive=10.0)
    p = {one.name: one.value for one in thin.parameters}
    pressure = float(thin.filled(100.0, p, {"a": 1.0}, 0.0).pressure)
    stress = 500.0 * (1.9 - 1.5)
    assert pressure == pytest.approx(stress * 1.0 / (3.0 * 100.0), rel=0.01)


def test_one_fibre_ventricles_and_coronaries_make_the_same_person_by_another_model() -> None:
    loop = with_coronaries(ONE_FIBRE_LOOP)
    p = loop.typical
    found = settled(loop, p, TYPICAL_PRESSURES | CORONARY_PRESSURE)
    seen = indices(found, p)
    for name, share in (("mean_arterial", 0.05), ("edv", 0.05), ("ejection_fraction", 0.08), ("cardiac_output", 0.05)):
        assert float(getattr(seen, name)) == pytest.approx(people().of("typical", name), rel=share), name
    flow = found.trace.values["Q_coronary"]
    assert float(flow.mean()) == pytest.approx(3.8, rel=0.1)  # mL/s
    systole = found.trace.values["Q_aortic"] > 10.0
    assert flow[~systole].mean() > 1.5 * flow[systole].mean()


def test_nearly_ideal_valves_change_little() -> None:
    paths = tuple(replace(one, smooth=0.002) if isinstance(one, Valve) else one for one in CLOSED_LOOP.paths)
    p = CLOSED_LOOP.typical
    ideal = indices(settled(replace(CLOSED_LOOP, paths=paths), p, TYPICAL_PRESSURES, 30), p)
    for name in ("systolic", "diastolic", "central_venous", "wedge"):
        assert float(getattr(ideal, name)) == pytest.approx(people().of("typical", name), abs=0.3), name
