"""UVA/Padova 2008 against simglucose, and what holds of it whatever the numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracle import PERSONS
from simglucose_days import announced_late, by_simglucose, eating, its_loop, open_loop, parameters, start, therapy

from vitruvian.control import BasalBolus, Setting, run
from vitruvian.model import advance, drive, program
from vitruvian.physiology.glucose import PERFECT, Inputs, Pump, glucose_metrics, nothing
from vitruvian.physiology.glucose import UVA_PADOVA_2008 as MODEL

DAY = 1440
TOLERANCE = 0.02
FEW = ["adult#001", "adolescent#001", "child#001"]
ITS_PUMP = Pump("simglucose", basal_step=0.05 / 100.0, bolus_step=0.05 / 6000.0)
BY_HAND = BasalBolus(subtract=False, every=1)

# simglucose 0.2.11, start 00:00, meals 08:00 45 g, 12:00 70 g, 18:00 80 g; each half hour from 08:00.
GOLDEN = {
    "adult#001": [
        138.55, 149.44, 174.88, 178.80, 173.42, 165.89, 159.20, 156.67, 161.51, 173.35, 203.40, 198.64, 179.53, 159.16,
        142.48, 134.03, 139.16, 136.27, 124.21, 111.26, 100.44, 106.21, 147.04, 152.47, 141.13, 127.26, 116.01, 111.95,
        122.02, 123.49, 113.37, 101.29, 91.02,
    ],
    "adolescent#001": [
        149.03, 150.73, 157.18, 155.31, 146.27, 137.23, 130.71, 127.37, 126.17, 126.86, 135.15, 133.35, 124.28, 115.99,
        110.53, 108.58, 108.21, 106.43, 103.54, 101.17, 100.24, 102.93, 117.73, 123.84, 118.36, 111.56, 106.64, 104.83,
        104.95, 103.75, 101.01, 98.46, 97.29,
    ],
    "child#001": [
        141.45, 190.44, 214.50, 160.48, 112.69, 86.15, 73.61, 69.09, 72.65, 153.00, 207.47, 151.08, 104.88, 80.53,
        68.37, 63.20, 67.23, 93.80, 98.54, 89.23, 81.61, 146.95, 217.26, 158.55, 109.09, 83.11, 69.90, 63.86, 66.81,
        94.48, 100.79, 90.21, 81.13,
    ],
}  # fmt: skip
# U/d; mean, SD, in 70–180, below 70, above 180 (%), LBGI, HBGI of each minute.
GOLDEN_DAY = {
    "adult#001": (52.3848, 142.00, 23.09, 94.17, 0.0, 5.83, 0.0378, 2.5662),
    "adolescent#001": (36.3140, 129.31, 19.86, 100.0, 0.0, 0.0, 0.0757, 1.3558),
    "child#001": (17.2680, 120.91, 41.07, 78.76, 11.66, 9.58, 2.0762, 2.1171),
}

driven = program(MODEL)


def looped(names: list[str], minutes: int = DAY) -> tuple[np.ndarray, np.ndarray]:
    """Subcutaneous glucose at the start of each minute, and U/min, under simglucose's basal–bolus controller."""
    setting = Setting(MODEL, parameters(names), therapy(names), replace(PERFECT, every=1), ITS_PUMP)
    trace = run(setting, BY_HAND, announced_late(minutes, len(names)), jax.random.key(0), body=start(names))
    return np.asarray(trace.sensor), np.asarray(trace.insulin)


@pytest.fixture(scope="module")
def few_looped() -> tuple[np.ndarray, np.ndarray]:
    return looped(FEW, DAY + 1)


@pytest.mark.parametrize("person", range(3), ids=FEW)
def test_golden_rows(few_looped: tuple[np.ndarray, np.ndarray], person: int) -> None:
    glucose = few_looped[0][:, person]
    rows = glucose[480::30][: len(GOLDEN[FEW[person]])]
    np.testing.assert_allclose(rows, GOLDEN[FEW[person]], atol=TOLERANCE)


@pytest.mark.parametrize("person", range(3), ids=FEW)
def test_golden_day(few_looped: tuple[np.ndarray, np.ndarray], person: int) -> None:
    glucose, insulin = few_looped
    units, mean, sd, within, below, above, low, high = GOLDEN_DAY[FEW[person]]
    found = glucose_metrics(jnp.asarray(glucose[:, person]))
    assert insulin[:DAY, person].sum() == pytest.approx(units, abs=2e-3)
    assert float(found.mean) == pytest.approx(mean, abs=0.01)
    assert glucose[:, person].std() == pytest.approx(sd, abs=0.01)
    shares = [float(found.in_range), float(found.below_70), float(found.above_180)]
    np.testing.assert_allclose(shares, [within, below, above], atol=0.08)
    np.testing.assert_allclose([float(found.lbgi), float(found.hbgi)], [low, high], atol=2e-3)


def test_four_hours_of_simglucose() -> None:
    inputs = open_loop(["child#001"], 240, {10: 45.0, 60: 12.5})
    _, ours = driven(start(["child#001"]), inputs, parameters(["child#001"]))
    theirs = by_simglucose("child#001", inputs, 0, {10: 45.0, 60: 12.5})
    assert np.abs(np.asarray(ours["interstitial"])[:, 0] - theirs).max() <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PERSONS.index))
def test_open_loop_of_every_person(name: str) -> None:
    inputs = open_loop([name], DAY)
    _, ours = driven(start([name]), inputs, parameters([name]))
    difference = np.asarray(ours["interstitial"])[:, 0] - by_simglucose(name, inputs, 0)
    assert np.abs(difference).max() <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PERSONS.index))
def test_basal_bolus_loop_of_every_person(name: str) -> None:
    glucose, insulin = looped([name], DAY + 1)
    theirs, given = its_loop(name, DAY)
    assert np.abs(glucose[1:, 0] - theirs).max() <= TOLERANCE
    np.testing.assert_allclose(insulin[:DAY, 0], given, atol=2e-4)


def test_rest_is_the_state_that_simglucose_stores() -> None:
    names = list(PERSONS.index)
    ours, theirs = MODEL.steady(parameters(names)), start(names)
    for name in ours._fields[:13]:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=2e-4, atol=1e-9, err_msg=name)
    p = parameters(names)
    np.testing.assert_allclose(MODEL.basal(p), PERSONS.u2ss * PERSONS.BW / 100.0, rtol=1e-4)
    np.testing.assert_allclose(MODEL.balanced(p)["kp1"], PERSONS.kp1, rtol=1e-3)


def test_fasting_under_basal_insulin_stays() -> None:
    p = MODEL.balanced(parameters(FEW))
    inputs = nothing(240, 3)._replace(insulin=jnp.tile(MODEL.basal(p) / 60.0, (240, 1)))
    _, out = driven(MODEL.steady(p), inputs, p)
    np.testing.assert_allclose(out["glucose"], np.tile(p["Gb"], (240, 1)), rtol=1e-9)


@pytest.mark.slow
def test_reported_meals_and_insulin_do_not_depend_on_the_sensor() -> None:
    minutes, meals = 240, {15: 40.0, 90: 12.0}
    plan = announced_late(minutes, 1, meals, late=0)
    traces = []
    for sample in (1, 5):
        setting = Setting(MODEL, parameters(FEW[:1]), therapy(FEW[:1]), replace(PERFECT, every=sample), ITS_PUMP)
        traces.append(run(setting, BasalBolus(subtract=False, correct_above=1e3, every=1), plan, jax.random.key(0)))
    assert float(traces[0].carbohydrates.sum()) == pytest.approx(52.0)
    np.testing.assert_array_equal(traces[0].carbohydrates, traces[1].carbohydrates)
    np.testing.assert_array_equal(traces[0].insulin, traces[1].insulin)
    np.testing.assert_array_equal(traces[0].glucose, traces[1].glucose)


def test_one_person_alone_is_the_same_as_among_others() -> None:
    inputs = open_loop(FEW, 240, {10: 45.0})
    _, among = driven(MODEL.steady(parameters(FEW)), inputs, parameters(FEW))
    alone = jax.tree.map(lambda x: x[:, 1:2], inputs)
    _, single = driven(MODEL.steady(parameters(FEW[1:2])), alone, parameters(FEW[1:2]))
    np.testing.assert_allclose(single["glucose"][:, 0], among["glucose"][:, 1], rtol=1e-12)


def test_carbohydrates_and_insulin_are_kept() -> None:
    """What was eaten has been absorbed or is on its way; likewise insulin: delivered = held + cleared."""
    p, minutes, dt = parameters(FEW), 360, 1.0
    rates = nothing(minutes, 3)._replace(
        carbohydrates=jnp.asarray(eating(minutes, 3, {5: 60.0})),
        insulin=jnp.full((minutes, 3), 0.02).at[5].set(5.0),
    )

    @jax.jit
    def balance(y: Any, inputs: Inputs, p: Any) -> Any:
        def one(carry: Any, u: Inputs) -> Any:
            y, gone, cleared = carry
            after = advance(MODEL, y, u, p, dt)
            # Runge–Kutta keeps linear sums: Simpson's rule over the step gives what left.
            middle = advance(MODEL, y, u, p, dt / 2)
            gone += dt / 6 * p["kabs"] * (y.Qgut + 4 * middle.Qgut + after.Qgut)
            lost = [p["m4"] * s.Ip + p["m30"] * s.Il for s in (y, middle, after)]
            cleared += dt / 6 * (lost[0] + 4 * lost[1] + lost[2])
            return (after, gone, cleared), None

        none = jnp.zeros_like(y.Qgut)
        return jax.lax.scan(one, (y, none, none), inputs)[0]

    first = MODEL.steady(p)
    last, absorbed, cleared = balance(first, rates, p)
    np.testing.assert_allclose(last.Qsto1 + last.Qsto2 + last.Qgut + absorbed, 60e3, rtol=1e-3)
    held = [s.Isc1 + s.Isc2 + s.Ip + s.Il for s in (first, last)]
    delivered = np.asarray(rates.insulin.sum(0)) * 6000.0 / np.asarray(p["BW"])
    np.testing.assert_allclose(held[1] - held[0] + cleared, delivered, rtol=1e-3)


def test_the_solver_is_of_fourth_order() -> None:
    """Away from its kinks (renal threshold, production at zero, an emptying stomach)."""
    p = parameters(FEW)
    y = MODEL.steady(p)
    y = y._replace(Isc1=y.Isc1 * 1.2, Qgut=y.Qgut + 2e3)

    stepped = jax.jit(partial(drive, MODEL))
    inputs = nothing(64, 3)

    def after(dt: float) -> np.ndarray:
        """Glucose every two minutes, for sixteen."""
        glucose = np.asarray(stepped(y, inputs, p, dt)[1]["glucose"])
        return glucose[int(2 / dt) - 1 : int(16 / dt) : int(2 / dt)]

    exact = after(0.25)
    coarse, fine = (np.abs(after(dt) - exact).max(0) for dt in (2.0, 1.0))
    order = np.log2(coarse / fine)
    assert ((order > 3.5) & (order < 4.6)).all(), order
