"""Slope, intercept and curve where the truth is known; maps that bring a bent model back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.learn.trust import (
    Isotonic,
    Platt,
    calibration_map,
    isotonic,
    outcomes,
    platt,
    reliability,
)


def _logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _bent(n: int, intercept: float, slope: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Said probabilities whose truth is sigmoid(intercept + slope · logit)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(-1.5, 1.2, n)
    return _sigmoid(x), rng.random(n) < _sigmoid(intercept + slope * x)


def test_slope_and_intercept_are_found() -> None:
    p, y = _bent(20_000, 0.0, 0.6)
    found = reliability(p, y)
    assert found.slope.low <= 0.6 <= found.slope.high
    assert found.slope.high - found.slope.low < 0.1
    assert found.intercept.low > 0.0  # a slope below 1 at low risk: more comes true than was said
    assert found.ratio.high < 1.0
    assert found.gap > 0.03
    assert sum(one.n for one in found.curve) == 20_000


def test_what_is_calibrated_looks_so_as_often_as_promised() -> None:
    held = []
    for seed in range(80):
        p, y = _bent(400, 0.0, 1.0, seed)
        found = reliability(p, y)
        held.append((
            found.slope.low <= 1 <= found.slope.high, found.intercept.low <= 0 <= found.intercept.high,
            found.ratio.low <= 1 <= found.ratio.high,
        ))  # fmt: skip
    assert (np.sum(held, 0) >= 70).all()  # 76 expected; below 70 in 1 of 200


def test_rows_of_one_person_do_not_narrow_the_interval() -> None:
    p, y = _bent(500, 0.0, 0.8, 7)
    alone = reliability(p, y)
    tenfold = reliability(np.repeat(p, 10), np.repeat(y, 10), people=np.repeat(np.arange(500), 10))
    assert tenfold.slope.low == pytest.approx(alone.slope.low, abs=1e-6)
    assert tenfold.ratio.high == pytest.approx(alone.ratio.high, abs=1e-9)


def test_platt_brings_a_bent_model_back() -> None:
    p, y = _bent(20_000, 0.4, 0.6)
    fitted = platt(p, y)
    assert (fitted.intercept, fitted.slope) == (pytest.approx(0.4, abs=0.06), pytest.approx(0.6, abs=0.04))
    later, came = _bent(20_000, 0.4, 0.6, 1)
    found = reliability(fitted(later), came)
    assert found.slope.low <= 1 <= found.slope.high
    assert found.intercept.low <= 0 <= found.intercept.high


def test_platt_is_finite_where_outcomes_are_told_apart_wholly() -> None:
    fitted = platt(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1]))
    assert 0 < fitted.slope < 10


def test_isotonic_is_the_rising_curve_of_least_squares() -> None:
    """Pooled by hand: 1, 0, 0 → ⅓; then 1, 1, drawn in to ¾, for two rows teach no certainty."""
    p, y = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([1, 0, 0, 1, 1])
    fitted = isotonic(p, y)
    assert fitted(np.array([0.1, 0.2, 0.3])) == pytest.approx(1 / 3)
    assert fitted(np.array([0.4, 0.5, 1.0])) == pytest.approx(3 / 4)
    assert fitted(np.array([0.0, 0.35])) == pytest.approx([1 / 3, (1 / 3 + 3 / 4) / 2])


def test_isotonic_never_says_never_and_keeps_the_order() -> None:
    p, y = _bent(3_000, 0.4, 0.6, 2)
    found = isotonic(p, y)(np.linspace(0, 1, 500))
    assert (np.diff(found) >= 0).all()
    assert 0 < found[0] < found[-1] < 1
    calibrated = reliability(isotonic(p, y)(_bent(20_000, 0.4, 0.6, 3)[0]), _bent(20_000, 0.4, 0.6, 3)[1])
    assert calibrated.gap < 0.02


@pytest.mark.parametrize("fitted", [Platt(0.25, 0.75), Isotonic((0.1, 0.5), (0.2, 0.4))])
def test_maps_are_written_and_read(fitted: Platt | Isotonic) -> None:
    assert calibration_map(json.loads(json.dumps(fitted.to_dict()))) == fitted


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "beta"},
        {"kind": "platt", "intercept": "x", "slope": 1},
        {"kind": "isotonic", "said": [0.5, 0.1], "comes_true": [0.1, 0.5]},
        {"kind": "isotonic", "said": [0.1, 0.5], "comes_true": [0.5, 0.1]},
        {"kind": "isotonic", "said": [], "comes_true": []},
    ],
)
def test_what_is_no_map_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(DataError, match="not a calibration map"):
        calibration_map(data)


def test_one_probability_for_all_has_no_slope() -> None:
    with pytest.raises(DataError, match="all probabilities are the same"):
        reliability(np.full(10, 0.3), np.arange(10) > 5)
    with pytest.raises(DataError, match="same outcome"):
        platt(np.linspace(0.1, 0.9, 5), np.zeros(5))


def test_probabilities_of_both_outcomes() -> None:
    assert outcomes(np.array([0.2])).tolist() == [[0.8, 0.2]]
