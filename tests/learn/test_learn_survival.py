"""Time to events, against other packages, closed forms, loops by hand, and people whose hazards are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from survival_people import at_once, changing

from vitruvian.core import DataError, InputError, SolveError
from vitruvian.learn import Feature, Rows, load_kept, save
from vitruvian.learn.survival import (
    Spells,
    aalen_johansen,
    brier_over_time,
    calibration_over_time,
    concordance,
    fit_cox,
    fit_hazards,
    incidence_by_cox,
    periods,
    spells_of,
)

PEERS = json.loads(Path(__file__).with_name("survival_peers.json").read_text())
HORIZONS = np.array([2.0, 5.0, 8.0])
EVENTS = ("none", "death", "other")


def named(*names: str) -> tuple[Feature, ...]:
    return tuple(Feature(one, one) for one in names)


def people(n: int, seed: int, **more: bool) -> Spells:
    x, time, event = at_once(n, seed, **more)
    return spells_of(Rows(named("a", "b", "c"), x), time, event, EVENTS)


def varying(n: int, seed: int) -> Spells:
    person, start, stop, event, x = changing(n, seed)
    return Spells(named("a", "b"), x, person, start, stop, event)


@pytest.mark.parametrize(("key", "found"), [("cox", people(400, 3)), ("varying", varying(200, 4))])
def test_cox_is_that_of_another_package(key: str, found: Spells) -> None:
    """Ties, and covariates that change with late entry: lifelines 0.30.3 (make_survival_peers.py)."""
    cox, peer = fit_cox(found), PEERS[key]
    np.testing.assert_allclose(cox.coefficients, peer["coefficients"], atol=2e-5)
    np.testing.assert_allclose(cox.standard_errors, peer["errors"], rtol=2e-4)
    assert cox.log_likelihood == pytest.approx(peer["log_likelihood"], abs=1e-6)


def test_cutting_a_spell_changes_nothing() -> None:
    """A person in two pieces with the same values is the same person."""
    whole = people(150, 5)
    half = whole.stop / 2
    parts = (np.repeat(whole.values, 2, 0), np.repeat(whole.person, 2), np.stack([0 * half, half], 1).ravel())
    ends, events = np.stack([half, whole.stop], 1).ravel(), np.stack([0 * whole.event, whole.event], 1).ravel()
    cut = Spells(whole.features, *parts, ends, events, EVENTS)
    one, other = fit_cox(whole), fit_cox(cut)
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-9)
    np.testing.assert_allclose(one.baseline, other.baseline, rtol=1e-9)
    edges = np.arange(13.0)
    assert len(periods(whole, edges).outcome) == len(periods(cut, edges).outcome)
    assert aalen_johansen(cut, HORIZONS) == pytest.approx(aalen_johansen(whole, HORIZONS))


def test_incidence_without_covariates_is_that_of_aalen_and_johansen() -> None:
    fine = people(400, 3, ties=False)
    found = aalen_johansen(fine, HORIZONS)
    np.testing.assert_allclose(found[0], PEERS["johansen"], atol=1e-12)
    slow = [_by_hand(fine, h) for h in HORIZONS]
    np.testing.assert_allclose(found.T, slow, atol=1e-12)


def _by_hand(one: Spells, horizon: float) -> list[float]:
    left, chance = 1.0, [0.0, 0.0]
    for moment in sorted({t for t, e in zip(one.stop, one.event, strict=True) if e and t <= horizon}):
        at_risk = sum(1 for t in one.stop if t >= moment)
        happened = [sum(1 for t, e in zip(one.stop, one.event, strict=True) if t == moment and e == k) for k in (1, 2)]
        chance = [c + left * h / at_risk for c, h in zip(chance, happened, strict=True)]
        left *= 1 - sum(happened) / at_risk
    return chance


def truth(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Chances by constant hazards that compete."""
    first = 0.1 * np.exp(0.7 * values[:, 0] - 0.4 * values[:, 1])
    second = 0.05 * np.exp(0.5 * values[:, 2])
    total = (first + second)[:, None]
    share = np.stack([first, second], 1)[:, :, None] / total[:, None]
    return share * -np.expm1(-total[:, None] * times)


def test_chances_of_competing_events_are_the_true_ones() -> None:
    """From cause-specific Cox models and from discrete hazards, of people with known constant hazards."""
    seen = people(6000, 7, ties=False)
    asked = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0], [-1.0, 1.0, 0.0]])
    by_cox = incidence_by_cox([fit_cox(seen, k) for k in (1, 2)], asked, HORIZONS)
    np.testing.assert_allclose(by_cox, truth(asked, HORIZONS), atol=0.035)
    half = np.arange(0.0, 10.25, 0.5)
    discrete = fit_hazards(periods(seen, half), "known", "Known hazards").incidence(asked)
    np.testing.assert_allclose(discrete[:, :, [3, 9, 15]], truth(asked, HORIZONS), atol=0.04)
    later = incidence_by_cox([fit_cox(seen, k) for k in (1, 2)], asked, HORIZONS[1:], since=2.0)
    np.testing.assert_allclose(later, truth(asked, HORIZONS[1:] - 2.0), atol=0.045)


def test_a_covariate_acts_while_it_lasts() -> None:
    """Discrete hazards see the value of each interval; with the value of day 0 alone its effect is underrated."""
    seen = varying(1500, 8)
    days = np.arange(0.0, 13.0)
    found = fit_hazards(periods(seen, days), "changing", "Changing")
    first = dict(zip(seen.person[::-1], seen.values[::-1], strict=True))
    still = Spells(
        seen.features, np.stack([first[p] for p in seen.person]), seen.person, seen.start, seen.stop, seen.event
    )
    stale = fit_hazards(periods(still, days), "stale", "Stale")
    assert found.weights[0, 1] / found.scale[1] == pytest.approx(0.95, abs=0.12)
    assert stale.weights[0, 1] / stale.scale[1] < 0.75


def test_hazards_are_the_maximum() -> None:
    """The gradient of the penalised likelihood by differences is nought where the fit ends; chances are chances."""
    found = periods(people(300, 9), np.arange(0.0, 13.0, 2.0))
    model = fit_hazards(found, "one", "One", ridge=2.0)

    def loss(weights: np.ndarray) -> float:
        margin = (found.values - model.center) / model.scale @ weights.T + model.baseline.T[found.interval]
        full = np.concatenate([np.zeros((len(margin), 1)), margin], axis=1)
        likelihood = full[np.arange(len(full)), found.outcome] - np.log(np.exp(full).sum(1))
        return float(-likelihood.sum() + (weights**2).sum())

    for k in range(2):
        for j in range(3):
            step = np.zeros((2, 3))
            step[k, j] = 1e-4
            assert (loss(model.weights + step) - loss(model.weights - step)) / 2e-4 == pytest.approx(0.0, abs=1e-2)
    chances = model.incidence(found.values)
    assert (np.diff(chances, axis=2) >= 0).all()
    assert (chances.sum(1) <= 1 + 1e-12).all()


def test_concordance_and_brier_are_those_of_another_package() -> None:
    """scikit-survival 0.28.0 (make_survival_peers.py), the competing event taken as censoring as there."""
    x, time, event = at_once(400, 3, ties=False)
    only = spells_of(Rows(named("a", "b", "c"), x), time, np.where(event == 1, 1, 0), ("none", "death"))
    risk = x @ np.array([0.7, -0.4, 0.0])
    assert concordance(risk, only) == pytest.approx(PEERS["harrell"], abs=1e-12)
    assert concordance(risk, only, weighted=True, until=8.0) == pytest.approx(PEERS["uno"], abs=1e-9)
    chance = np.clip(0.1 + 0.05 * risk[:, None] + 0.05 * HORIZONS, 0, 1)
    np.testing.assert_allclose(brier_over_time(chance, only, HORIZONS), PEERS["brier"], rtol=1e-9)


def test_who_died_otherwise_stays_to_be_compared() -> None:
    one = spells_of(Rows(named("a"), np.zeros((3, 1))), np.array([2.0, 1.0, 3.0]), np.array([1, 2, 0]), EVENTS)
    assert concordance(np.array([0.9, 0.5, 0.1]), one) == 1.0
    assert concordance(np.array([0.3, 0.5, 0.1]), one) == 0.5


def test_true_chances_are_calibrated_and_doubled_ones_are_not() -> None:
    seen = people(1500, 11)
    chance = truth(seen.values, HORIZONS)[:, 0]
    right = calibration_over_time(chance, seen, HORIZONS, draws=100)
    assert len(right) == 15
    inside = [one.observed.low <= one.expected <= one.observed.high for one in right]
    assert sum(inside) >= 12
    double = calibration_over_time(np.clip(2 * chance[:, 1:2], 0, 1), seen, HORIZONS[1:2], draws=100)
    assert sum(one.observed.low <= one.expected <= one.observed.high for one in double) <= 1
    best = concordance(chance[:, 1], seen)
    assert best > concordance(np.random.default_rng(0).permutation(chance[:, 1]), seen) + 0.1


def test_it_is_kept_and_read_back(tmp_path: Path) -> None:
    found = people(200, 12)
    found.values[::7, 1] = np.nan
    model = fit_hazards(periods(found, np.arange(0.0, 13.0, 3.0)), "kept", "Kept")
    again = load_kept(save(model, tmp_path / "model"))
    assert np.array_equal(again.incidence(found.values), model.incidence(found.values))  # type: ignore[attr-defined]


BAD = {
    "backwards": ({"stop": np.array([0.0, 2.0])}, "end before they begin", "1 of 2"),
    "no time": ({"stop": np.array([np.nan, 2.0])}, "without a start or stop", "1 of 2"),
    "overlap": ({"start": np.array([0.0, 0.5])}, "overlap", "1 of 1"),
    "after death": ({"event": np.array([1, 0])}, "after which", "1 of 1"),
    "no such event": ({"event": np.array([0, 5])}, "without a name", "1 of 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_broken_time_is_refused_with_how_many(name: str) -> None:
    change, what, count = BAD[name]
    good = {"start": np.array([0.0, 1.0]), "stop": np.array([1.0, 2.0]), "event": np.array([0, 1])}
    parts = good | change
    with pytest.raises(DataError, match=what) as told:
        Spells(named("a"), np.zeros((2, 1)), np.zeros(2, int), parts["start"], parts["stop"], parts["event"])
    assert count in str(told.value)


def test_what_cannot_be_fitted_is_refused() -> None:
    seen = people(60, 13)
    with pytest.raises(DataError, match="nobody had other"):
        fit_cox(seen.of(seen.event != 2), event=2)
    flat = Spells(
        seen.features, np.c_[seen.values[:, :2], np.ones(60)], seen.person, seen.start, seen.stop, seen.event, EVENTS
    )
    with pytest.raises(DataError, match="same for all"):
        fit_cox(flat)
    told = Spells(
        seen.features[:1], (seen.event == 1)[:, None] * 1.0, seen.person, seen.start, seen.stop, seen.event, EVENTS
    )
    with pytest.raises(SolveError, match="settle"):
        fit_cox(told)
    gone = Spells(seen.features, np.full((60, 3), np.nan), seen.person, seen.start, seen.stop, seen.event, EVENTS)
    with pytest.raises(DataError, match="60 of 60"):
        fit_cox(gone)
    with pytest.raises(DataError, match="missing for all"):
        fit_hazards(periods(gone, np.arange(13.0)), "x", "x")
    with pytest.raises(InputError, match="knows nothing"):
        incidence_by_cox([fit_cox(seen)], seen.values, np.array([99.0]))
    with pytest.raises(DataError, match="other people or times"):
        brier_over_time(seen.values, seen, HORIZONS[:1])
    with pytest.raises(InputError, match="edges"):
        periods(seen, np.array([0.0, 0.0]))
