"""Sets keep their promise: over all, for the rare class, in overlapping groups; and abstention says why."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Rows
from vitruvian.learn.trust import (
    abstention,
    class_conditional,
    conformal_of,
    coverage,
    outcomes,
    selective,
    split_conformal,
)
from vitruvian.learn.trust.conformal import finite_quantile


def _rare(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One in ten has the event; the model sees it dimly."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.1
    x = rng.normal(1.2 * y, 1.0)
    return outcomes(1 / (1 + np.exp(-(1.2 * x - 0.72 + np.log(0.1 / 0.9))))), y.astype(int)


@given(st.integers(1, 60), st.floats(0.05, 0.99))
def test_the_quantile_is_the_one_of_finite_samples(n: int, level: float) -> None:
    """A new rank is uniform over n+1 places: the limit's place is at least level·(n+1), and less than one above."""
    place = finite_quantile(np.arange(1.0, n + 1), level)
    assert place == np.inf if level * (n + 1) > n + 1e-9 else level * (n + 1) - 1e-6 <= place < level * (n + 1) + 1


def test_split_forgets_the_rare_class_and_class_conditional_does_not() -> None:
    """Mean coverage over 100 calibrations is within the bounds of theory, for each class."""
    by_split, by_class, counts = [], [], []
    p_test, y_test = _rare(10_000, 10_000)
    for seed in range(100):
        p, y = _rare(600, seed)
        by_split.append([one.value for one in coverage(split_conformal(p, y).sets(p_test), y_test).by_event])
        by_class.append([one.value for one in coverage(class_conditional(p, y).sets(p_test), y_test).by_event])
        counts.append(int(y.sum()))
    assert np.mean(by_split, 0)[1] < 0.5
    rare, common = np.mean(by_class, 0)[1], np.mean(by_class, 0)[0]
    assert 0.9 - 0.012 <= rare <= 0.9 + np.mean(1 / (np.array(counts) + 1)) + 0.012
    assert 0.9 - 0.012 <= common <= 0.9 + 1 / 400 + 0.012


def test_overlapping_groups_each_keep_the_promise() -> None:
    """Women score worse, the old worse still: limits for all alone fail them; the most cautious of the groups holds."""
    rng = np.random.default_rng(5)

    def people(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        women, old = rng.random(n) < 0.5, rng.random(n) < 0.3
        y = (rng.random(n) < 0.3).astype(int)
        x = rng.normal(2.0 * y - 1.0, 0.6 + 0.6 * women + 0.6 * old)
        return outcomes(1 / (1 + np.exp(-2 * x))), y, np.stack([women, old], 1)

    p, y, member = people(8_000)
    q, z, other = people(40_000)
    plain = class_conditional(p, y)
    grouped = class_conditional(p, y, groups={"women": member[:, 0], "70 and older": member[:, 1]})
    for inside in (other[:, 0], other[:, 1], other.all(1)):
        assert min(one.value for one in coverage(plain.sets(q)[inside], z[inside]).by_event) < 0.88
    for inside in (other[:, 0], other[:, 1]):
        kept = coverage(grouped.sets(q, other)[inside], z[inside])
        assert min(one.value for one in kept.by_event) > 0.885
    assert grouped.groups == ("everybody", "women", "70 and older")


def test_too_few_of_a_class_means_it_is_in_every_set() -> None:
    p, y = _rare(200, 3)
    few = np.flatnonzero(y == 1)[:8]  # nine are the least at 90 %
    rows = np.concatenate([few, np.flatnonzero(y == 0)])
    found = class_conditional(p[rows], y[rows])
    assert found.thin == (("everybody", 1),)
    assert found.sets(p)[:, 1].all()
    assert found.counts.tolist() == [[int((y == 0).sum()), 8]]


def test_limits_are_written_and_read_also_infinite_ones() -> None:
    p, y = _rare(80, 1)
    found = class_conditional(p, y, 0.95, groups={"few": np.arange(80) < 5})
    again = conformal_of(json.loads(json.dumps(found.to_dict())))
    member = np.ones((80, 1), bool)
    assert (again.sets(p, member) == found.sets(p, member)).all()
    assert (again.level, again.groups, again.thin) == (0.95, found.groups, found.thin)
    with pytest.raises(DataError, match="not the limits"):
        conformal_of({"level": 0.9, "limits": [[0.1]], "counts": [[1, 2]], "groups": ["everybody"]})


def test_what_does_not_fit_is_refused() -> None:
    p, y = _rare(100, 1)
    found = class_conditional(p, y, groups={"a": y == 1})
    with pytest.raises(DataError, match="rows and groups differ"):
        found.sets(p)
    with pytest.raises(DataError, match="events differ"):
        class_conditional(p, y).sets(np.full((3, 3), 1 / 3))
    with pytest.raises(DataError, match="no distribution"):
        split_conformal(2 * p, y)
    with pytest.raises(DataError, match="not an event; got 2"):
        split_conformal(p, y + 2 * (np.arange(100) == 4))
    with pytest.raises(InputError, match="level"):
        split_conformal(p, y, 1.0)
    with pytest.raises(InputError, match="name of a group"):
        class_conditional(p, y, groups={"everybody": y == 1})


def test_abstention_says_why() -> None:
    age, kind = Feature("age", "Age", "a", low=18, high=90), Feature("kind", "Ward", kind="category", categories=("a",))
    rows = Rows((age, kind), np.array([[50.0, 0.0], [50.0, 0.0], [50.0, 0.0], [95.0, 0.0], [np.nan, 3.0]]))
    sets = np.array([[True, False], [True, True], [False, False], [True, False], [True, True]])
    silent, why = abstention(sets, ("no", "yes"), 0.9, rows)
    assert silent.tolist() == [False, True, True, True, True]
    assert why[0] == ""
    assert why[1] == "At 90 % certainty neither “no” nor “yes” can be ruled out."
    assert why[2].startswith("No outcome fits")
    assert why[3] == "Age is 95 years, outside what the model was made for (18 to 90)."
    assert why[4] == f"Ward is of a kind that the model does not know. {why[1]}"
    with pytest.raises(DataError, match="differ"):
        abstention(sets, ("no",))


def test_answers_given_are_counted_and_judged() -> None:
    sets = np.array([[True, False], [True, True], [False, True], [False, True]])
    answered, right = selective(abstention(sets, ("no", "yes"))[0], sets, np.array([0, 0, 1, 0]))
    assert (answered.value, right.value) == (0.75, 2 / 3)
