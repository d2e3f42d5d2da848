"""The circulation under reflexes: rest is rest, bleeding by classes, fluids, posture, work; what is out of range."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import InputError, UnknownNameError
from vitruvian.physiology.circulation import CLOSED_LOOP, TYPICAL_PRESSURES, Response, indices, orbit, pulse, respond
from vitruvian.physiology.circulation.baroreflex import EFFECTORS, STEP, at_rest, firing, onward, sympathetic, vagal
from vitruvian.physiology.circulation.blood import blood_of
from vitruvian.physiology.circulation.blood import onward as blood_onward

P = CLOSED_LOOP.typical
SECONDS = 660.0
NOTHING = dict.fromkeys(("bleeding", "crystalloid", "colloid", "red_cells", "diuresis"), 0.0)


def after(**acting: Any) -> Response:
    return respond(P, acting, SECONDS)


@pytest.fixture(scope="module")
def rest() -> Response:
    return after()


def bled(share: float) -> Response:
    """A share of the blood lost in nine minutes."""
    return after(bleeding=pulse(60.0, 600.0, share * P["blood_volume"] / 540.0))


def change(found: Response, name: str) -> float:
    """From the first minute to the last, relative."""
    before, end = found.mean(name, 30.0, 59.0), found.mean(name, SECONDS - 20.0, SECONDS)
    return float(end / before - 1.0)


def test_rest_is_the_periodic_beat(rest: Response) -> None:
    p = {name: jnp.asarray(value) for name, value in P.items()}
    still = indices(orbit(CLOSED_LOOP, p, CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES)), p)
    for name, share in (("heart_rate", 0.01), ("systolic", 0.01), ("mean_arterial", 0.01), ("cardiac_output", 0.02)):
        assert rest.mean(name, 300.0, SECONDS) == pytest.approx(float(getattr(still, name)), rel=share), name
    assert rest.blood_volume == pytest.approx(P["blood_volume"], rel=1e-9)


def test_bleeding_by_classes() -> None:
    """Advanced Trauma Life Support: pulse rises from class I on, pressure falls from class II or III on."""
    first, second, third, fourth = (bled(share) for share in (0.10, 0.22, 0.35, 0.45))
    rates = [change(one, "heart_rate") for one in (first, second, third, fourth)]
    systolic = [change(one, "systolic") for one in (first, second, third, fourth)]
    outputs = [change(one, "cardiac_output") for one in (first, second, third, fourth)]
    assert 0.0 < rates[0] < rates[1] < rates[2] < rates[3]
    assert 0.0 > systolic[0] > systolic[1] > systolic[2] > systolic[3]
    assert 0.0 > outputs[0] > outputs[1] > outputs[2] > outputs[3]
    assert systolic[0] > -0.10  # class I: normal pressure
    assert change(second, "diastolic") > systolic[1]  # class II: pulse pressure narrows
    assert change(fourth, "diastolic") < -0.15
    assert systolic[3] < -0.30
    assert change(third, "hematocrit") < 0.0  # tissue fluid comes in


def test_fluid_fills_and_leaves() -> None:
    given = after(crystalloid=pulse(60.0, 600.0, 1000.0 / 540.0))
    assert change(given, "blood_volume") > 0.05
    assert change(given, "central_venous") > 0.0
    assert change(given, "cardiac_output") > 0.03
    assert change(given, "hematocrit") < -0.05
    assert given.urine[-1] > 50.0


def test_standing_up(rest: Response) -> None:
    stands = after(tilt=pulse(60.0, 1e4, 70.0))
    assert 0.05 < change(stands, "heart_rate") < 0.35
    assert -0.45 < change(stands, "stroke_volume") < -0.12
    assert -0.12 < change(stands, "mean_arterial") < 0.05
    assert change(stands, "diastolic") > change(stands, "systolic")


def test_work_doubles_output() -> None:
    works = after(work=pulse(60.0, 1e4, 100.0))
    assert 0.35 < change(works, "heart_rate") < 0.85
    assert 0.5 < change(works, "cardiac_output") < 1.3
    assert change(works, "resistance") < -0.3
    assert change(works, "systolic") > 0.0


def test_without_reflex_pressure_falls_more() -> None:
    loss = pulse(60.0, 600.0, 0.22 * P["blood_volume"] / 540.0)
    assert change(after(bleeding=loss, reflex=0.0), "mean_arterial") < change(after(bleeding=loss), "mean_arterial")


def test_people_together_are_people_apart() -> None:
    stiff = np.array([P["R_systemic"], 1.2 * P["R_systemic"]])
    both = respond({**P, "R_systemic": stiff}, {"tilt": 40.0}, 30.0)
    for k, value in enumerate(stiff):
        one = respond({**P, "R_systemic": value}, {"tilt": 40.0}, 30.0)
        np.testing.assert_allclose(both.mean_arterial[:, k], one.mean_arterial, rtol=1e-9)


def test_nerves_as_published() -> None:
    """Ursino 1998, from its own constants: firing half-way at the centre, and the ends of the ranges."""
    assert float(firing(92.0, 92.0)) == pytest.approx((2.52 + 47.78) / 2)
    assert float(firing(300.0, 92.0)) == pytest.approx(47.78, rel=1e-6)
    assert float(sympathetic(0.0)) == pytest.approx(16.11)
    assert float(sympathetic(1e3)) == pytest.approx(2.10)
    assert float(vagal(1e3)) == pytest.approx(6.3, rel=1e-6)
    assert float(vagal(25.0)) == pytest.approx((3.2 + 6.3) / 2)


def test_an_effector_follows_after_its_delay() -> None:
    quiet = at_rest(jnp.full((20,), 92.0), 92.0)
    now, moved = quiet, {}
    for k in range(round(30.0 / STEP)):
        now = onward(now, 70.0, 92.0)
        for name in EFFECTORS:
            if name not in moved and abs(float(now.effects[name] - quiet.effects[name])) > 1e-9:
                moved[name] = k * STEP
    for name, one in EFFECTORS.items():
        assert moved[name] == pytest.approx(one.delay, abs=2 * STEP), name


def test_blood_is_accounted_for() -> None:
    blood = blood_of(jnp.asarray(5000.0))
    start = float(blood.plasma + blood.tissue)
    for k in range(1800):
        blood = blood_onward(blood, 1.0, **{**NOTHING, "crystalloid": 2000.0 / 1800})
        if k == 1799:
            held = float(blood.volume - 5000.0) / 2000.0
    assert float(blood.plasma + blood.tissue + blood.urine) == pytest.approx(start + 2000.0, rel=1e-12)
    assert 0.5 < held < 0.6  # Hahn 2020
    for _ in range(1800):
        blood = blood_onward(blood, 1.0, **NOTHING)
    assert 0.15 < float(blood.volume - 5000.0) / 2000.0 < 0.2
    lost = blood_onward(blood_of(jnp.asarray(5000.0)), 1.0, **{**NOTHING, "bleeding": 10.0})
    assert float(lost.hematocrit) == pytest.approx(0.43)


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="bleding"):
        respond(P, {"bleding": 1.0}, 10.0)
    with pytest.raises(InputError, match="tilt"):
        respond(P, {"tilt": 120.0}, 10.0)
    with pytest.raises(InputError, match="work"):
        respond(P, {"work": float("nan")}, 10.0)
    with pytest.raises(InputError, match="rising"):
        respond(P, {"work": ([0.0, 10.0, 5.0], [0.0, 1.0, 2.0])}, 10.0)
    with pytest.raises(InputError, match="length"):
        respond(P, {}, 0.0)
