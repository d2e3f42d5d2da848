"""Model predictive control: its quadratic program against OSQP, its hard limits, what it does and what it learns."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from situations import PEOPLE, seen, therapy

from vitruvian.control import GlucosePolicy, Predictive
from vitruvian.control.quadratic import inverted, solve, solve_one

POLICY = Predictive()
OF = therapy()
DECIDE = jax.jit(POLICY.decide)
GLUCOSE = jnp.array([45.0, 70.0, 95.0, 120.0, 160.0, 200.0, 280.0, 380.0])


def held(glucose, steps: int = 4, minute: float = 600.0, **known):
    """The last delivery and state after several decisions at the same readings; what is known comes at the last."""
    state, last = POLICY.initial(OF), (OF.basal / 12, 0 * OF.basal)
    for k in range(steps):
        now = seen(glucose, OF, minute + 5 * k, **(known if k == steps - 1 else {}))
        given, state = DECIDE(state, now._replace(basal=last[0], bolus=last[1]))
        last = (given.basal / 12, given.bolus)
    return given, state


def test_it_is_a_policy_and_rests_near_target():
    """At target a little less than the basal rate, for the forecast is uncertain; above it a little more."""
    assert isinstance(POLICY, GlucosePolicy)
    (at, _), (above, _) = held(110.0), held(140.0)
    assert ((at.basal > 0.7 * OF.basal) & (at.basal < 1.02 * OF.basal)).all()
    assert ((above.basal > 0.98 * OF.basal) & (above.basal < 1.5 * OF.basal)).all()
    np.testing.assert_allclose(at.bolus, 0.0)


@pytest.mark.parametrize("meal", [0.0, 60.0])
def test_first_moves_are_those_of_osqp(meal):
    """The batched solver against OSQP at 1e-6, for people from 45 to 380 mg/dL: within 0.02 U."""
    _, state = held(GLUCOSE, steps=3)
    moment = seen(GLUCOSE, OF, 615.0, meal=meal)
    state = POLICY._perceived(state, moment)
    program = POLICY.program(state, moment)
    plan = solve(program, state.plan, POLICY.iterations)
    exact = np.stack([solve_one(program, person) for person in range(PEOPLE)], axis=1)
    np.testing.assert_allclose((plan[0] - exact[0]) / OF.correction, 0.0, atol=0.02)


def test_the_policy_with_osqp_delivers_the_same():
    one = jax.tree.map(lambda x: x[-1:], OF)
    policy, state, batched = Predictive(solver="osqp"), None, None
    assert not policy.traceable
    for k, glucose in enumerate((150.0, 160.0, 175.0)):
        moment = seen(glucose, one, 600.0 + 5 * k, meal=50.0 if k == 2 else 0.0)
        given, state = policy.decide(policy.initial(one) if state is None else state, moment)
        other, batched = POLICY.decide(POLICY.initial(one) if batched is None else batched, moment)
        np.testing.assert_allclose(given.basal, other.basal, atol=0.05)
        np.testing.assert_allclose(given.bolus, other.bolus, atol=0.02)


def test_more_glucose_never_means_less_insulin_and_lows_none():
    given, _ = held(GLUCOSE)
    relative = np.asarray(given.basal / OF.basal)
    assert (np.diff(relative) >= -1e-6).all()
    np.testing.assert_allclose(relative[0], 0.0, atol=1e-9)
    assert relative[1] < 0.5
    assert relative[-1] > 1.5


def test_pump_rate_and_bolus_are_never_above_their_limits():
    given, _ = held(GLUCOSE, meal=150.0)
    assert (given.basal <= POLICY.largest_rate * OF.basal + 1e-9).all()
    assert (given.bolus <= POLICY.largest_bolus * OF.total_daily + 1e-9).all()
    assert (given.bolus[3:] > 0).all()


def test_insulin_on_board_is_bounded_even_at_very_high_glucose():
    state, last = POLICY.initial(OF), (OF.basal / 12, 0 * OF.basal)
    for k in range(60):
        given, state = DECIDE(state, seen(400.0, OF, 600.0 + 5 * k)._replace(basal=last[0], bolus=last[1]))
        last = (given.basal / 12, given.bolus)
    allowed = POLICY.largest_on_board * OF.total_daily
    assert (state.body.insulin.sum(0) <= 1.05 * allowed).all()
    assert (state.body.insulin.sum(0) > 0.5 * allowed).all()


def test_a_meal_is_met_with_a_bolus_near_what_its_carbohydrates_need():
    given, _ = held(120.0, meal=60.0)
    needed = np.asarray(60.0 / OF.carbohydrate_ratio)
    np.testing.assert_allclose(given.bolus + given.basal / 12, needed, rtol=0.3)


def test_activity_lowers_insulin():
    calm, _ = held(140.0)
    active, _ = held(140.0, exercise=45.0)
    assert (active.basal < 0.8 * calm.basal).all()


def test_without_a_fresh_reading_it_is_profile_basal():
    for known in ({"glucose": np.nan}, {"age": 20.0}):
        moment = seen(300.0, OF)._replace(**{name: jnp.full(PEOPLE, value) for name, value in known.items()})
        _, state = held(300.0)
        given, _ = DECIDE(state, moment)
        np.testing.assert_allclose(given.basal, OF.basal)
        np.testing.assert_allclose(given.bolus, 0.0)


def test_inverse_by_sweeping():
    generator = np.random.default_rng(1)
    roots = generator.standard_normal((5, 5, 3))
    system = np.einsum("ikn,jkn->ijn", roots, roots) + np.eye(5)[:, :, None]
    expected = np.linalg.inv(np.moveaxis(system, -1, 0))
    np.testing.assert_allclose(np.moveaxis(np.asarray(inverted(jnp.asarray(system))), -1, 0), expected, rtol=1e-9)
