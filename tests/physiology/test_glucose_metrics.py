"""Consensus metrics: published and closed-form values, gaps, swings, intervals by stratum."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.physiology.glucose.excursions import mage
from vitruvian.physiology.glucose.metrics import Metrics, estimates, glucose_metrics, sensor_interval, thinned
from vitruvian.physiology.glucose.risk import high_risk, low_risk, symmetrised

# simglucose 0.2.11, default basal–bolus loop, meals at 8:00 45 g, 12:00 70 g, 18:00 80 g; a value each 30 min from
# 8:00 to 24:00, and the level before 8:00. The metrics are of all 1441 values at 1 min.
TRACES = {
    "adult#001": (
        138.56,
        "138.55 149.44 174.88 178.80 173.42 165.89 159.20 156.67 161.51 173.35 203.40 198.64 179.53 159.16 142.48 "
        "134.03 139.16 136.27 124.21 111.26 100.44 106.21 147.04 152.47 141.13 127.26 116.01 111.95 122.02 123.49 "
        "113.37 101.29 91.02",
        {"mean": 142.00, "sd": 23.09, "cv": 16.26, "gmi": 6.707, "in_range": 94.17, "below_70": 0.0, "below_54": 0.0,
         "above_180": 5.83, "above_250": 0.0, "lbgi": 0.0378, "hbgi": 2.5662},
    ),
    "adolescent#001": (
        149.02,
        "149.03 150.73 157.18 155.31 146.27 137.23 130.71 127.37 126.17 126.86 135.15 133.35 124.28 115.99 110.53 "
        "108.58 108.21 106.43 103.54 101.17 100.24 102.93 117.73 123.84 118.36 111.56 106.64 104.83 104.95 103.75 "
        "101.01 98.46 97.29",
        {"mean": 129.31, "sd": 19.86, "cv": 15.36, "gmi": 6.403, "in_range": 100.0, "below_70": 0.0, "below_54": 0.0,
         "above_180": 0.0, "above_250": 0.0, "lbgi": 0.0757, "hbgi": 1.3558},
    ),
    "child#001": (
        141.20,
        "141.45 190.44 214.50 160.48 112.69 86.15 73.61 69.09 72.65 153.00 207.47 151.08 104.88 80.53 68.37 63.20 "
        "67.23 93.80 98.54 89.23 81.61 146.95 217.26 158.55 109.09 83.11 69.90 63.86 66.81 94.48 100.79 90.21 81.13",
        {"mean": 120.91, "sd": 41.07, "cv": 33.97, "gmi": 6.202, "in_range": 78.76, "below_70": 11.66, "below_54": 0.0,
         "above_180": 9.58, "above_250": 0.0, "lbgi": 2.0762, "hbgi": 2.1171},
    ),
}  # fmt: skip


def stored(name: str) -> np.ndarray:
    """The day at 30 minutes, with a line between the stored values at 1 minute."""
    before, rows, _ = TRACES[name]
    half_hours = np.array([before] * 16 + [float(x) for x in rows.split()])
    return np.interp(np.arange(1441), 30.0 * np.arange(49), half_hours)


@pytest.mark.parametrize("name", TRACES)
def test_stored_traces_are_near_the_published_metrics(name: str) -> None:
    """Lines between half-hours miss the peaks between them, so this is near, not equal; see the oracle below."""
    found = glucose_metrics(stored(name), step=1.0)
    for metric, value in TRACES[name][2].items():
        near = {"mean": 2.0, "sd": 2.5, "cv": 2.0, "gmi": 0.05, "lbgi": 0.2, "hbgi": 0.4}.get(metric, 3.0)
        assert float(getattr(found, metric)) == pytest.approx(value, abs=near), metric


class PerfectSensor:
    """Reads each minute what is there."""

    sample_time, name, seed = 1, "perfect", None

    def measure(self, patient: Any) -> float:
        return float(patient.observation.Gsub)

    def reset(self) -> None:
        """Nothing to forget."""


@pytest.mark.slow
@pytest.mark.parametrize("name", TRACES)
def test_metrics_of_the_oracle_are_the_published_ones(name: str) -> None:
    pytest.importorskip("oracle")
    from simglucose.actuator.pump import InsulinPump
    from simglucose.controller.basal_bolus_ctrller import BBController
    from simglucose.patient.t1dpatient import T1DPatient
    from simglucose.simulation.env import T1DSimEnv
    from simglucose.simulation.scenario import CustomScenario
    from simglucose.simulation.sim_engine import SimObj

    start = datetime(2026, 1, 1)
    meals = CustomScenario(start_time=start, scenario=[(8, 45), (12, 70), (18, 80)])
    world = T1DSimEnv(T1DPatient.withName(name), PerfectSensor(), InsulinPump.withName("Insulet"), meals)
    run = SimObj(world, BBController(), timedelta(days=1), animate=False)
    run.simulate()
    trace = run.results()["BG"].to_numpy()
    assert len(trace) == 1441
    found = glucose_metrics(trace, step=1.0)
    for metric, value in TRACES[name][2].items():
        decimals = 4 if metric in ("lbgi", "hbgi") else 3 if metric == "gmi" else 2
        assert float(getattr(found, metric)) == pytest.approx(value, abs=0.6 * 10**-decimals), metric


def test_many_people_are_each_alone() -> None:
    traces = np.stack([stored(name) for name in TRACES], axis=1)
    together = glucose_metrics(traces, step=1.0)
    for k in range(3):
        alone = glucose_metrics(traces[:, k], step=1.0)
        for name, value in together.named().items():
            np.testing.assert_allclose(value[k], getattr(alone, name), rtol=1e-12, equal_nan=True)


def test_bounds_belong_to_the_range() -> None:
    found = glucose_metrics(np.array([53.9, 54.0, 69.9, 70.0, 180.0, 180.1, 250.0, 250.1]))
    assert (found.below_54, found.below_70, found.in_range) == (12.5, 37.5, 25.0)
    assert (found.above_180, found.above_250) == (37.5, 12.5)


def test_a_sine_in_closed_form() -> None:
    t = np.arange(0, 3 * 1440, 5.0)
    found = glucose_metrics(130.0 + 40.0 * np.cos(2 * np.pi * t / 240.0))
    assert float(found.mean) == pytest.approx(130.0)
    assert float(found.sd) == pytest.approx(40.0 / math.sqrt(2))
    assert float(found.gmi) == pytest.approx(3.31 + 0.02392 * 130)
    assert float(found.modd) == pytest.approx(0.0, abs=1e-9)
    assert float(found.mage) == pytest.approx(80.0, abs=0.1)
    assert float(found.coverage) == 100.0


def test_the_risk_scale() -> None:
    assert float(symmetrised(jnp.float64(20.0))) == pytest.approx(-math.sqrt(10), abs=0.01)
    assert float(symmetrised(jnp.float64(600.0))) == pytest.approx(math.sqrt(10), abs=0.01)
    assert float(low_risk(jnp.float64(20.0))) == pytest.approx(100.0, abs=0.3)
    assert float(high_risk(jnp.float64(600.0))) == pytest.approx(100.0, abs=0.3)
    assert float(low_risk(jnp.float64(112.6))) == pytest.approx(0.0, abs=1e-4)
    assert float(high_risk(jnp.float64(112.4))) == pytest.approx(0.0, abs=1e-4)
    assert math.isnan(float(low_risk(jnp.float64("nan"))))


def test_swings_by_hand() -> None:
    """Up 60, down 80, up 10 and down 10 (too small), up 50; 1 SD said to be 20."""
    legs = [100, 160, 120, 80, 90, 80, 130]
    assert float(mage(np.array(legs, float), np.float64(20.0), 15.0)) == pytest.approx((60 + 80 + 50) / 3)
    assert math.isnan(float(mage(np.full(9, 120.0), np.float64(0.0), 15.0)))
    mirrored = 240.0 - np.array(legs, float)
    assert float(mage(mirrored, np.float64(20.0), 15.0)) == pytest.approx((60 + 80 + 50) / 3)


def test_a_swing_ends_at_a_long_gap_and_not_at_a_short_one() -> None:
    rise = [100, 140, math.nan, 180]  # 30 min between 140 and 180
    assert float(mage(np.array(rise), np.float64(20.0), 15.0)) == pytest.approx(80.0)
    broken = [100, 140, math.nan, math.nan, 180]  # 45 min
    assert float(mage(np.array(broken), np.float64(20.0), 15.0)) == pytest.approx(40.0)


def test_gaps_are_told_and_not_filled() -> None:
    trace = np.full((288, 2), 100.0)
    trace[:144, 1] = np.nan
    trace[144:, 1] = 200.0
    found = glucose_metrics(trace)
    np.testing.assert_array_equal(found.coverage, [100.0, 50.0])
    np.testing.assert_array_equal(found.above_180, [0.0, 100.0])
    nothing = glucose_metrics(np.full(288, np.nan))
    assert nothing.coverage == 0.0
    assert all(math.isnan(float(v)) for name, v in nothing.named().items() if name != "coverage")


def test_one_reading_counts_in_each_interval_of_the_sensor() -> None:
    """A reading each 15 min on a grid of 5; scans while high must not make the person look higher."""
    trace = np.full(288, np.nan)
    trace[2::3] = np.where(np.arange(96) < 48, 100.0, 200.0)
    assert sensor_interval(trace) == 15.0
    honest = glucose_metrics(trace, every=15.0)
    trace[144:200] = 200.0
    assert sensor_interval(trace) == 15.0
    scanned = glucose_metrics(trace, every=15.0)
    assert float(honest.coverage) == float(scanned.coverage) == 100.0
    assert float(honest.above_180) == float(scanned.above_180) == 50.0
    np.testing.assert_array_equal(thinned(np.array([1.0, 2, np.nan, np.nan, np.nan, np.nan]), 5.0, 15.0), [2, np.nan])
    with pytest.raises(DataError, match="intervals of 7 min"):
        thinned(trace, 5.0, 7.0)
    with pytest.raises(DataError):
        glucose_metrics(np.zeros((0, 3)))


def test_intervals_by_stratum_are_those_of_the_mean() -> None:
    generator = np.random.default_rng(3)
    values = {"in_range": np.concatenate([generator.normal(70, 10, 100), generator.normal(50, 10, 60)])}
    values["shift"] = values["in_range"] + 5.0
    strata = ["adult"] * 100 + ["child"] * 60
    found = estimates(values, strata, seed=1)
    assert list(found) == ["adult", "child"]
    for name, mine in (("adult", slice(0, 100)), ("child", slice(100, 160))):
        one = found[name]["in_range"]
        sample = values["in_range"][mine]
        assert one.mean == pytest.approx(sample.mean())
        half = 1.96 * sample.std() / math.sqrt(len(sample))
        assert (one.low, one.high) == pytest.approx((one.mean - half, one.mean + half), abs=0.15 * half)
        assert found[name]["shift"].low - one.low == pytest.approx(5.0)  # the same people are drawn
    assert found == estimates(values, strata, seed=1)
    assert found != estimates(values, strata, seed=2)


def test_people_without_a_value_are_left_out_and_counted() -> None:
    found = estimates({"mage": np.array([10.0, 20.0, np.nan]), "none": np.full(3, np.nan)}, ["a"] * 3, seed=0)
    assert found["a"]["mage"].mean == 15.0
    assert found["a"]["mage"].people == 2
    assert math.isnan(found["a"]["none"].mean)


def test_metrics_have_a_name_each() -> None:
    assert set(glucose_metrics(np.full(10, 100.0)).named()) == set(Metrics.__dataclass_fields__)
