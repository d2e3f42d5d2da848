"""A person's state space: the filter against conditioning done at once, what is learned, and what gaps do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.learn.anomaly import Rhythm, learned_rhythm, surprises_of

_KNOWN = Rhythm(70.0, wander=0.8, spread=4.0, fades=1.5, noise=1.2, waves=(-6.0, 3.0, 1.0, -0.5))


def _drawn(known: Rhythm, at: np.ndarray, seed: int) -> np.ndarray:
    """A signal drawn from a state space."""
    rng, gaps = np.random.default_rng(seed), np.diff(at, prepend=at[0])
    level = known.level + np.cumsum(rng.normal(size=len(at)) * known.wander * np.sqrt(gaps))
    deviation, found = rng.normal() * known.spread, []
    for gap in gaps:
        keep = math.exp(-gap / known.fades)
        deviation = keep * deviation + math.sqrt(1 - keep**2) * known.spread * rng.normal()
        found.append(deviation)
    rhythm = np.array([known.of_day(one) for one in at])
    return level + rhythm + np.array(found) + known.noise * rng.normal(size=len(at))


def test_the_filter_is_conditioning_done_at_once() -> None:
    """Mean and variance of a later sample, from the joint normal of all samples; irregular times, a silence of 9 h."""
    at = np.array([0.0, 0.3, 0.35, 1.0, 2.2, 11.2, 11.3, 11.9])
    then = 13.0
    value, rhythm = _drawn(_KNOWN, at, 1), np.array([_KNOWN.of_day(one) for one in at])
    times = np.append(at, then)
    first = 24 * _KNOWN.wander**2 + _KNOWN.spread**2
    cov = first + _KNOWN.wander**2 * np.minimum.outer(times, times)
    cov += _KNOWN.spread**2 * np.exp(-np.abs(np.subtract.outer(times, times)) / _KNOWN.fades)
    cov += np.diag(np.full(len(times), _KNOWN.noise**2))
    gain = np.linalg.solve(cov[:-1, :-1], cov[:-1, -1])
    state = _KNOWN.start(0.0)
    for moment, one in zip(at.tolist(), value.tolist(), strict=True):
        state, surprise = _KNOWN.after(state, moment, one)
        assert abs(surprise) < 3.5  # beyond it the filter is robust and this test is not for it
    found = _KNOWN.expected(state, then)
    assert found.mean == pytest.approx(_KNOWN.level + _KNOWN.of_day(then) + gain @ (value - rhythm - _KNOWN.level))
    assert found.sd**2 == pytest.approx(cov[-1, -1] - gain @ cov[:-1, -1])


def test_what_made_the_signal_is_learned() -> None:
    at = np.arange(0, 10 * 24, 0.25)
    found = learned_rhythm(at, _drawn(_KNOWN, at, 2))
    assert found.spread == pytest.approx(4.0, rel=0.3)
    assert found.fades == pytest.approx(1.5, rel=0.5)
    assert found.noise == pytest.approx(1.2, rel=0.5)
    assert found.waves[:2] == pytest.approx(_KNOWN.waves[:2], abs=2.0)


def test_bands_hold_later_samples_as_often_as_they_say() -> None:
    at = np.arange(0, 14 * 24, 0.25)
    value = _drawn(_KNOWN, at, 3)
    value[::97] += 40  # spikes
    known = learned_rhythm(at[:960], value[:960])
    surprises = np.abs(surprises_of(known, at[960:], value[960:]))
    assert np.mean(surprises < 1.96) == pytest.approx(0.95, abs=0.03)
    assert (surprises[np.flatnonzero(np.arange(960, len(at)) % 97 == 0)] > 5).all()


def test_a_rhythm_forecasts_better_than_the_last_value() -> None:
    at = np.arange(0, 14 * 24, 0.25)
    value = _drawn(_KNOWN, at, 4)
    known, ahead = learned_rhythm(at[:960], value[:960]), 16
    state, states = known.start(0.0), []
    for moment, one in zip(at.tolist(), value.tolist(), strict=True):
        state, _ = known.after(state, moment, one)
        states.append(state)
    told = np.array([known.expected(states[i - ahead], at[i]).mean for i in range(960, len(at))])
    missed, last = np.abs(value[960:] - told).mean(), np.abs(value[960:] - value[960 - ahead : -ahead]).mean()
    assert missed < 0.8 * last


def test_a_silence_widens_the_band_and_a_value_that_is_none_moves_time_alone() -> None:
    state, _ = _KNOWN.after(_KNOWN.start(0.0), 0.0, 72.0)
    soon, late = _KNOWN.expected(state, 0.1).sd, _KNOWN.expected(state, 12.0).sd
    assert late > 2 * soon
    moved, surprise = _KNOWN.after(state, 3.0, math.nan)
    assert math.isnan(surprise)
    assert _KNOWN.expected(moved, 12.0) == pytest.approx(_KNOWN.expected(state, 12.0))


def test_a_spike_does_not_drag_the_level_along() -> None:
    state = _KNOWN.start(0.0)
    for k in range(40):
        state, _ = _KNOWN.after(state, k / 4, 70.0 + _KNOWN.of_day(k / 4))
    spiked, surprise = _KNOWN.after(state, 10.0, 400.0)
    assert surprise > 50
    assert abs(_KNOWN.expected(spiked, 10.25).mean - _KNOWN.expected(state, 10.25).mean) < 3.5 * 4.5


def test_less_than_three_days_have_no_rhythm() -> None:
    at = np.arange(0, 48, 0.5)
    assert learned_rhythm(at, _drawn(_KNOWN, at, 5)).waves == ()


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (np.arange(20.0), np.ones(20), "60 or more"),
        (np.arange(80.0), np.append(np.ones(79), np.nan), "be numbers"),
        (np.repeat(np.arange(40.0), 2), np.ones(80), "rise in time"),
    ],
)
def test_what_no_rhythm_can_be_learned_from_is_refused(at: np.ndarray, value: np.ndarray, says: str) -> None:
    with pytest.raises(DataError, match=says):
        learned_rhythm(at, value)


def test_a_signal_that_never_moves_has_the_noise_that_is_believed() -> None:
    found = learned_rhythm(np.arange(0.0, 100.0), np.full(100, 36.6), grain=0.1)
    assert found.noise >= 0.1
    assert replace(found, noise=0.1).expected(found.start(0.0), 1.0).mean == pytest.approx(36.6)
