"""The safety layer: each rule alone, words of its log, and that nothing but a number becomes a dose."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest
from situations import PEOPLE, seen, therapy

from vitruvian.control import BasalBolus, Delivery, GlucosePolicy, Reason, Safe, check, words
from vitruvian.core import DataError

OF = therapy()


@dataclass(frozen=True)
class Asks:
    """Asks for the same at every decision, whatever is seen."""

    basal: float = 2.0
    bolus: float = 0.0
    every: int = 5
    traceable: bool = True

    def initial(self, known):
        return known

    def decide(self, state, observed):
        none = jnp.zeros_like(state.basal)
        return Delivery(none + self.basal, none + self.bolus, none + self.bolus, none), state


def after(policy, readings, **known):
    """The last delivery after several readings, 5 minutes apart; what is known holds at the last."""
    state, minute = policy.initial(OF), 600.0
    for k, glucose in enumerate(readings):
        last = known if k == len(readings) - 1 else {}
        given, state = policy.decide(state, seen(glucose, OF, minute, **last))
        minute += 5.0
    return given, state


def noisy(level: float, steps: int = 12, slope: float = 0.0) -> list[float]:
    """Readings as a sensor gives them, never twice the same."""
    return [level + slope * 5 * (k - steps + 1) + (-1) ** k for k in range(steps)]


def only(given, reason: Reason) -> None:
    np.testing.assert_array_equal(given.reason, int(reason))


def test_it_is_a_policy_and_leaves_a_safe_dose_alone():
    policy = Safe(Asks(1.5, 0.3))
    assert isinstance(policy, GlucosePolicy)
    given, _ = after(policy, noisy(150.0))
    only(given, Reason(0))
    np.testing.assert_allclose(given.basal, 1.5)
    np.testing.assert_allclose(given.bolus, 0.3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_what_is_not_a_dose_becomes_profile_basal(bad):
    for policy in (Safe(Asks(bad, 1.0)), Safe(Asks(1.0, bad))):
        given, _ = after(policy, noisy(150.0))
        only(given, Reason.NOT_A_NUMBER)
        np.testing.assert_allclose(given.basal, OF.basal)
        np.testing.assert_allclose(given.bolus, 0.0)
        assert np.isfinite(given.long_acting).all()
        assert (given.long_acting >= 0).all()


@pytest.mark.parametrize(
    ("last", "known", "reason"),
    [
        (150.0, {"age": 16.0}, Reason.STALE),
        (np.nan, {}, Reason.STALE),
        (150.0, {"age": -30.0}, Reason.STALE),
        (806.0, {}, Reason.IMPLAUSIBLE),
        (230.0, {}, Reason.JUMPED),
        (60.0, {}, Reason.JUMPED),
    ],
)
def test_a_reading_that_cannot_be_trusted_means_profile_basal(last, known, reason):
    given, _ = after(Safe(Asks(3.0, 2.0)), [*noisy(150.0), last], **known)
    assert (np.asarray(given.reason) & int(reason)).all()
    np.testing.assert_allclose(given.basal, OF.basal)
    np.testing.assert_allclose(given.bolus, 0.0)


def test_readings_of_fifteen_minutes_ago_still_count():
    given, _ = after(Safe(Asks(1.5)), [*noisy(150.0), 150.0], age=15.0)
    only(given, Reason(0))


def test_after_a_jump_three_readings_that_agree_are_trusted_again():
    reasons = [after(Safe(Asks(1.5)), [*noisy(150.0), *noisy(250.0, k)])[0].reason[0] for k in (1, 3, 4)]
    assert [int(r) & int(Reason.JUMPED) for r in reasons] == [int(Reason.JUMPED), int(Reason.JUMPED), 0]


def test_one_value_again_and_again_does_not_bear_out_a_jump():
    given, _ = after(Safe(Asks(3.0, 2.0)), [*noisy(150.0), *[320.0] * 6])
    only(given, Reason.JUMPED)
    np.testing.assert_allclose(given.basal, OF.basal)


def test_a_sensor_that_repeats_itself_is_not_trusted():
    given, _ = after(Safe(Asks(3.0)), [150.0] * 7)
    only(given, Reason(0))
    given, _ = after(Safe(Asks(3.0)), [150.0] * 8)
    only(given, Reason.FLAT)
    np.testing.assert_allclose(given.basal, OF.basal)


def test_a_low_at_the_limit_of_the_sensor_is_believed():
    given, _ = after(Safe(Asks(1.0)), [40.0] * 12)
    only(given, Reason.PREDICTED_LOW)
    np.testing.assert_allclose(given.basal, 0.0)


def test_a_predicted_low_suspends_and_a_meal_just_announced_counters_it():
    given, _ = after(Safe(Asks(1.0, 0.5)), noisy(95.0, slope=-1.0))
    assert (np.asarray(given.reason) & int(Reason.PREDICTED_LOW)).all()
    np.testing.assert_allclose(given.basal, 0.0)
    np.testing.assert_allclose(given.bolus, 0.0)
    given, _ = after(Safe(Asks(1.0)), noisy(95.0))
    only(given, Reason(0))
    given, _ = after(Safe(Asks(1.0)), noisy(80.0))
    only(given, Reason.PREDICTED_LOW)
    given, _ = after(Safe(Asks(1.0)), noisy(80.0), meal=60.0)
    only(given, Reason(0))


def test_no_bolus_while_falling_fast():
    given, _ = after(Safe(Asks(1.0, 1.0)), noisy(220.0, slope=-3.0))
    only(given, Reason.FALLING)
    np.testing.assert_allclose(given.bolus, 0.0)
    given, _ = after(Safe(Asks(1.0, 1.0)), noisy(220.0, slope=-1.0))
    only(given, Reason(0))


def test_bolus_and_rate_are_cut_at_their_limits():
    given, _ = after(Safe(Asks(25.0, 40.0)), noisy(250.0, 2))
    only(given, Reason.BOLUS_LIMIT | Reason.RATE_LIMIT)
    np.testing.assert_array_less(given.bolus, 0.1 * OF.total_daily + 1e-9)
    np.testing.assert_allclose(given.basal, 8 * OF.basal)
    given, _ = after(Safe(Asks(1.0, 40.0)), noisy(250.0, 2), meal=240.0)
    only(given, Reason.BOLUS_LIMIT)
    np.testing.assert_allclose(given.bolus, jnp.minimum(0.4 * OF.total_daily, 30.0))


def test_insulin_on_board_never_passes_its_limit():
    policy, total = Safe(Asks(6.0, 3.0), largest_rate=20.0), 0.0
    state, last = policy.initial(OF), (OF.basal / 12, 0 * OF.basal)
    for k, glucose in enumerate(noisy(300.0, 40)):
        given, state = policy.decide(state, seen(glucose, OF, 600.0 + 5 * k)._replace(basal=last[0], bolus=last[1]))
        last = given.basal / 12, given.bolus
        total = np.maximum(total, np.asarray(state.doses.on_board(policy.curve, 5)))
    assert (total < 0.2 * OF.total_daily + 0.6).all()
    assert (np.asarray(given.reason) & int(Reason.ON_BOARD_LIMIT)).all()
    assert (given.basal < 6.0).all()


def test_meals_that_cannot_be_and_meals_told_twice_are_left_out():
    given, _ = after(Safe(BasalBolus()), noisy(140.0, 2), meal=806.0)
    only(given, Reason.MEAL_LIMIT)
    np.testing.assert_allclose(given.bolus, 0.0)
    policy = Safe(BasalBolus())
    _, state = after(policy, noisy(140.0, 3), meal=60.0)
    again, state = policy.decide(state, seen(141.0, OF, 615.0, meal=60.0))
    only(again, Reason.MEAL_TWICE)
    np.testing.assert_allclose(again.bolus, 0.0)
    other, _ = policy.decide(state, seen(142.0, OF, 620.0, meal=30.0))
    only(other, Reason(0))
    np.testing.assert_allclose(other.bolus, 30.0 / OF.carbohydrate_ratio)


@pytest.mark.parametrize("jump", [60.0, -60.0, 5.0, np.nan])
def test_a_jump_of_the_clock_means_profile_basal(jump):
    policy = Safe(Asks(3.0, 2.0))
    _, state = after(policy, noisy(150.0))
    given, _ = policy.decide(state, seen(151.0, OF, 660.0 + jump))
    only(given, Reason.CLOCK)
    np.testing.assert_allclose(given.basal, OF.basal)


def test_settings_out_of_bounds_stop_everything_but_the_profile():
    wrong = OF._replace(correction=OF.correction.at[0].set(2.5), basal=OF.basal.at[1].set(jnp.nan))
    policy = Safe(Asks(2.0, 1.0))
    given, _ = policy.decide(policy.initial(wrong), seen(200.0, OF))
    assert list(np.asarray(given.reason)[:3] & int(Reason.SETTINGS)) == [2, 2, 0]
    np.testing.assert_allclose(given.bolus[:2], 0.0)
    np.testing.assert_allclose(given.basal[:2], [OF.basal[0], 0.0])


@pytest.mark.parametrize(
    ("setting", "value"),
    [("correction", 2.8), ("carbohydrate_ratio", 0.5), ("basal", 12.0), ("target", 5.5), ("total_daily", jnp.nan)],
)
def test_settings_in_other_units_or_ten_times_too_large_are_refused(setting, value):
    wrong = OF._replace(**{setting: getattr(OF, setting).at[3].set(value)})
    with pytest.raises(DataError, match="person 3"):
        check(wrong)


def test_unusual_settings_are_told():
    assert check(OF) == ()
    found = check(OF._replace(target=OF.target.at[2].set(150.0)))
    assert [str(f) for f in found] == ["person 2: target 150 mg/dL is outside the recommended 100–125"]


def test_each_reason_has_words():
    assert words(0) == ()
    assert len(words(sum(Reason))) == len(Reason)
    assert words(int(Reason.STALE | Reason.PREDICTED_LOW)) == (
        "no reading within 15 minutes: profile basal",
        "the lower forecast band reaches a low: insulin suspended",
    )


def test_people_do_not_disturb_each_other():
    readings = jnp.array([np.nan, 150.0, 60.0, 150.0, 806.0, 150.0, 150.0, 150.0])
    policy = Safe(Asks(1.0))
    state = policy.initial(OF)
    for k in range(3):
        given, state = policy.decide(state, seen(readings + k % 2, OF, 600.0 + 5 * k))
    assert [int(r) for r in given.reason] == [4, 0, 64, 0, 8, 0, 0, 0]
    assert len(given.reason) == PEOPLE
