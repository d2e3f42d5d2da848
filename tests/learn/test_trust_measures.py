"""Measures against closed forms, scikit-learn and DeLong; intervals against many repetitions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from vitruvian.core import DataError, InputError
from vitruvian.learn.trust import (
    at_threshold,
    auroc,
    average_precision,
    bootstrap,
    brier,
    difference,
    measured,
    proportion,
)


def _made(n: int, seed: int = 0, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.beta(1.5, 6.0, n)
    return (np.round(p, 1) if ties else p), rng.random(n) < p


def _delong(p: np.ndarray, y: np.ndarray, other: np.ndarray | None = None) -> float:
    """Standard error of the AUROC, or of the difference of two (DeLong ER et al. Biometrics 1988;44:837)."""

    def parts(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        beats = (score[y][:, None] > score[~y]) + 0.5 * (score[y][:, None] == score[~y])
        return beats.mean(1), beats.mean(0)

    yes, no = parts(p)
    if other is not None:
        more_yes, more_no = parts(other)
        yes, no = yes - more_yes, no - more_no
    return float(np.sqrt(yes.var(ddof=1) / len(yes) + no.var(ddof=1) / len(no)))


@pytest.mark.parametrize("ties", [False, True])
def test_measures_are_those_of_scikit_learn(ties: bool) -> None:
    p, y = _made(800, 1, ties)
    assert auroc(p, y) == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert average_precision(p, y) == pytest.approx(average_precision_score(y, p), abs=1e-12)


def test_measures_of_four_rows_by_hand() -> None:
    p, y = np.array([0.9, 0.6, 0.6, 0.1]), np.array([1, 0, 1, 0])
    assert auroc(p, y) == pytest.approx((2 + 1.5) / 4)
    assert average_precision(p, y) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert brier(p, y) == pytest.approx((0.01 + 0.36 + 0.16 + 0.01) / 4)


def test_interval_of_the_bootstrap_is_that_of_delong() -> None:
    p, y = _made(1500, 2)
    found, half = bootstrap(p, y, draws=600), 1.96 * _delong(p, y)
    assert found.value == auroc(p, y)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_difference_is_paired_and_that_of_delong() -> None:
    p, y = _made(1500, 3)
    worse = np.clip(p + np.random.default_rng(4).normal(0, 0.05, len(p)), 0, 1)
    found, se = difference(p, worse, y, draws=600), _delong(p, y, worse)
    assert found.value == pytest.approx(auroc(p, y) - auroc(worse, y))
    assert found.high - found.low == pytest.approx(2 * 1.96 * se, rel=0.12)
    assert found.high - found.low < 0.7 * (bootstrap(p, y, draws=300).high - bootstrap(p, y, draws=300).low)
    assert difference(p, p, y, draws=50).high == 0.0


def test_people_are_drawn_not_rows() -> None:
    """Each person ten times over: the interval is that of the people alone, and rows drawn would be √10 narrower."""
    p, y = _made(400, 5)
    alone = bootstrap(p, y, draws=400)
    tenfold, whose = (np.repeat(p, 10), np.repeat(y, 10)), np.repeat(np.arange(400), 10)
    people, rows = bootstrap(*tenfold, people=whose, draws=400), bootstrap(*tenfold, draws=400)
    assert (people.low, people.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert (alone.high - alone.low) / (rows.high - rows.low) == pytest.approx(np.sqrt(10), rel=0.15)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = 0
    for seed in range(60):
        p, y = _made(250, 100 + seed)
        found = bootstrap(p, y, "brier", draws=120, seed=seed)
        truth = 1.5 * 6.0 / (7.5 * 8.5)  # E p(1−p) of Beta(1.5, 6)
        held += found.low <= truth <= found.high
    assert held >= 51  # 57 expected; below 51 once in 100 times


def test_all_measures_share_their_draws() -> None:
    p, y = _made(300, 6)
    found = measured(p, y, draws=100, seed=3)
    assert found["auroc"] == bootstrap(p, y, "auroc", draws=100, seed=3)
    assert list(found) == ["auroc", "average_precision", "brier", "log_loss"]


def test_proportions_by_hand_and_at_the_ends() -> None:
    """Wilson's interval of 81 of 263 (Newcombe RG. Stat Med 1998;17:857, table I, method 3)."""
    found = proportion(81, 263)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert proportion(0, 20).low == 0.0
    assert proportion(20, 20).high == 1.0
    assert np.isnan(proportion(0, 0).value)


def test_what_follows_at_a_threshold() -> None:
    p, y = np.array([0.9, 0.8, 0.7, 0.2, 0.1]), np.array([1, 0, 1, 1, 0])
    found = at_threshold(p, y, 0.7)
    assert (found.called, found.sensitivity.value, found.ppv.value) == (3, 2 / 3, 2 / 3)
    assert (found.specificity.value, found.npv.value, found.worse) == (0.5, 0.5, 2 / 3)


@pytest.mark.parametrize(
    ("p", "y", "says"),
    [
        ([0.1, 0.2], [0, 0], "all 2 rows have the same outcome"),
        ([0.1, 1.2], [0, 1], "1.2 in 1 of 2 rows"),
        ([0.1, np.nan], [0, 1], "not a probability"),
        ([0.1, 0.2], [0, 2], "not an outcome; got 2"),
        ([0.1, 0.2], [0, 1, 1], "differ"),
        ([], [], "no rows"),
    ],
)
def test_what_cannot_be_measured_is_refused(p: list[float], y: list[int], says: str) -> None:
    with pytest.raises(DataError, match=says):
        auroc(np.array(p), np.array(y))


def test_an_interval_of_luck_is_refused() -> None:
    p, y = np.linspace(0.1, 0.9, 30), np.arange(30) == 29
    with pytest.raises(DataError, match="too few people with the event"):
        bootstrap(p, y, draws=200)
    with pytest.raises(InputError, match="no such measure"):
        bootstrap(p, np.arange(30) > 20, "f1")
