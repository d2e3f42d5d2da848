"""Absorption of carbohydrates against the fixtures of LoopAlgorithm, and its laws."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.control.carbohydrates import LINEAR, PIECEWISE, announced, no_meals, observed, on_board, outlook

FIXTURES = Path(__file__).parent / "loop_fixtures"
RATIO, FACTOR = 8.0, 40.0
SLOW = replace(LINEAR, longest=1.5)
EVEN = replace(LINEAR, expected=1.5, longest=1.5)


def rows(name: str) -> list[dict]:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def followed(meal: int, counteraction: str, how, ratio: float = RATIO):
    """The meal of the fixture after all observed velocities; and when they end."""
    entry, velocities = rows("carb_entry_input")[meal], rows(counteraction)
    meals, given = no_meals(1), False
    for row in velocities:
        if not given and when(row["start_at"]) >= when(entry["start_at"]):
            meals, given = announced(meals, jnp.array([float(entry["amount"])]), entry["absorption_time"]), True
            late = (when(row["start_at"]) - when(entry["start_at"])).total_seconds() / 60
            meals = meals._replace(age=meals.age.at[0].set(late))
        minutes = (when(row["end_at"]) - when(row["start_at"])).total_seconds() / 60
        meals = observed(meals, jnp.array([row["velocity"] * minutes * ratio / FACTOR]), minutes, how)
    end = when(velocities[-1]["end_at"])
    if not given:
        meals = announced(meals, jnp.array([float(entry["amount"])]), entry["absorption_time"])
        meals = meals._replace(age=meals.age.at[0].set(0.0))
        end = when(entry["start_at"])
    return meals, end


@pytest.mark.parametrize(
    ("meal", "counteraction", "how", "expected", "remaining", "delayed"),
    [
        (0, "ice_35_min_input", SLOW, "ice_35_min_partial_output", None, None),
        (0, "ice_35_min_input", PIECEWISE, "ice_35_min_partial_piecewiselinear_output", 7008, None),
        (2, "ice_35_min_input", PIECEWISE, "ice_35_min_none_piecewiselinear_output", 10_800, None),
        (1, "ice_slow_absorption", PIECEWISE, "ice_slow_absorption_piecewiselinear_output", 6888, 0.0),
    ],
)
def test_carbohydrates_on_board_are_those_of_loop(meal, counteraction, how, expected, remaining, delayed):
    """After the last observation, to 1e-6 g; the slow meal was observed without delay and is forecast with it."""
    watching = how if delayed is None else replace(how, delay=delayed)
    meals, end = followed(meal, counteraction, watching)
    if remaining is not None:
        assert float(outlook(meals, watching).remaining[0, 0]) * 60 == pytest.approx(remaining, abs=1.0)
    for row in rows(expected):
        later = (when(row["date"]) - end).total_seconds() / 60
        if later > 0:
            later -= 0.0 if delayed is None else how.delay
            assert float(on_board(meals, watching, later)[0]) == pytest.approx(row["amount"], abs=1e-6)


@pytest.mark.parametrize(
    ("meal", "counteraction", "ratio", "expected", "how"),
    [
        (0, "ice_35_min_input", 8.0, "dynamic_glucose_effect_partially_observed_output", SLOW),
        (0, "ice_1_hour_input", 8.0, "dynamic_glucose_effect_fully_observed_output", EVEN),
        (2, "ice_35_min_input", 9.0, "dynamic_glucose_effect_none_observed_output", replace(SLOW, delay=0.0)),
    ],
)
def test_glucose_effects_are_those_of_loop(meal, counteraction, ratio, expected, how):
    meals, end = followed(meal, counteraction, how, ratio)
    whole = float(meals.grams[0, 0])
    checked = 0
    for row in rows(expected):
        later = (when(row["date"]) - end).total_seconds() / 60
        if later > 0:
            effect = FACTOR / ratio * (whole - float(on_board(meals, how, later)[0]))
            assert effect == pytest.approx(row["amount"], abs=1e-5)
            checked += 1
    assert checked > 30


@pytest.mark.parametrize("how", [LINEAR, PIECEWISE])
def test_share_time_and_rate_belong_together(how):
    t = jnp.linspace(0.0, 1.0, 201)
    share = how.share(t)
    np.testing.assert_allclose(how.time(share), t, atol=1e-6)
    np.testing.assert_allclose(how.rate((t[1:] + t[:-1]) / 2), jnp.diff(share) * 200, atol=0.02)
    assert share[0] == 0
    assert share[-1] == 1


def test_a_rise_is_shared_by_meals_and_never_lost():
    meals = announced(no_meals(2), jnp.array([40.0, 40.0]))
    meals = observed(meals, jnp.array([5.0, -3.0]), 5.0, PIECEWISE)
    meals = announced(observed(meals, jnp.array([5.0, 0.0]), 25.0, PIECEWISE), jnp.array([20.0, 0.0]))
    for _ in range(6):
        meals = observed(meals, jnp.array([6.0, 0.0]), 5.0, PIECEWISE)
    assert float(meals.observed.sum(0)[0]) == pytest.approx(46.0)
    assert (meals.observed[:2, 0] > 0).all()
    np.testing.assert_allclose(meals.observed[:, 1], 0.0)
    assert (on_board(meals, PIECEWISE, 600.0) == 0).all()
