"""Insulin curves against the fixtures of LoopAlgorithm, and their laws."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.control import ADULT, CHILD, FASTER, INHALED, Doses

FIXTURES = Path(__file__).parent / "loop_fixtures"


def fixture(name: str, start: str) -> tuple[np.ndarray, np.ndarray]:
    """Minutes since `start`, and amounts."""
    rows = json.loads((FIXTURES / f"{name}.json").read_text())
    begin = datetime.fromisoformat(start)
    at = [(datetime.fromisoformat(row["date"]) - begin).total_seconds() / 60 for row in rows]
    return np.array(at), np.array([row["amount"] for row in rows])


def test_effect_of_a_bolus_is_that_of_loop():
    minutes, expected = fixture("effect_from_bolus_output", "2015-07-13T12:02:37")
    effect = -40.0 * 1.5 * (1 - ADULT.remaining(minutes))
    np.testing.assert_allclose(effect, expected, atol=1e-9)


def test_effect_of_an_hour_of_temporary_basal_is_that_of_loop():
    """Loop accepts 1 mg/dL here: it adds the rate in pieces of 5 minutes, as slots do."""
    minutes, expected = fixture("effect_from_basal_output", "2015-07-13T12:00:00")
    pieces = 5.0 * np.arange(12)
    effect = -40.0 / 12 * np.sum(1 - ADULT.remaining(minutes[:, None] - pieces), axis=1)
    np.testing.assert_allclose(effect, expected, atol=1.0)


@pytest.mark.parametrize("curve", [ADULT, CHILD, FASTER, INHALED])
def test_activity_is_the_slope_of_what_remains_and_peaks_where_told(curve):
    t = np.arange(0.0, curve.end + 20, 0.5)
    remaining, activity = np.asarray(curve.remaining(t)), np.asarray(curve.activity(t))
    np.testing.assert_allclose(activity[1:-1], -(remaining[2:] - remaining[:-2]), atol=2e-4)
    assert t[activity.argmax()] == pytest.approx(curve.peak + curve.delay, abs=1.0)
    assert remaining[0] == 1
    assert remaining[-1] == 0
    assert (np.diff(remaining) <= 1e-12).all()


def test_doses_fall_off_when_they_have_acted():
    doses = Doses(jnp.zeros((74, 2))).then(jnp.array([1.0, 3.0]))
    np.testing.assert_allclose(doses.on_board(ADULT, 5.0), [1.0, 3.0])
    np.testing.assert_allclose(doses.ahead(ADULT, 5.0, 80)[-1], [1.0, 3.0])
    for _ in range(80):
        doses = doses.then(jnp.zeros(2))
    np.testing.assert_allclose(doses.on_board(ADULT, 5.0), 0.0)
