"""Identification, filter, forecasts, advice: derivatives, no word from the future, doses that are always doses."""

from __future__ import annotations

import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from glucose_cases import World

from vitruvian.core import DataError, InputError, to_ms
from vitruvian.twin.glucose import (
    Evidence,
    GlucoseTwin,
    advise,
    advise_activity,
    forecast,
    identify_all,
    past,
    track,
    with_dose,
    with_exercise,
    with_meal,
)
from vitruvian.twin.glucose.caution import STALE, Settings, bounded
from vitruvian.twin.glucose.features import features
from vitruvian.twin.glucose.fitting import Fit, Noise, _step, readings_of
from vitruvian.twin.glucose.identify import _run_in, _seen
from vitruvian.twin.glucose.residual import Cases, corrected, outcome
from vitruvian.twin.glucose.store import packed, unpacked
from vitruvian.twin.glucose.unknowns import PERSON

Few = tuple[World, list[GlucoseTwin]]


def until(twin: GlucoseTwin, last: int) -> GlucoseTwin:
    """The twin as if its window had ended at `last`."""
    meals = int((twin.meals.minute < 5 * last).sum())
    known = type(twin.meals)(*(x[:meals] for x in vars(twin.meals).values()))
    return replace(twin, last=last, meals=known, z=twin.z[:, : len(PERSON) + 3 * meals])


def calm(one: Evidence) -> int:
    """An edge at which glucose is neither low nor falling."""
    g = one.glucose
    edges = np.arange(100, 260)
    level = (g[edges] > 140) & (g[edges] < 200) & (np.abs(g[edges] - g[edges - 4]) < 15)
    return int(edges[level][0])


def test_what_is_learned_and_what_not(few: Few) -> None:
    _, twins = few
    found = {one.name: one for one in twins[0].unknowns}
    assert found["SI"].learned
    assert found["kabs"].learned
    assert not found["uptake"].learned  # nobody wore a heart rate sensor
    assert "uptake" in next(m.text for m in twins[0].messages if m.code == "not-identified")
    assert np.nanstd(twins[0].residual) < 15.0


def test_the_search_climbs_along_the_true_slope(few: Few) -> None:
    _, twins = few
    courses = [one.course() for one in twins]
    course = type(courses[0])(
        *(
            jnp.asarray(np.concatenate([np.asarray(getattr(c, n)) for c in courses], axis=a))
            for n, a in zip(courses[0]._fields, (1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0), strict=True)
        )
    )
    seen = readings_of(np.stack([_run_in(_seen(one.evidence, one.first, one.last)) for one in twins]))
    own = np.zeros((len(twins), len(PERSON)))
    noise = Noise(*(jnp.asarray(np.array([getattr(one, n) for one in twins])) for n in ("sd", "fades")), own, own + 1.0)
    z = np.stack([one.z[0] for one in twins])
    n, p = z.shape

    def at(z: np.ndarray) -> Fit:
        empty = (
            np.full(n, np.inf),
            np.zeros((n, p)),
            np.broadcast_to(np.eye(p), (n, p, p)),
            np.zeros(seen.value.shape),
        )
        nothing = Fit(jnp.asarray(z), *(jnp.asarray(x) for x in empty))
        return _step(nothing, jnp.asarray(np.full(n, 1e-2)), jnp.asarray(z), course, seen, noise)[0]

    towards = np.random.default_rng(0).standard_normal(p) / np.sqrt(p)
    slope = (at(z + 1e-4 * towards).value - at(z - 1e-4 * towards).value) / 2e-4
    np.testing.assert_allclose(slope, at(z).gradient @ towards, rtol=2e-3)


def test_no_word_from_the_future(few: Few) -> None:
    these, twins = few
    whole = these.people[0]
    now = 200
    chance = np.random.default_rng(5)
    arrays = ("glucose", "bolus", "basal", "carbohydrates", "heart_rate", "steps", "long_acting", "speed")
    other = {name: getattr(whole, name).copy() for name in arrays}
    for name, x in other.items():
        later = slice(now + 1, None) if name == "glucose" else slice(now, None)  # a reading at an edge is known there
        x[later] = 3.0 + chance.permutation(x[later])
    shuffled = replace(whole, **other)
    twin = until(twins[0], 150)
    edges = np.array([170, 190, now])
    found = []
    for one in (whole, shuffled):
        tracked = track(twin, one, 160, 240)
        made = forecast(tracked, edges)
        found.append((made.mean, made.quantiles, features(one, edges)))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
    early = forecast(track(twin, whole, 160, 240), np.array([now - 40]))
    assert not np.allclose(early.mean, found[0][0][2:])  # and what is known does count


def test_following_readings_is_better_than_not(few: Few) -> None:
    these, twins = few
    one = these.people[0]
    tracked = track(until(twins[0], 150), one, 160, 240)
    made = forecast(tracked, np.arange(165, 225))
    true = these.glucose[4::5, 0]
    error = np.abs(made.at(30) - true[np.arange(165, 225) + 5])
    assert error.mean() < np.abs(one.glucose[165:225] - true[np.arange(165, 225) + 5]).mean()
    width = made.quantiles[:, :, -1] - made.quantiles[:, :, 0]
    assert (width[:, 23] > width[:, 5]).all()


def test_a_residual_learner_learns_from_the_past_alone(few: Few) -> None:
    one = few[0].people[0]
    edges = np.arange(20, 240)
    plain = features(one, edges)
    now = plain[:, 0]
    wrong = dict.fromkeys((30, 60, 120), now + 40.0)  # a twin that always says: up
    made = Cases(edges, plain, plain, now, wrong, wrong, wrong)
    past, new = made.only(edges < 200), made.only(edges >= 200)
    better = corrected(past, new, one, 200, "ridge")
    came = outcome(one, new.edges, 30)
    ok = np.isfinite(came)
    assert np.abs(better.mean[30] - came)[ok].mean() < 0.7 * np.abs(new.twin[30] - came)[ok].mean()
    later = replace(one, glucose=np.where(np.arange(len(one)) >= 200, 111.0, one.glucose))
    np.testing.assert_array_equal(corrected(past, new, later, 200, "ridge").mean[60], better.mean[60])
    with pytest.raises(InputError, match="own future"):
        corrected(past, made, one, 200, "ridge")


@pytest.fixture(scope="module")
def person(few: Few) -> tuple[GlucoseTwin, Evidence]:
    return few[1][1], few[0].people[1]


def test_a_dose_is_a_dose(person: tuple[GlucoseTwin, Evidence]) -> None:
    twin, one = person
    at = calm(one)
    none, some = (advise(twin, one, at=at, meal=grams) for grams in (0.0, 60.0))
    for found in (none, some):
        assert found.dose is not None
        assert np.isfinite(found.dose)
        assert found.dose % 0.5 == 0
        assert json.loads(found.to_json())["dose"] == found.dose
    assert some.dose is not None
    assert none.dose is not None
    assert some.dose > none.dose
    assert "person decides" in str(some)
    settings = some.settings
    assert settings is not None
    assert some.dose <= settings.largest_bolus


def test_advice_is_refused_with_a_reason(person: tuple[GlucoseTwin, Evidence]) -> None:
    twin, one = person
    gap = np.where(np.arange(len(one)) > 190, np.nan, one.glucose)
    none = np.zeros(len(one))
    for other, code in (
        (replace(one, glucose=gap), "stale"),
        (replace(one, bolus=none, basal=none), "no-insulin"),
    ):
        found = advise(twin, other, at=200, meal=40.0)
        assert found.refused
        assert found.dose is None
        assert code in {m.code for m in found.messages}
        assert "No advice" in str(found)
        assert json.loads(found.to_json())["dose"] is None
    assert advise(replace(twin, sd=30.0), one, at=200).refused
    assert advise_activity(twin, replace(one, glucose=np.full(len(one), 300.0)), at=200, minutes=30).refused
    for grams in (-5.0, 4000.0, float("nan")):
        with pytest.raises(InputError, match="cannot be a meal"):
            advise(twin, one, at=200, meal=grams)
    with pytest.raises(InputError, match="cannot be planned"):
        advise_activity(twin, one, minutes=-10.0)


def test_the_safety_layer_has_the_last_word(person: tuple[GlucoseTwin, Evidence]) -> None:
    _, one = person
    known = Settings(1.0, 10.0, 40.0, 110.0, 45.0, 75.0)
    steady = replace(one, glucose=150.0 + 3.0 * np.sin(np.arange(len(one))), bolus=np.zeros(len(one)))
    assert bounded(known, steady, 200, 4.0, 0.0) == (4.0, [])
    dose, said = bounded(known, steady, 200, 25.0, 0.0)
    assert dose <= 0.4 * 45.0
    assert said
    falling = replace(steady, glucose=200.0 - 2.6 * np.clip(np.arange(len(one)) - 180.0, 0.0, None) * 5.0 / 2.0)
    dose, said = bounded(known, falling, 195, 4.0, 0.0)
    assert dose == 0.0
    assert said
    with pytest.raises(DataError, match="must be a number"):
        bounded(known, steady, 200, float("nan"), 0.0)


@pytest.mark.slow
def test_activity_needs_food(person: tuple[GlucoseTwin, Evidence]) -> None:
    twin, one = person
    found = advise_activity(twin, one, at=200, minutes=60, share=0.9)
    assert found.chosen is not None
    assert found.without is not None
    assert found.chosen.below <= found.without.below


def test_edits_are_refused_where_they_cannot_be(person: tuple[GlucoseTwin, Evidence]) -> None:
    _, one = person
    for broken in (lambda: with_dose(one, 10, -1.0), lambda: with_meal(one, 10, float("nan"))):
        with pytest.raises(InputError):
            broken()
    with pytest.raises(InputError, match="no such step"):
        with_dose(one, len(one), 1.0)
    assert np.nanmax(with_exercise(one, 10, 30, 1.0).heart_rate) > 120.0


def test_a_twin_is_kept_and_found_beside_newer_days(person: tuple[GlucoseTwin, Evidence]) -> None:
    twin, one = person
    again = unpacked(*packed(twin), one)
    np.testing.assert_array_equal(again.z, twin.z)
    assert (again.known, again.first, again.last) == (twin.known, twin.first, twin.last)
    np.testing.assert_array_equal(again.meals.minute, twin.meals.minute)
    with pytest.raises(DataError, match="does not hold"):
        unpacked(*packed(twin), one.part(12, len(one)))


def test_too_little_to_learn_from(few: Few) -> None:
    one = few[0].people[0]
    sparse = replace(one, glucose=np.where(np.arange(len(one)) % 30 == 0, one.glucose, np.nan))
    with pytest.raises(DataError, match="too little glucose"):
        identify_all([sparse], weights=[70.0])
    with pytest.raises(InputError, match="no such window"):
        identify_all([one], 10, 5, weights=[70.0])
    assert len(PERSON) == 22


def test_an_answer_for_a_moment_gone_by_says_so(few: Few) -> None:
    one = few[1][0].evidence
    edge = one.newest
    clock = to_ms(one.moment(edge))
    dated = replace(one, dated=True)
    assert not past(one, edge, clock + 10 * 86_400_000)  # a table's times are no true moments
    assert not past(dated, edge, clock + STALE * 60_000)
    (said,) = past(dated, edge, clock + 10 * 86_400_000)
    assert (said.severity, said.code) == ("warning", "past-moment")
    assert "10 days old" in said.text
