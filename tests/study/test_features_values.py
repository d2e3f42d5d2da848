"""Features against a second implementation by loops; and what must never change them."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_events import HOUR, Event, at, drawn, frame

from vitruvian.core import DataError
from vitruvian.learn import Rows
from vitruvian.study.events import Events, Moments, write_events
from vitruvian.study.features import Derived, Recipe, Variable, Window, features_of, past

VALUES = ("first", "last", "mean", "min", "max", "sd", "slope", "sum", "delta", "n", "since")
RECIPE = Recipe(
    "test",
    "A test",
    (Window("ever"), Window("day", 24.0), Window("before", 48.0, 24.0)),
    (
        Variable("a", ("A",), dict.fromkeys(("ever", "day", "before"), VALUES), unit="mg/dL", low=150, high=800),
        Variable("ab", ("A", "B"), {"ever": ("n", "any")}, extracted=True),
        Variable("b", ("B",), {"day": ("mean", "missing")}, unit="1"),
        Variable("s", ("S",), {"ever": ("any", "since", "years", "n", "missing"), "before": ("n",)}),
        Variable("t", ("T//*",), {"ever": ("n",), "day": ("since",)}, extracted=True),
    ),
    (
        Derived("rise", "ratio", ("a_last_ever", "b_mean_day")),
        Derived("less", "difference", ("a_max_day", "a_min_day")),
    ),
)


def by_hand(recipe: Recipe, rows: Sequence[Event], who: str, hour: float) -> dict[str, float]:
    """Every feature of one moment, with loops and lists."""
    found: dict[str, float] = {}
    for one in recipe.variables:
        for name, some in one.take.items():
            (window,) = [w for w in recipe.windows if w.name == name]
            mine = sorted(
                (e.time, e.known, e.code, -math.inf if (x := _value(one, e)) is None else x)
                for e in rows
                if e.subject_id == who
                and any(e.code == c or (c[-1] == "*" and e.code.startswith(c[:-1])) for c in one.codes)
                and (one.extracted or e.kind != "extracted")
                and e.known <= hour
                and hour - window.start_h <= e.time <= hour - window.end_h
                and _counts(one, e)
            )
            for statistic in some:
                told = [(time, value) for time, _, _, value in mine]
                found[f"{one.name}_{statistic}_{name}"] = _statistic(statistic, told, hour)
    a, b = found["a_last_ever"], found["b_mean_day"]
    found["rise"] = math.nan if b == 0 else a / b
    found["less"] = found["a_max_day"] - found["a_min_day"]
    return found


def _value(one: Variable, event: Event) -> float | None:
    factor = 100 if one.unit == "mg/dL" and event.unit == "g/L" else 1
    return None if event.numeric_value is None else event.numeric_value * factor


def _counts(one: Variable, event: Event) -> bool:
    value = _value(one, event)
    if not one.unit:
        return True
    return value is not None and not (one.low is not None and value < one.low) and not (one.high and value > one.high)


def _statistic(name: str, told: list[tuple[float, float]], hour: float) -> float:
    times, values = [t for t, _ in told], [v for _, v in told]
    if name in ("n", "any", "missing"):
        return float({"n": len(told), "any": len(told) > 0, "missing": not told}[name])
    if not told:
        return math.nan
    if name in ("since", "years"):
        return (hour - max(times)) / (1 if name == "since" else 24 * 365.25)
    if name == "sd":
        return statistics.stdev(values) if len(values) > 1 else math.nan
    if name == "slope":
        if len(set(times)) < 2:
            return math.nan
        return statistics.linear_regression(times, values).slope
    simple = {"first": values[0], "last": values[-1], "min": min(values), "max": max(values), "sum": sum(values)}
    return {**simple, "mean": sum(values) / len(values), "delta": values[-1] - values[0]}[name]


def moments(*pairs: tuple[str, float]) -> Moments:
    return Moments(tuple(who for who, _ in pairs), np.array([at(hour) for _, hour in pairs]))


MANY = moments(("p3", 60), ("p0", 30.25), ("p0", 99), ("nobody", 10), ("p1", 0), ("p5", 48), ("p0", 75))


def same(a: Rows, b: Rows) -> None:
    np.testing.assert_array_equal(a.values, b.values)


@pytest.mark.parametrize("seed", range(5))
def test_every_statistic_is_what_loops_give(seed: int) -> None:
    rows = drawn(seed)
    found = features_of(RECIPE, Events.of(frame(rows)), MANY).rows
    names = [one.name for one in found.features]
    for k, (who, moment) in enumerate(zip(MANY.subject, MANY.at, strict=True)):
        expected = by_hand(RECIPE, rows, who, (moment - at(0)) / HOUR)
        assert set(names) == set(expected)
        np.testing.assert_allclose(found.values[k], [expected[one] for one in names], rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 100), st.floats(0.01, 50))
def test_a_fact_known_later_never_changes_an_earlier_feature(seed: int, time: float, delay: float) -> None:
    rows, moment = drawn(seed, people=2, each=15), 50.0
    late = Event("p0", time, moment + delay, "A", 300.0, "mg/dL")
    with_late = features_of(RECIPE, Events.of(frame([*rows, late])), moments(("p0", moment), ("p1", moment)))
    same(with_late.rows, features_of(RECIPE, Events.of(frame(rows)), moments(("p0", moment), ("p1", moment))).rows)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_arrival_and_division_into_parts_change_nothing(
    seed: int, tmp_path: Path, monkeypatch: object
) -> None:
    rows = drawn(seed)
    whole = features_of(RECIPE, Events.of(frame(rows)), MANY)
    random.Random(seed).shuffle(rows)
    same(whole.rows, features_of(RECIPE, Events.of(frame(rows)), MANY).rows)
    pieces = [frame(rows[k : k + 17]) for k in range(0, len(rows), 17)]
    parted = features_of(RECIPE, write_events(pieces, tmp_path / "events", parts=4), MANY)
    same(whole.rows, parted.rows)
    assert whole.notes == parted.notes


def test_blocks_of_subjects_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    events = Events.of(frame(drawn(9)))
    whole = features_of(RECIPE, events, MANY)
    monkeypatch.setattr(past, "_BLOCK", 7)
    same(whole.rows, features_of(RECIPE, events, MANY).rows)


def test_what_is_known_only_now_and_what_is_planned() -> None:
    one = Recipe("r", "r", (Window("ever"),), (Variable("x", ("X",), {"ever": ("last", "n")}, unit="1"),))
    rows = [Event("p", 1, 5, "X", 7.0, "1"), Event("p", 9, 1, "X", 8.0, "1")]
    events = Events.of(frame(rows))
    found = features_of(one, events, moments(("p", 4.99), ("p", 5), ("p", 9))).rows.values
    np.testing.assert_array_equal(found, [[np.nan, 0], [7, 1], [8, 2]])


def test_both_ends_of_a_window_belong_to_it() -> None:
    windows = (Window("a", 48, 24), Window("b", 24))
    one = Recipe("r", "r", windows, (Variable("x", ("X",), {"a": ("n",), "b": ("n",)}),))
    rows = [Event("p", 100 - ago, 0, "X") for ago in (48.01, 48, 24, 23.99, 0)]
    found = features_of(one, Events.of(frame(rows)), moments(("p", 100))).rows.values
    np.testing.assert_array_equal(found, [[2, 3]])


def test_units_convert_or_are_refused_with_their_number() -> None:
    variable = Variable("x", ("X",), {"ever": ("mean",)}, unit="mg/dL")
    one = Recipe("r", "r", (Window("ever"),), (variable,))
    ours = [Event("p", 1, 1, "X", 100.0, "mg/dL"), Event("p", 2, 2, "X", 2.0, "g/L")]
    assert features_of(one, Events.of(frame(ours)), moments(("p", 3))).rows.values == [[150.0]]
    for odd in ("mmol/L", None):
        wrong = Events.of(frame([*ours, Event("q", 1, 1, "X", 3.0, odd), Event("q", 2, 1, "X", 3.0, odd)]))
        with pytest.raises(DataError, match=r"unit of x differs; got 2 rows in (mmol/L|no unit); allowed: mg/dL"):
            features_of(one, wrong, moments(("p", 3)))


def test_impossible_values_are_counted_and_new_categories_flagged() -> None:
    one = Recipe(
        "r",
        "r",
        (Window("ever"),),
        (
            Variable("x", ("X",), {"ever": ("max",)}, unit="1", low=0, high=10),
            Variable("c", ("C",), {"ever": ("last",)}, categories={"1": "one", "two": "two"}),
        ),
    )
    rows = [
        Event("p", 1, 1, "X", 11.0, "1"), Event("p", 2, 1, "X", -1.0, "1"), Event("p", 3, 1, "X", 10.0, "1"),
        Event("p", 3, 1, "X"), Event("p", 1, 1, "C", 1.0), Event("q", 1, 1, "C", None, None, "two"),
        Event("r", 1, 1, "C", None, None, "three"),
    ]  # fmt: skip
    found = features_of(one, Events.of(frame(rows)), moments(("p", 9), ("q", 9), ("r", 9)))
    np.testing.assert_array_equal(found.rows.values, [[10, 0], [np.nan, 1], [np.nan, 2]])
    assert found.rows.outside.tolist() == [[False, False], [False, False], [False, True]]
    assert found.notes == {"x: impossible value": 2, "x: no value": 1, "c: new category 'three'": 1}
    assert found.rows.ids == ("p", "q", "r")


def test_no_events_at_all() -> None:
    found = features_of(RECIPE, Events.of(frame([])), moments(("p", 1)))
    names = [one.name for one in found.rows.features]
    assert found.rows.values[0][names.index("s_missing_ever")] == 1
    assert np.isnan(found.rows.values[0][names.index("a_last_ever")])
    assert found.rows.values[0][names.index("a_n_ever")] == 0
