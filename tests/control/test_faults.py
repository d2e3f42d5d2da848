"""Two days on which everything goes wrong once: what a trusting policy does alone, and what the layer leaves of it."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.control import BasalBolus, Delivery, Plan, Reason, Safe, Setting, Therapy, Trace, run, unplanned
from vitruvian.control.faults import (
    ClockJump,
    DoubleEntry,
    DropOut,
    Faulty,
    MistypedGlucose,
    MistypedMeal,
    Occlusion,
    Stuck,
    faulty,
)
from vitruvian.physiology.glucose import UVA_PADOVA_2008, VETTORETTI_POPULATION, virtual_people

HOUR = 60
TYPED, STUCK, DROPPED = 3 * HOUR, 6 * HOUR, 12 * HOUR
MEAL, MISTYPED, CLOCK, OCCLUDED = 32 * HOUR, 41 * HOUR, 44 * HOUR, 46 * HOUR
FAULTS = (
    MistypedGlucose(TYPED),
    Stuck(STUCK, STUCK + 90, 320.0),
    DropOut(DROPPED, DROPPED + 180),
    DoubleEntry(1),
    MistypedMeal(MISTYPED),
    ClockJump(CLOCK, 60.0),
    Occlusion(OCCLUDED, 48 * HOUR),
)


@dataclass(frozen=True)
class Corrects(BasalBolus):
    """Corrects at every decision by what it is told, and holds its last reading for true; it never forgets a meal."""

    def decide(self, state, observed):
        given, after = super().decide(state, observed)
        shown = jnp.where(jnp.isfinite(observed.glucose), observed.glucose, 0.0)
        board = after.doses.on_board(self.curve, self.every)
        over = jnp.maximum((shown - state.therapy.target) / state.therapy.correction - board, 0.0)
        return given._replace(bolus=jnp.where(observed.meal > 0, given.bolus, over)), after


@pytest.fixture(scope="module")
def traces() -> tuple[Trace, Trace]:
    """Under the policy alone, and under the layer."""
    people = virtual_people("adult", 4, seed=3)
    n = len(people)
    s = people.settings
    settings = [jnp.asarray(x) for x in (s.basal, s.carbohydrate_ratio, s.correction)]
    therapy = Therapy(jnp.asarray(people.parameters["BW"]), *settings, jnp.full(n, 110.0), jnp.asarray(s.total_daily))
    parameters = {name: jnp.asarray(value) for name, value in people.parameters.items()}
    setting = Setting(UVA_PADOVA_2008, parameters, therapy, VETTORETTI_POPULATION)
    plan = faulty(_one_meal(unplanned(48 * HOUR, n)), FAULTS)
    bare, safe = (run(setting, Faulty(p, FAULTS), plan, jax.random.key(4)) for p in (Corrects(), Safe(Corrects())))
    return bare, safe


def _one_meal(plan: Plan) -> Plan:
    """60 g, told and eaten."""
    return plan._replace(announced=plan.announced.at[MEAL].set(60.0), eaten=plan.eaten.at[MEAL : MEAL + 12].set(5.0))


def given(trace: Trace, begins: int, minutes: int) -> np.ndarray:
    """Insulin of each person between two times, U."""
    return np.asarray(trace.insulin[begins : begins + minutes].sum(0))


def has(trace: Trace, begins: int, minutes: int, reason: Reason) -> bool:
    """Whether the reason was told for everybody at some time between."""
    return bool(((np.asarray(trace.reason[begins : begins + minutes]) & int(reason)) != 0).any(0).all())


def test_the_faults_alone_would_do_grave_harm(traces):
    bare, _ = traces
    assert (np.asarray(bare.glucose).min(0) < 40.0).all()


def test_under_the_layer_nobody_has_a_serious_low(traces):
    _, safe = traces
    assert (np.asarray(safe.glucose).min(0) > 54.0).all()


def test_806_for_80_and_a_stuck_sensor_do_not_add_insulin(traces):
    bare, safe = traces
    assert (given(bare, TYPED, 5) > 5.0).all()
    assert (given(safe, TYPED, 5) < 0.5).all()
    assert has(safe, TYPED, 5, Reason.IMPLAUSIBLE)
    assert (given(safe, STUCK, 90) < 0.5 * given(bare, STUCK, 90)).all()
    assert has(safe, STUCK, 90, Reason.JUMPED)
    assert has(safe, STUCK + 40, 50, Reason.FLAT)


def test_without_readings_it_is_profile_basal(traces):
    _, safe = traces
    assert has(safe, DROPPED + 20, 160, Reason.STALE)
    assert np.ptp(np.asarray(safe.insulin[DROPPED + 20 : DROPPED + 175]), axis=0).max() < 1e-9


def test_a_meal_told_twice_and_806_grams_are_not_dosed(traces):
    _, safe = traces
    assert has(safe, MEAL + 10, 5, Reason.MEAL_TWICE)
    assert (given(safe, MEAL, 5) > 1.0).all()
    assert (given(safe, MEAL + 10, 5) < 0.5 * given(safe, MEAL, 5)).all()
    assert has(safe, MISTYPED, 5, Reason.MEAL_LIMIT)
    assert (given(safe, MISTYPED, 5) < 1.0).all()


def test_a_clock_set_forward_is_noticed(traces):
    _, safe = traces
    assert has(safe, CLOCK, 5, Reason.CLOCK)
    assert not has(safe, CLOCK + 10, 5, Reason.CLOCK)


def test_an_occlusion_raises_glucose_but_insulin_on_board_stays_bounded(traces):
    """What the pump believes it gave counts, so that corrections do not pile up for when it flows again."""
    _, safe = traces
    rise = np.asarray(safe.glucose[-1] - safe.glucose[OCCLUDED])
    assert np.isfinite(rise).all()
    assert (given(safe, OCCLUDED, 120) < 0.2 * given(safe, 0, 2880)).all()


def test_no_reading_is_ever_missing_a_dose_that_is_a_number(traces):
    for trace in traces:
        assert np.isfinite(np.asarray(trace.insulin)).all()
    assert Delivery._fields[-1] == "reason"
