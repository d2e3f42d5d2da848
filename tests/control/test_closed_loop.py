"""The closed loop: one program or step by step, mass, order, delays, occlusions, and numbers that are not numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.control import (
    BasalBolus,
    Delivery,
    Injections,
    Plan,
    Seen,
    Setting,
    Therapy,
    Trace,
    TreatedLows,
    run,
    unplanned,
)
from vitruvian.core import DataError
from vitruvian.physiology.glucose import INSULET, PERFECT, UVA_PADOVA_2008, VETTORETTI_2018, virtual_people

N, MINUTES, KEY = 3, 720, jax.random.PRNGKey(1)
PEOPLE = virtual_people("adult", N, 1)
P = {name: jnp.asarray(value) for name, value in PEOPLE.parameters.items()}
S = PEOPLE.settings
THERAPY = Therapy(
    P["BW"], jnp.asarray(S.basal), jnp.asarray(S.carbohydrate_ratio), jnp.asarray(S.correction), jnp.full(N, 120.0),
    jnp.asarray(S.total_daily),
)  # fmt: skip
SETTING = Setting(UVA_PADOVA_2008, P, THERAPY)


def lunch(grams: float = 60.0) -> Plan:
    plan = unplanned(MINUTES, N)
    eaten = np.zeros((MINUTES, N))
    eaten[120:132] = grams / 12
    announced = np.zeros((MINUTES, N))
    announced[120] = grams
    return plan._replace(eaten=jnp.asarray(eaten), announced=jnp.asarray(announced))


@dataclass(frozen=True)
class FromPython:
    """Somebody's own controller in plain NumPy: half the profile, whatever happens."""

    every: int = 5
    traceable: bool = False

    def initial(self, known: Therapy) -> Any:
        return np.asarray(known.basal)

    def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
        none = np.zeros_like(state)
        assert isinstance(observed.glucose, np.ndarray)
        return Delivery(0.5 * state, none, none, none), state


@dataclass(frozen=True)
class Asked:
    """A policy asked from Python though it could be traced."""

    inner: BasalBolus
    every: int = 5
    traceable: bool = False

    def initial(self, known: Therapy) -> Any:
        return self.inner.initial(known)

    def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
        return self.inner.decide(state, observed)


def test_nothing_happens_to_who_fasts_under_profile_basal() -> None:
    trace = run(SETTING, BasalBolus(), unplanned(MINUTES, N), KEY)
    assert np.allclose(trace.glucose, P["Gb"], atol=1e-6)
    assert np.allclose(trace.insulin * 60, THERAPY.basal)


def test_one_program_and_step_by_step_agree() -> None:
    setting = SETTING._replace(sensor=VETTORETTI_2018, pump=INSULET)
    traced = run(setting, BasalBolus(), lunch(), KEY)
    asked = run(setting, Asked(BasalBolus()), lunch(), KEY)
    for name in Trace._fields:
        assert np.allclose(getattr(traced, name), getattr(asked, name), atol=1e-9, equal_nan=True), name


def test_a_controller_of_ones_own_delivers_what_it_says() -> None:
    trace = run(SETTING, FromPython(), unplanned(MINUTES, N), KEY)
    assert np.allclose(trace.insulin * 60, 0.5 * THERAPY.basal)
    assert (np.asarray(trace.glucose[-1]) > np.asarray(P["Gb"]) + 10).all()


def test_a_person_alone_is_the_same_person_among_others() -> None:
    alone = Setting(UVA_PADOVA_2008, {k: v[1:2] for k, v in P.items()}, Therapy(*(v[1:2] for v in THERAPY)))
    plan = jax.tree.map(lambda x: x[:, 1:2], lunch())
    one, many = run(alone, BasalBolus(), plan, KEY), run(SETTING, BasalBolus(), lunch(), KEY)
    assert np.allclose(one.glucose[:, 0], many.glucose[:, 1], atol=1e-9)


def test_the_meal_is_eaten_and_its_bolus_given_once() -> None:
    trace = run(SETTING, BasalBolus(), lunch(), KEY)
    assert np.allclose(trace.carbohydrates.sum(0), 60.0)
    bolus = np.asarray(trace.insulin).sum(0) - np.asarray(THERAPY.basal) * MINUTES / 60
    assert (bolus >= 60.0 / np.asarray(THERAPY.carbohydrate_ratio) - 1e-9).all()
    assert (np.asarray(trace.insulin)[120] > 1).all()  # at the minute of the meal


def test_an_occlusion_lets_glucose_rise_though_the_pump_counts() -> None:
    plan = lunch()
    blocked = plan._replace(flow=plan.flow.at[60:].set(0.0))
    open_, shut = (run(SETTING, BasalBolus(), one, KEY) for one in (plan, blocked))
    assert (np.asarray(shut.glucose[-1] - open_.glucose[-1]) > 50).all()


def test_a_late_sensor_shows_the_past() -> None:
    late = run(SETTING._replace(sensor=replace(PERFECT, delay=10)), BasalBolus(), lunch(), KEY)
    now = run(SETTING, BasalBolus(), lunch(), KEY)
    assert np.allclose(late.sensor[15:120:5], now.sensor[5:110:5])  # before the meal both have the same past
    at = np.arange(MINUTES)[np.isfinite(np.asarray(now.sensor[:, 0]))]
    assert (np.diff(at) == 5).all()


def test_missing_readings_age() -> None:
    ages: list[float] = []

    @dataclass(frozen=True)
    class Watching(FromPython):
        def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
            ages.append(float(observed.age.max()))
            return super().decide(state, observed)

    run(SETTING._replace(sensor=replace(PERFECT, every=15)), Watching(), unplanned(60, N), KEY)
    assert ages == [0.0, 5.0, 10.0] * 4


def test_doses_that_are_not_numbers_are_not_given() -> None:
    @dataclass(frozen=True)
    class Broken(FromPython):
        def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
            bad = np.full_like(state, np.nan)
            return Delivery(bad, bad, bad, -bad), state

    trace = run(SETTING, Broken(), unplanned(60, N), KEY)
    assert (np.asarray(trace.insulin) == 0).all()
    assert (np.asarray(trace.carbohydrates) == 0).all()


def test_people_eat_against_a_low_and_wait() -> None:
    starved = SETTING._replace(therapy=THERAPY._replace(basal=3 * THERAPY.basal))
    trace = run(starved, TreatedLows(BasalBolus()), unplanned(MINUTES, N), KEY)
    free = run(starved, BasalBolus(), unplanned(MINUTES, N), KEY)
    assert (np.asarray(trace.glucose.min(0)) > np.asarray(free.glucose.min(0))).all()
    eaten = np.asarray(trace.carbohydrates)[:, 0]
    starts = np.flatnonzero((eaten[1:] > 0) & (eaten[:-1] == 0))
    assert (np.diff(starts) >= 20).all()


def test_injections_hold_a_day_without_pump() -> None:
    trace = run(SETTING._replace(pen=True), Injections(), unplanned(MINUTES, N), KEY, start=23 * 60)
    change = np.asarray(trace.glucose[-1]) - np.asarray(P["Gb"])
    assert (np.abs(change) < 60).all()


def test_plans_that_do_not_fit_and_people_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="whole steps"):
        run(SETTING, BasalBolus(), unplanned(7, N), KEY)
    broken = SETTING._replace(parameters={**P, "Vg": P["Vg"] * jnp.nan})
    with pytest.raises(DataError, match="not finite"):
        run(broken, BasalBolus(), unplanned(MINUTES, N), KEY)
