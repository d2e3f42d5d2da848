"""The leakage test finds nothing in what is clean, and what was planted in what is not."""

from __future__ import annotations

import numpy as np
import pytest
from made_events import Event, frame

from vitruvian.core import DataError
from vitruvian.learn import Feature, Rows
from vitruvian.study.cohorts import Clause, Cohort, Labelled, Outcome, label_events
from vitruvian.study.events import Events, Moments
from vitruvian.study.features import Recipe, Variable, Window, features_of, future_features, leakage

COHORT = Cohort(
    "c", "c", (Clause(("IN",)),), Outcome("bad", "Bad", (Clause(("BAD",)),)), 100.0, 24.0, follow_up="complete"
)
LAB = Variable("lab", ("LAB",), {"ever": ("mean", "last", "n")}, unit="1")
HONEST = Recipe("r", "r", (Window("ever"),), (LAB,))


@pytest.fixture(scope="module")
def events() -> Events:
    """400 people, a value that tells something of a bad end, a note of it, and the same note filed too early."""
    draw, rows = np.random.default_rng(3), []
    for k in range(400):
        bad, who = k % 4 == 0, f"p{k:03}"
        rows += [Event(who, 0, 0, "IN"), Event(who, 200, 200, "SEEN")]
        for hour in (3, 9, 20):
            rows.append(Event(who, hour, hour, "LAB", float(draw.normal(bad, 1.0)), "1"))
        if bad:
            rows += [Event(who, 60, 60, "BAD"), Event(who, 1, 60, "NOTE"), Event(who, 1, 1, "CODED EARLY")]
    return Events.of(frame(rows))


@pytest.fixture(scope="module")
def labelled(events: Events) -> Labelled:
    return label_events(COHORT, events)


def test_honest_features_are_clean(events: Events, labelled: Labelled) -> None:
    found = leakage(HONEST, events, labelled, shift_h=25)
    assert found.clean
    assert found.auroc > 0.75
    assert found.shuffled_is_chance
    assert found.shifted == (0.5, pytest.approx(0.033, abs=0.001))
    assert found.shifted_is_chance
    assert (found.future, found.too_good, found.remains) == ((), (), ())
    assert "chance" in str(found)
    assert str(found).endswith("none")


def test_a_function_that_sees_the_future_is_caught_by_name(events: Events, labelled: Labelled) -> None:
    def planted(of: Events, moments: Moments) -> Rows:
        """The recipe's features, and one that counts what is noted after the moment."""
        rows = features_of(HONEST, of, moments).rows
        (noted,) = of.frames(("subject_id", "code"))
        has = set(noted.filter(code="NOTE")["subject_id"])
        column = [float(who in has) for who in moments.subject]
        return Rows((*rows.features, Feature("noted", "Noted")), np.column_stack([rows.values, column]), rows.ids)

    assert future_features(planted, events, labelled.moments) == ("noted",)
    found = leakage(planted, events, labelled, shift_h=25)
    assert (found.future, found.too_good) == (("noted",), ("noted",))
    assert not found.clean
    assert "see the future: noted" in str(found)


def test_a_note_known_late_is_no_leak_and_one_filed_early_is_too_good(events: Events, labelled: Labelled) -> None:
    late = Recipe("r", "r", (Window("ever"),), (LAB, Variable("note", ("NOTE",), {"ever": ("n",)})))
    assert leakage(late, events, labelled, shift_h=25).clean
    early = Recipe("r", "r", (Window("ever"),), (LAB, Variable("early", ("CODED EARLY",), {"ever": ("n",)})))
    found = leakage(early, events, labelled, shift_h=20)
    assert found.future == ()
    assert found.too_good == ("early_n_ever",)
    assert not found.shifted_is_chance
    assert "early_n_ever" in found.remains
    assert not found.clean


def test_a_label_that_everybody_has_is_refused(events: Events) -> None:
    everybody = Cohort(
        "c", "c", COHORT.index, Outcome("seen", "Seen", (Clause(("SEEN",)),)), 500.0, follow_up="complete"
    )
    with pytest.raises(DataError, match="everybody or nobody has the label; got 400 of 400"):
        leakage(HONEST, events, label_events(everybody, events), shift_h=1)
