"""Fairness by group and what can be done about it, on made-up people whose unfairness is known."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.learn.trust import Group, Scored, by_group, group_thresholds, holm, mitigations, reweighed, share


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _uneven(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, outcomes, sex and ward: the odds said of women on ward B are a third of the true ones."""
    rng = np.random.default_rng(seed)
    sex, ward = rng.choice(["f", "m"], n), rng.choice(["A", "B"], n)
    x = rng.normal(-1.2, 1.3, n)
    y = rng.random(n) < _sigmoid(x)
    return _sigmoid(x - np.log(3) * ((sex == "f") & (ward == "B"))), y, sex, ward


def _found(groups: tuple[Group, ...], attribute: str, value: str) -> Group:
    return next(one for one in groups if (one.attribute, one.value) == (attribute, value))


def test_the_group_that_fares_worse_is_found_at_the_intersection() -> None:
    p, y, sex, ward = _uneven(6_000)
    groups = by_group(p, y, {"sex": sex.tolist(), "ward": ward.tolist()}, threshold=0.3, draws=60)
    bad = _found(groups, "sex × ward", "f × B")
    assert bad.miscalibrated
    assert bad.ratio is not None
    assert bad.ratio.high < 0.85
    assert bad.n == ((sex == "f") & (ward == "B")).sum()
    assert bad.missed.low > _found(groups, "sex × ward", "m × A").missed.high
    assert not _found(groups, "sex × ward", "m × A").miscalibrated
    assert bad.auroc is not None
    assert bad.auroc.low < bad.auroc.value < bad.auroc.high


def test_a_calibrated_model_is_seldom_called_otherwise() -> None:
    called = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.normal(-1.0, 1.0, 600)
        y, group = rng.random(600) < _sigmoid(x), rng.choice(list("abcd"), 600)
        called += any(
            one.miscalibrated for one in by_group(_sigmoid(x), y, {"g": group.tolist()}, threshold=0.5, draws=2)
        )
    assert called <= 8  # 3 expected in 60 families at 5 %; above 8 in 1 of 300


def test_small_and_unrecorded_groups_are_shown_with_counts_alone() -> None:
    p, y, sex, _ = _uneven(500)
    values: list[str | None] = [None if i < 5 else str(one) for i, one in enumerate(sex)]
    groups = by_group(p, y, {"sex": values}, threshold=0.3, draws=20)
    few = _found(groups, "sex", "not recorded")
    assert (few.n, few.auroc, few.ratio, few.miscalibrated) == (5, None, None, False)
    assert sum(one.n for one in groups) == 500
    with pytest.raises(DataError, match="values of sex and rows differ"):
        by_group(p, y, {"sex": ["f"]}, threshold=0.3)


def test_coverage_by_group_is_told_where_sets_are() -> None:
    p, y, sex, _ = _uneven(400)
    groups = by_group(p, y, {"sex": sex.tolist()}, threshold=0.3, draws=5, sets=np.stack([p < 0.9, p > 0.2], 1))
    women = sex == "f"
    assert _found(groups, "sex", "f").coverage[1].value == pytest.approx((p > 0.2)[women & y].mean())


def test_rows_of_one_person_are_worth_one() -> None:
    hits = np.random.default_rng(0).random(200) < 0.3
    alone, tenfold = share(hits), share(np.repeat(hits, 10), np.repeat(np.arange(200), 10))
    assert (tenfold.low, tenfold.high) == pytest.approx((alone.low, alone.high), abs=1e-3)
    assert share(np.ones(30, bool), np.repeat(np.arange(3), 10)).low < 0.5


def test_p_values_of_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, np.nan, 0.03])) == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])


def test_weights_make_group_and_outcome_independent() -> None:
    rng = np.random.default_rng(1)
    group = rng.choice(["a", "b"], 1000, p=[0.8, 0.2])
    y = rng.random(1000) < np.where(group == "a", 0.1, 0.5)
    w = reweighed(group, y)
    rates = [np.average(y[group == one], weights=w[group == one]) for one in "ab"]
    assert rates == pytest.approx([y.mean()] * 2)
    assert w.sum() == pytest.approx(1000)


def test_ways_are_compared_on_the_same_people() -> None:
    p, y, sex, ward = _uneven(6_000, 1)
    group = np.char.add(sex, ward)
    half = np.arange(6_000) < 3_000
    fit, test = Scored(p[half], y[half], group[half]), Scored(p[~half], y[~half], group[~half])
    refit = (np.ones(4), lambda w: (_even(p, group)[half] * w[0], _even(p, group)[~half]))
    found = {one.way: one for one in mitigations(fit, test, refit=refit, draws=60)}
    assert list(found) == ["as it is", "thresholds by group", "recalibrated by group", "reweighed in training"]
    plain, own = found["as it is"], found["recalibrated by group"]
    assert own.calibration.high < plain.calibration.low
    assert own.missed.value < plain.missed.value - 0.1
    assert own.auroc.value > plain.auroc.value
    limits = found["thresholds by group"]
    assert limits.missed.value < plain.missed.value - 0.1
    assert limits.calibration == plain.calibration  # thresholds leave probabilities as they are
    assert found["reweighed in training"].calibration.value < plain.calibration.value


def _even(p: np.ndarray, group: np.ndarray) -> np.ndarray:
    odds = p / (1 - p) * np.where(group == "fB", 3.0, 1.0)
    return odds / (1 + odds)


def test_a_group_too_small_shares_the_threshold_of_all() -> None:
    p, y, sex, _ = _uneven(600)
    group = np.where(np.arange(600) < 12, "few", sex)
    limits = group_thresholds(p, y, group, 0.8)
    assert set(limits) == {"", "f", "m"}
    for one in ("f", "m"):
        assert (p[(group == one) & y] >= limits[one]).mean() >= 0.8
    with pytest.raises(DataError, match="groups and rows differ"):
        Scored(p, y, group[:3])
