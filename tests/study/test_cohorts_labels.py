"""Moments and outcomes of cohorts against loops; who is left out and why; what contradicts itself."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from made_events import HOUR, Event, at, frame

from vitruvian.core import DataError, InputError, UnknownNameError
from vitruvian.study.cohorts import (
    Clause,
    Cohort,
    Condition,
    Contradiction,
    Outcome,
    check_units,
    cohort_names,
    label_events,
    read_cohort,
)
from vitruvian.study.events import Events, write_events

ADMITTED, LEFT, DIED, ILL = (Clause((one,)) for one in ("IN", "OUT", "MEDS_DEATH", "ILL*"))
READMITTED = Outcome("readmitted", "In again", (ADMITTED,))
COHORT = Cohort(
    "test",
    "A test",
    (LEFT,),
    READMITTED,
    30.0,
    require=(Condition("ill", (ILL,)),),
    exclude=(Condition("low value", (Clause(("LAB",), below=5.0, unit="mg/dL"),), 20.0),),
    competing=(Outcome("died", "Death", (DIED,)),),
)


def drawn(seed: int) -> list[Event]:
    """Stays of some people, with an illness, a value and a death here and there; some told late."""
    draw, found = random.Random(seed), []
    for who in (f"p{k}" for k in range(12)):
        hour = draw.uniform(0, 20)
        while hour < 150:
            end = hour + draw.uniform(1, 10)
            found += [Event(who, hour, hour, "IN"), Event(who, end, end + draw.choice([0, 0, 3]), "OUT")]
            hour = end + draw.choice([8.0, 20.0, 45.0, 90.0])
        when = draw.uniform(0, 120)
        found.append(Event(who, when, when + draw.choice([0, 50]), draw.choice(["ILL1", "ILL2", "WELL"])))
        for _ in range(4):
            when = draw.uniform(0, 150)
            unit, value = draw.choice([("mg/dL", 4.0), ("mg/dL", 6.0), ("g/L", 0.04), ("g/L", 0.9)])
            found.append(Event(who, when, when + draw.choice([0, 10]), "LAB", value, unit))
        if draw.random() < 0.4:
            found.append(Event(who, hour + draw.uniform(0, 30), hour + 60, "MEDS_DEATH"))
        found.append(Event(who, hour + draw.uniform(0, 40), 300, "OTHER"))
    return found


def by_hand(rows: list[Event]) -> tuple[list[tuple[str, int, int, float]], dict[str, int]]:
    """(subject, moment, outcome, hours) with loops, and the reasons of those left out."""
    found, left_out = [], dict.fromkeys(("not: ill", "low value", "not followed up to the horizon"), 0)
    for who in sorted({one.subject_id for one in rows}):
        mine = [one for one in rows if one.subject_id == who]
        seen = max(one.time for one in mine)
        for moment in sorted({max(one.time, one.known) for one in mine if one.code == "OUT"}):
            known = [one for one in mine if max(one.known, one.time) <= moment]
            if not any(one.code.startswith("ILL") for one in known):
                left_out["not: ill"] += 1
                continue
            low = [one for one in known if one.code == "LAB" and one.time >= moment - 20]
            if any((one.numeric_value or 0) * (100 if one.unit == "g/L" else 1) < 5 for one in low):
                left_out["low value"] += 1
                continue
            told = [(one.time, k) for one in mine for k, c in enumerate(("IN", "MEDS_DEATH"), 1) if one.code == c]
            index = max(one.time for one in mine if one.code == "OUT" and max(one.time, one.known) == moment)
            early = [k for time, k in told if index < time <= moment]
            if early:
                name = f"before the moment: {('readmitted', 'died')[early[0] - 1]}"
                left_out[name] = left_out.get(name, 0) + 1
                continue
            time, outcome = min(((t, k) for t, k in told if t > moment), default=(np.inf, 0))
            if time > moment + 30:
                if seen < moment + 30:
                    left_out["not followed up to the horizon"] += 1
                    continue
                time, outcome = moment + 30, 0
            found.append((who, at(moment), outcome, time - moment))
    return found, {reason: count for reason, count in left_out.items() if count}


@pytest.mark.parametrize("seed", range(4))
def test_moments_and_outcomes_are_what_loops_give(seed: int, tmp_path: Path) -> None:
    rows = drawn(seed)
    expected, left_out = by_hand(rows)
    assert {outcome for *_, outcome, _ in expected} >= {0, 1}
    for events in (Events.of(frame(rows)), write_events([frame(rows)], tmp_path / "parts", parts=3)):
        found = label_events(COHORT, events)
        told = list(zip(found.moments.subject, found.moments.at.tolist(), found.outcome.tolist(), strict=True))
        assert told == [one[:3] for one in expected]
        np.testing.assert_allclose(found.hours, [one[3] for one in expected], atol=1e-6)
        assert found.left_out == left_out
        assert found.label.tolist() == [one[2] == 1 for one in expected]


def labelled(rows: list[Event], **more: object) -> tuple[list[float], list[int], dict[str, int]]:
    """Moments (hours), outcomes and reasons of a plain cohort."""
    told = {"which": "each", "follow_up": "complete", "after_h": 0.0, **more}
    found = label_events(Cohort("c", "c", (LEFT,), READMITTED, 30.0, **told), Events.of(frame(rows)))  # type: ignore[arg-type]
    return ((found.moments.at - at(0)) / HOUR).tolist(), found.outcome.tolist(), dict(found.left_out)


def test_edges_of_the_horizon() -> None:
    out = Event("p", 10, 10, "OUT")
    assert labelled([out, Event("p", 40, 40, "IN")])[1] == [1]
    assert labelled([out, Event("p", 40.01, 40, "IN")])[1] == [0]
    assert labelled([out, Event("p", 10, 10, "IN")])[1] == [0]
    known_late = labelled([Event("p", 10, 12, "OUT"), Event("p", 11, 11, "IN")])
    assert known_late == ([], [], {"before the moment: readmitted": 1})
    assert labelled([out, Event("p", 12, 12, "IN")], after_h=5.0)[2] == {"before the moment: readmitted": 1}


def test_first_and_last_index_event() -> None:
    rows = [Event("p", hour, hour, "OUT") for hour in (1, 50, 99)]
    assert labelled(rows, which="first")[0] == [1]
    assert labelled(rows, which="last")[0] == [99]
    assert labelled(rows)[0] == [1, 50, 99]
    assert labelled(rows, follow_up="observed")[2] == {"not followed up to the horizon": 1}
    assert labelled([Event("p", 1, 1, "IN")]) == ([], [], {})


def test_what_was_read_from_text_counts_only_where_it_is_let_in() -> None:
    rows = [Event("p", 1, 1, "OUT"), Event("p", 2, 2, "IN", kind="extracted")]
    assert labelled(rows)[1] == [0]
    lets = Outcome("in", "in", (Clause(("IN",), extracted=True),))
    found = label_events(Cohort("c", "c", (LEFT,), lets, 30.0, follow_up="complete"), Events.of(frame(rows)))
    assert found.outcome.tolist() == [1]


def test_texts_and_bounds() -> None:
    rows = [Event("p", 1, 1, "OUT"), Event("p", 2, 2, "X", 5.0, "1", "red"), Event("p", 3, 3, "X", 6.0, "1", "blue")]
    for clause, hours in (
        (Clause(("X",), texts=("blue",)), 2), (Clause(("X",), above=5, unit="1"), 2),
        (Clause(("X",), below=6, unit="1"), 1),
        (Clause(("X",), above=4, below=5.5, unit="1"), 1), (Clause(("X",), above=6, unit="1"), 30),
    ):  # fmt: skip
        one = Cohort("c", "c", (LEFT,), Outcome("x", "x", (clause,)), 30.0, follow_up="complete")
        assert label_events(one, Events.of(frame(rows))).hours.tolist() == [hours]


def test_a_unit_that_differs_is_refused_with_its_number() -> None:
    clause = Clause(("X",), above=5, unit="mg/dL")
    one = Cohort("c", "c", (LEFT,), Outcome("x", "x", (clause,)), 30.0)
    rows = [Event("p", 1, 1, "OUT"), Event("p", 2, 2, "X", 5.0, "mm[Hg]"), Event("q", 2, 2, "X", 5.0, "mm[Hg]")]
    with pytest.raises(DataError, match=r"a unit of X differs; got 2 rows in mm\[Hg\]"):
        label_events(one, Events.of(frame(rows)))


def test_a_label_after_the_end_is_refused_with_its_number() -> None:
    late = Contradiction("in after death", (ADMITTED,), (DIED,))
    one = Cohort("c", "c", (LEFT,), READMITTED, 30.0, contradictions=(late,))
    rows = [Event("p", 1, 1, "OUT"), Event("p", 2, 2, "MEDS_DEATH"), Event("p", 3, 3, "IN"), Event("p", 4, 4, "IN")]
    with pytest.raises(DataError, match="in after death; got 2 rows of 1 subjects"):
        label_events(one, Events.of(frame([*rows, Event("q", 1, 1, "OUT")])))
    assert len(label_events(one, Events.of(frame(rows[:2]))).moments) == 0


def test_units_between_sites() -> None:
    draw = np.random.default_rng(0)

    def rows(site: str, unit: str, scale: float) -> list[Event]:
        return [Event(f"{site}{k}", 1, 1, "GLU", float(scale * draw.normal(100, 10)), unit) for k in range(40)]

    ours = [*rows("a", "mg/dL", 1), *rows("b", "mg/dL", 1)]
    site_of = {one.subject_id: one.subject_id[0] for one in [*ours, *rows("c", "", 1)]}
    assert check_units(Events.of(frame(ours)), site_of) == ()
    with pytest.raises(
        DataError, match=r"GLU differs between sites; got a: 40 rows in mg/dL, b: 40 .*, c: 40 rows in mmol/L"
    ):
        check_units(Events.of(frame([*ours, *rows("c", "mmol/L", 1 / 18)])), site_of)
    (doubt,) = check_units(Events.of(frame([*ours, *rows("c", "mg/dL", 1 / 18)])), site_of)
    assert (doubt.code, doubt.site, doubt.unit, doubt.rows) == ("GLU", "c", "mg/dL", 40)
    assert doubt.elsewhere / doubt.median == pytest.approx(18, rel=0.1)
    with pytest.raises(DataError, match="subjects of no site; got 40 rows"):
        check_units(Events.of(frame(ours)), {one: site for one, site in site_of.items() if site == "a"})


@pytest.mark.parametrize("name", cohort_names())
def test_definitions_that_come_along_are_read(name: str) -> None:
    one = read_cohort(name)
    assert one.name == name
    assert one.target.events[1] == one.label.name
    assert one.target.horizon.startswith("P")


GOOD = """
name = "c"
title = "c"
horizon = "30 d"
follow_up = "complete"
[codes]
stay = ["IN", "STAY"]
[index]
any = [{ codes = ["OUT"] }]
[label]
name = "in"
any = [{ codes = ["@stay", "X"], above = 3, unit = "1" }]
[[exclude]]
name = "already"
any = "label"
within = "2 d"
"""


def test_a_file_says_what_it_means(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(GOOD)
    clause = Clause(("IN", "STAY", "X"), above=3, unit="1")
    expected = Cohort(
        "c", "c", (Clause(("OUT",)),), Outcome("in", "in", (clause,)), 720.0,
        exclude=(Condition("already", (clause,), 48.0),), follow_up="complete",
    )  # fmt: skip
    assert read_cohort(tmp_path / "c.toml") == expected
    assert expected.target.horizon == "P30D"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[codes]", "[codes", "not TOML"),
        ('horizon = "30 d"', "", "lacks a key; got no 'horizon'"),
        ('horizon = "30 d"', 'horizon = "-1 d"', "looks backwards"),
        ('horizon = "30 d"', 'horizon = "30 d"\nhorizn = 1', "unknown keys; got horizn"),
        ("@stay", "@stays", "no such list of codes; got @stays"),
        (', unit = "1"', "", "bounds a value without unit"),
        ('unit = "1"', 'units = "1"', "clause: unknown keys"),
        ('follow_up = "complete"', 'follow_up = "some"', "follow-up"),
        ('any = [{ codes = ["OUT"] }]', "any = [{ codes = [] }]", "no codes"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_cohort(tmp_path / "c.toml")


def test_no_such_cohort() -> None:
    with pytest.raises(UnknownNameError, match="icu2012_death"):
        read_cohort("icu")
