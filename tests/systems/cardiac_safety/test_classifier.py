"""Thresholds: fitted, left one out, published; skill against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from vitruvian.core import DataError, UnknownNameError
from vitruvian.systems.cardiac_safety import RISKS, Risk, fitted, left_out, named_thresholds, skill, thresholds


def test_the_fit_finds_the_truth() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.03, 0.09, 4000)
    above = [expit(400.0 * (end - scores)) for end in (0.068, 0.054)]
    u = rng.random(4000)
    risks = [RISKS[int(a)] for a in (u < above[0]).astype(int) + (u < above[1])]
    found = fitted(scores, risks)
    assert found.low_intermediate == pytest.approx(0.068, abs=5e-4)
    assert found.intermediate_high == pytest.approx(0.054, abs=5e-4)
    assert found.slope == pytest.approx(-400.0, rel=0.1)
    chances = found.probabilities(np.array([0.03, 0.061, 0.09]))
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert chances.argmax(axis=1).tolist() == [2, 1, 0]


def test_separated_classes_and_left_out() -> None:
    scores = [0.08, 0.082, 0.085, 0.06, 0.062, 0.064, 0.03, 0.035, 0.04]
    risks = [RISKS[k] for k in (0, 0, 0, 1, 1, 1, 2, 2, 2)]
    found = fitted(scores, risks)
    assert 0.064 < found.low_intermediate < 0.08
    assert 0.04 < found.intermediate_high < 0.06
    assert left_out(scores, risks) == tuple(risks)
    with pytest.raises(DataError, match="all three classes"):
        fitted(scores[:6], risks[:6])
    with pytest.raises(DataError, match="finite"):
        fitted([float("nan"), *scores[1:]], risks)


def test_published_thresholds() -> None:
    one = named_thresholds("chantest-28")
    assert (one.low_intermediate, one.intermediate_high, one.dataset) == (0.0684, 0.0535, "chantest")
    assert one.classes(np.array([0.07, 0.06, 0.05])).tolist() == [0, 1, 2]
    assert set(thresholds()) == {"chantest-28", "nanion-8", "validation-2019"}
    with pytest.raises(UnknownNameError, match="chantest-28"):
        named_thresholds("other")
    with pytest.raises(DataError, match="no slope"):
        named_thresholds("validation-2019").probabilities(np.array([0.06]))


def test_skill_by_hand() -> None:
    known: tuple[Risk, ...] = ("high", "high", "intermediate", "low", "low")
    told: tuple[Risk, ...] = ("high", "intermediate", "intermediate", "low", "high")
    found = skill("abcde", known, told, [0.03, 0.06, 0.062, 0.08, 0.05])
    assert (found.right, found.of) == (3, 5)
    assert found.wrong == {"b": ("high", "intermediate"), "e": ("low", "high")}
    assert found.confusion["high"] == {"low": 0, "intermediate": 1, "high": 1}
    high = next(one for one in found.splits if one.above == "high")
    assert (high.sensitivity, high.specificity) == (0.5, pytest.approx(2 / 3))
    assert high.auc == pytest.approx(5 / 6)
    assert high.positive.low < high.positive.value < high.positive.high
    with pytest.raises(DataError):
        skill((), (), (), ())
    with pytest.raises(DataError, match="a number for each drug"):
        skill("ab", ("high", "low"), ("high", "low"), [float("nan"), 0.08])
