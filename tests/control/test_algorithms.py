"""Controllers like Loop and oref0: at rest, when high, before lows, with meals, and blind."""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from situations import seen, therapy

from vitruvian.control import GlucosePolicy, LoopAlgorithm, Oref

OF = therapy()
BOTH = (LoopAlgorithm(), Oref())


@cache
def deciding(policy):
    return jax.jit(policy.decide)


def after(policy, readings, *, given=None, **known):
    """The last delivery and state; `given` is the bolus seen at the first decision, what is known comes at the last."""
    state, last = policy.initial(OF), (OF.basal / 12, 0 * OF.basal + (given or 0.0))
    for k, glucose in enumerate(readings):
        now = seen(glucose, OF, 600.0 + 5 * k, **(known if k == len(readings) - 1 else {}))
        delivered, state = deciding(policy)(state, now._replace(basal=last[0], bolus=last[1]))
        last = (OF.basal / 12, 0 * OF.basal)
    return delivered, state


@pytest.mark.parametrize("policy", BOTH, ids=("loop", "oref"))
def test_at_target_it_gives_the_profile_basal(policy):
    assert isinstance(policy, GlucosePolicy)
    given, _ = after(policy, [110.0] * 5)
    np.testing.assert_allclose(given.basal, OF.basal, rtol=1e-6)
    np.testing.assert_allclose(given.bolus, 0.0)


@pytest.mark.parametrize("policy", BOTH, ids=("loop", "oref"))
def test_high_means_more_low_means_none_and_insulin_on_board_means_less(policy):
    high, _ = after(policy, [200.0] * 5)
    assert (high.basal > 1.5 * OF.basal).all()
    assert (high.basal <= policy.largest_rate * OF.basal + 1e-9).all()
    assert (after(policy, [72.0] * 5)[0].basal == 0).all()
    assert (after(policy, [150.0, 140.0, 130.0, 120.0, 110.0])[0].basal < 0.5 * OF.basal).all()
    assert (after(policy, [200.0] * 5, given=6.0)[0].basal < high.basal).all()


@pytest.mark.parametrize("policy", BOTH, ids=("loop", "oref"))
def test_a_meal_is_covered_and_blind_it_is_the_meal_dose_alone(policy):
    given, _ = after(policy, [115.0] * 5, meal=50.0)
    np.testing.assert_allclose(given.bolus, 50.0 / OF.carbohydrate_ratio, rtol=0.25)
    blind, _ = after(policy, [200.0] * 4 + [np.nan], meal=50.0)
    np.testing.assert_allclose(blind.bolus, 50.0 / OF.carbohydrate_ratio)
    np.testing.assert_allclose(blind.basal, OF.basal)


def test_forecast_of_loop_has_each_effect_in_closed_form():
    policy = LoopAlgorithm()
    _, state = after(policy, [150.0] * 5)
    bare = state._replace(unexplained=0 * state.unexplained)
    np.testing.assert_allclose(policy.forecast(bare), 150.0, atol=1e-9)
    dosed = bare._replace(doses=bare.doses._replace(units=bare.doses.units.at[0].set(1.0)))
    np.testing.assert_allclose(policy.forecast(dosed)[-1], 150.0 - OF.correction, atol=0.5)
    drifting = bare._replace(unexplained=bare.unexplained + 5.0)
    np.testing.assert_allclose(policy.forecast(drifting)[-1], 150.0 + 30.0, rtol=0.1)
    rising = bare._replace(readings=150.0 + jnp.array([[6.0], [4.0], [2.0], [0.0]]) * jnp.ones_like(OF.basal))
    path = policy.forecast(rising)
    np.testing.assert_allclose(path[0], 158.0)
    np.testing.assert_allclose(path[-1], 156.0 + 2.0 + 1.5 + 1.0 + 0.5)


def test_a_day_of_rises_outside_of_meals_makes_oref_give_more():
    policy = Oref()
    _, state = after(policy, [110.0] * 5)
    for sign in (1.0, -1.0):
        taught = state._replace(deviation=state.deviation + sign)
        given, _ = deciding(policy)(taught, seen(110.0, OF, 625.0))
        assert (jnp.sign(given.basal - OF.basal) == sign).all()
        limit = policy.most if sign > 0 else policy.least
        np.testing.assert_allclose(given.basal, limit * OF.basal, rtol=0.02)
