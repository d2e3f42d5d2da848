"""The beat that repeats itself: Newton against many beats, batch against single, derivatives, failure."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from circulation_people import people, settled

from vitruvian.physiology.circulation import CLOSED_LOOP, TYPICAL_PRESSURES, beat, indices, orbit


def test_newton_needs_few_steps_for_all_and_leaves_no_change() -> None:
    found = people()
    assert int(found.orbit.iterations) <= 5
    assert float(found.orbit.residual.max()) < 1e-9
    for k in (0, 1, 7):  # one person alone, a beat on
        p = {name: value[k] for name, value in found.p.items()}
        start = {name: value[k] for name, value in found.orbit.start.items()}
        after = beat(CLOSED_LOOP, start, p)
        for name, value in start.items():
            assert float(after[name]) == pytest.approx(float(value), abs=1e-7), (k, name)


def test_many_beats_come_to_the_same() -> None:
    found, many = people(), settled(CLOSED_LOOP, CLOSED_LOOP.typical, TYPICAL_PRESSURES, 150)
    for name, value in many.trace.values.items():
        np.testing.assert_allclose(value, found.orbit.trace.values[name][:, 0], atol=1e-3, err_msg=name)


def test_stroke_volume_is_the_change_of_volume() -> None:
    found = people()
    assert found.of("typical", "stroke_volume") == pytest.approx(
        found.of("typical", "edv") - found.of("typical", "esv"), abs=0.3
    )
    flows = found.orbit.trace.values
    for name in ("Q_mitral", "Q_systemic", "Q_tricuspid", "Q_pulmonary", "Q_lung"):
        np.testing.assert_allclose(flows[name].mean(axis=0), flows["Q_aortic"].mean(axis=0), rtol=1e-9)


@pytest.mark.slow
def test_implicit_derivative_is_the_difference() -> None:
    found = people()

    def pressures(resistance: jax.Array) -> tuple[jax.Array, jax.Array]:
        p = found.p | {"R_systemic": resistance}
        now = indices(orbit(CLOSED_LOOP, p, CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES)), p)
        return now.mean_arterial, now.stroke_volume

    given = found.p["R_systemic"]
    _, slopes = jax.jvp(pressures, (given,), (jnp.ones_like(given),))
    less, more = (found.place[f"{word} resistance"] for word in ("less", "more"))
    step = float(given[more] - given[less])
    for index, slope in zip(("mean_arterial", "stroke_volume"), slopes, strict=True):
        values = getattr(found.indices, index)
        assert float(slope[0]) == pytest.approx(float(values[more] - values[less]) / step, rel=1e-4), index
