"""Subtypes: planted ones come back, noise has none, and what is not stable is said to be so."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Rows
from vitruvian.learn.subtypes import embedded, subtypes_of

NAMES = ("age", "bmi", "creatinine", "lactate", "sodium", "platelets")
FEATURES = (*(Feature(one, one) for one in NAMES), Feature("sex", "Sex", kind="category", categories=("f", "m")))


def planted(seed: int = 1, apart: float = 3.5) -> tuple[Rows, np.ndarray]:
    """Three groups of 150, 90 and 60 people; values skewed and of any unit, some missing."""
    drawn = np.random.default_rng(seed)
    truth = np.repeat([1, 2, 3], [150, 90, 60])
    centre = apart * np.array([[0, 0, 0, 0, 0, 0], [1, 1, 0, 0, -1, 0], [0, -1, 1, 1, 0, -1.0]])
    values = np.exp(0.3 * (drawn.normal(size=(300, 6)) + centre[truth - 1])) * 10.0 ** np.arange(6)
    values[drawn.random(values.shape) < 0.05] = np.nan
    return Rows(FEATURES, np.c_[values, drawn.integers(0, 2, 300)]), truth


@pytest.mark.parametrize("method", ["mixture", "density"])
def test_planted_subtypes_come_back(method: str) -> None:
    rows, truth = planted()
    found = subtypes_of(rows, method=method, most=4, draws=10)  # type: ignore[arg-type]
    assert len(found.found) == 3
    inside = found.label > 0
    assert np.mean(found.label[inside] == truth[inside]) > 0.95
    assert inside.mean() > 0.85
    assert found.agreement.value > 0.8
    assert [one.verdict for one in found.found] == ["stable"] * 3
    assert {one.feature.name for one in found.found[2].marks[:4]} == {"bmi", "creatinine", "lactate", "platelets"}
    assert "3 subtypes of 300 people" in found.sentence


def test_noise_has_no_subtypes() -> None:
    rows = Rows(FEATURES, np.c_[np.random.default_rng(2).lognormal(size=(300, 6)), np.zeros(300)])
    found = subtypes_of(rows, draws=2, most=3)
    assert found.sentence == "No subtypes: the 300 people are described best as one group."
    forced = subtypes_of(rows, number=4, draws=10)
    assert min(one.stability.value for one in forced.found) < 0.6
    assert "not to be trusted" in forced.sentence
    assert forced.agreement.value < 0.6


def test_units_order_and_seeds_change_nothing() -> None:
    rows, _ = planted(3)
    one = subtypes_of(rows, number=3, draws=2)
    other = Rows(FEATURES, np.c_[1000 * rows.values[:, :6] ** 2, rows.values[:, 6]])
    assert np.array_equal(one.label, subtypes_of(other, number=3, draws=2).label)
    turned = np.random.default_rng(4).permutation(300)
    again = subtypes_of(Rows(FEATURES, rows.values[turned]), number=3, draws=2, seed=9)
    assert np.array_equal(one.label[turned], again.label)


def test_directions_explain_what_they_say() -> None:
    rows, _ = planted(5)
    found = embedded(rows, share=0.99)
    np.testing.assert_allclose(found.points.var(0) / found.scores.var(0).sum(), found.explained, rtol=1e-9)
    empty = Rows(FEATURES, np.where(np.arange(7) == 3, np.nan, rows.values))
    assert embedded(empty).left_out == ("lactate",)


def test_too_little_is_refused() -> None:
    rows, _ = planted()
    with pytest.raises(DataError, match="too few people"):
        subtypes_of(Rows(FEATURES, rows.values[:20]))
    with pytest.raises(DataError, match="tell people apart"):
        subtypes_of(Rows(FEATURES, np.ones((80, 7))))
    with pytest.raises(InputError, match="no such method"):
        subtypes_of(rows, method="magic")  # type: ignore[arg-type]
