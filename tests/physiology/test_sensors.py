"""Sensors err as their papers say: spread, how long noise lasts, drift, gaps, limits; pumps and long-acting insulin."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.physiology.glucose import (
    BRETON_2008,
    FACCHINETTI_2014,
    GLARGINE,
    INSULET,
    PERFECT,
    VETTORETTI_2018,
    VETTORETTI_2019,
    VETTORETTI_POPULATION,
    Pump,
    Sensor,
)

KEY = jax.random.PRNGKey(5)
READINGS, PEOPLE = 2000, 40


def offsets(sensor: Sensor) -> np.ndarray:
    return np.asarray(sensor.errors(KEY, READINGS, PEOPLE).offset)


def lasting(noise: np.ndarray, lag: int) -> float:
    """Autocorrelation."""
    x = noise - noise.mean(0)
    return float((x[lag:] * x[:-lag]).mean() / (x * x).mean())


def ar2(first: float, second: float, variance: float) -> tuple[float, float]:
    """SD and autocorrelation at lag one, in closed form."""
    return (variance * (1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2))) ** 0.5, first / (1 - second)


def test_noise_of_the_g5_has_the_spread_and_memory_of_its_coefficients() -> None:
    sd, memory = ar2(1.27, -0.42, 7.64)
    noise = offsets(VETTORETTI_2018) + 8.75
    assert noise.std() == pytest.approx(sd, rel=0.03)
    assert lasting(noise, 1) == pytest.approx(memory, abs=0.01)


@pytest.mark.parametrize("sensor", [FACCHINETTI_2014, VETTORETTI_2019], ids=lambda one: one.name)
def test_two_noises_add(sensor) -> None:  # type: ignore[no-untyped-def]
    variance = sum(ar2(*one)[0] ** 2 for one in (sensor.specific, sensor.common))
    still = replace(sensor, offset=(0.0, 0.0, 0.0))
    assert offsets(still).std() == pytest.approx(variance**0.5, rel=0.04)


def test_calibration_drifts_over_the_life_of_a_sensor() -> None:
    gain = np.asarray(VETTORETTI_2019.errors(KEY, READINGS, PEOPLE).gain)
    day = np.linspace(0.0, 10.0, 200)
    expected = 1.048 - 0.033 * day + 0.002 * day**2
    assert gain.min() == pytest.approx(expected.min(), abs=1e-3)
    assert gain.max() == pytest.approx(1.048, abs=1e-3)
    jumps = np.abs(np.diff(gain, axis=0))
    assert 0.5 < (jumps.max(0) > 0.08).mean() < 0.9  # a new sensor every 10 days, in 7 days of readings


def test_breton_noise_is_skewed_and_lasts_a_quarter_of_an_hour() -> None:
    noise = offsets(BRETON_2008)
    e_sd = 0.7 / (1 - 0.49) ** 0.5
    draws = np.random.default_rng(1).normal(0, e_sd, 200_000)
    expected = -5.47 + 15.9574 * np.sinh((draws + 0.5444) / 1.6898)
    knots = noise[::5]  # every 15 minutes, where no line is drawn between
    assert np.median(knots) == pytest.approx(np.median(expected), abs=0.6)
    assert knots.std() == pytest.approx(expected.std(), rel=0.1)
    assert lasting(knots, 1) == pytest.approx(0.7, abs=0.06)


def test_each_sensor_of_the_population_is_stable_and_differs() -> None:
    one = np.asarray(VETTORETTI_POPULATION.drawn(KEY, 500))
    first, second, sd = one[:, 4:].T
    assert (np.abs(second) < 1).all()
    assert (first + second < 1).all()
    spread = sd**2 * (1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2))
    assert (spread < 100.0).all()
    assert np.corrcoef(first, second)[0, 1] < -0.8  # as published
    assert one[:, 0].mean() == pytest.approx(0.942, abs=0.02)


def test_a_new_sensor_is_another_one() -> None:
    gain = np.asarray(VETTORETTI_POPULATION.errors(KEY, 9000, PEOPLE).gain)  # 31 days, a sensor lasts 10
    later = np.abs(gain[2880:] - gain[:-2880])  # at the same day of the life of two sensors
    assert np.median(later) > 0.03
    assert (np.abs(np.diff(gain, axis=0)) < 0.002).mean() > 0.999  # one sensor drifts slowly


def test_mean_relative_differences_are_those_of_their_time() -> None:
    """MARD at 150 mg/dL: sensors of 2008–2019 were published with 8 to 20 %."""
    for sensor in (FACCHINETTI_2014, VETTORETTI_2018, VETTORETTI_2019, VETTORETTI_POPULATION, BRETON_2008):
        e = sensor.errors(KEY, READINGS, PEOPLE)
        shown = np.asarray(sensor.read(jnp.full((READINGS, PEOPLE), 150.0), e.gain, e.offset))
        assert 3.0 < 100 * np.abs(shown / 150.0 - 1).mean() < 20.0, sensor.name


def test_gaps_have_their_rate_and_length() -> None:
    e = replace(PERFECT, gap_rate=2.0, gap_minutes=60.0).errors(KEY, 20_000, 10)
    missing = np.asarray(e.missing)
    begins = (missing[1:] & ~missing[:-1]).sum() / (missing.size * 5 / 1440)
    assert begins / (1 - missing.mean()) == pytest.approx(2.0, rel=0.1)
    assert missing.sum() * 5 / (missing[1:] & ~missing[:-1]).sum() == pytest.approx(60.0, rel=0.1)


def test_a_sensor_shows_its_limits() -> None:
    shown = VETTORETTI_2018.read(jnp.array([10.0, 100.0, 900.0]), jnp.ones(3), jnp.zeros(3))
    assert shown.tolist() == [40.0, 100.0, 400.0]


def test_the_same_key_gives_the_same_errors() -> None:
    for sensor in (BRETON_2008, VETTORETTI_POPULATION):
        again = sensor.errors(KEY, 50, 3)
        assert all(np.array_equal(a, b) for a, b in zip(again, sensor.errors(KEY, 50, 3), strict=True))
        other = sensor.errors(jax.random.PRNGKey(6), 50, 3)
        assert not np.array_equal(again.offset, other.offset)


def test_a_pump_gives_whole_steps_within_limits() -> None:
    asked = jnp.array([0.0, 1.234, 99.0, jnp.nan, -3.0])
    assert np.allclose(INSULET.rate(asked), [0.0, 1.25, 35.0, 0.0, 0.0])
    assert np.allclose(INSULET.bolus(asked), [0.0, 1.2, 30.0, 0.0, 0.0])
    assert (np.asarray(INSULET.bolus(jnp.linspace(0, 20, 777))) <= np.linspace(0, 20, 777) + 1e-9).all()
    with pytest.raises(DataError, match="limits above 0"):
        Pump("broken", max_bolus=-1.0)


def test_long_acting_insulin_is_all_released_and_settles() -> None:
    depot, total = GLARGINE.settled(jnp.array(0.0)), 0.0
    for minute in range(0, 12 * 1440):
        released, depot = GLARGINE.minute(depot, jnp.array(10.0 if minute == 0 else 0.0))
        total += float(released)
        if minute > 3 * 1440:
            break
    left = float(depot.solid + depot.dissolved)
    assert total + left == pytest.approx(10.0, rel=1e-9)
    settled = GLARGINE.settled(jnp.array(24.0))
    assert float(GLARGINE.minute(settled, jnp.array(0.0))[0]) * 1440 == pytest.approx(24.0, rel=0.01)
