"""Manual therapy and PID: what is delivered in situations worked out by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.control import PID, BasalBolus, GlucosePolicy, Injections, Seen, Therapy


def therapy(people: int = 2) -> Therapy:
    ones = jnp.ones(people)
    return Therapy(70 * ones, 1.0 * ones, 10 * ones, 50 * ones, 110 * ones, 48 * ones)


def seen(glucose: float, *, meal: float = 0.0, minute: float = 600.0, age: float = 0.0, bolus: float = 0.0) -> Seen:
    ones = jnp.ones(2)
    none = 0 * ones
    at = jnp.asarray(minute)
    return Seen(at, at % 1440, glucose * ones, age * ones, meal * ones, none, ones / 12, bolus * ones)


@pytest.mark.parametrize("policy", [BasalBolus(), PID(), Injections()])
def test_each_is_a_policy_that_rests_at_target(policy):
    assert isinstance(policy, GlucosePolicy)
    given, _ = policy.decide(policy.initial(therapy()), seen(110.0))
    if not isinstance(policy, Injections):
        np.testing.assert_allclose(given.basal, 1.0)
    np.testing.assert_allclose(given.bolus, 0.0)


def test_a_meal_bolus_covers_carbohydrates_and_the_excess_over_target():
    given, _ = BasalBolus().decide(BasalBolus().initial(therapy()), seen(210.0, meal=60.0))
    np.testing.assert_allclose(given.bolus, 6.0 + 2.0)


def test_no_correction_without_a_meal_below_the_threshold_or_without_a_fresh_reading():
    policy = BasalBolus()
    for one, expected in (
        (seen(250.0), 0.0),
        (seen(149.0, meal=60.0), 6.0),
        (seen(np.nan, meal=60.0), 6.0),
        (seen(250.0, meal=60.0, age=20.0), 6.0),
    ):
        np.testing.assert_allclose(policy.decide(policy.initial(therapy()), one)[0].bolus, expected)


@pytest.mark.parametrize(("subtract", "expected"), [(True, 1.0), (False, 3.0)])
def test_insulin_on_board_is_taken_from_the_correction_only_if_asked(subtract, expected):
    policy = BasalBolus(subtract=subtract)
    given, _ = policy.decide(policy.initial(therapy()), seen(210.0, meal=10.0, bolus=5.0))
    np.testing.assert_allclose(given.bolus, expected)


def test_pid_gives_more_when_high_less_when_falling_and_profile_basal_without_a_reading():
    policy = PID()
    start = policy.initial(therapy())
    high, after = policy.decide(start, seen(180.0))
    falling, _ = policy.decide(after, seen(160.0))
    blind, _ = policy.decide(after, seen(np.nan))
    assert (high.basal > 1.0).all()
    assert (falling.basal < high.basal).all()
    np.testing.assert_allclose(blind.basal, 1.0)
    assert (policy.decide(start, seen(60.0))[0].basal == 0.0).all()


def test_insulin_feedback_lowers_the_rate_after_much_insulin():
    policy = PID()
    more = seen(180.0)._replace(basal=jnp.full(2, 0.5))
    state = policy.initial(therapy())
    for _ in range(12):
        _, state = policy.decide(state, more)
    fed, _ = policy.decide(state, more)
    unfed, _ = policy.decide(state._replace(plasma=0 * state.plasma, tissue=0 * state.tissue), more)
    assert (fed.basal < unfed.basal).all()


def test_pens_give_half_units_and_long_acting_insulin_once_a_day():
    policy = Injections(hour=22.0)
    state = policy.initial(therapy())
    total = 0.0
    for minute in range(0, 1440, 5):
        given, state = policy.decide(state, seen(110.0, minute=float(minute), meal=33.0 if minute == 480 else 0.0))
        total += float(given.long_acting[0])
        if minute == 480:
            np.testing.assert_allclose(given.bolus, 3.5)
    assert total == 24.0
