"""What the data taught, which level surprises and why, and where the next one should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from infer_cases import ONE_ORAL, RUN001, one_oral, person, run001
from scipy import stats

from vitruvian.core import DataError
from vitruvian.infer import (
    check_levels,
    explain,
    learned,
    next_level,
    overall_check,
    posterior,
    predict_at,
    predictions,
)
from vitruvian.model import Output, ResidualError, compile_events

DOSE, TIMES, LEVELS = RUN001["1"]


@pytest.fixture(scope="module")
def first():
    return posterior(ONE_ORAL, compile_events(ONE_ORAL, run001("1")), draws=4000, seed=1)


def test_leaving_one_level_out_by_weights_is_refitting_without_it(first):
    check = check_levels(first)[3]
    assert (check.time, check.level) == (24.6, LEVELS[3])
    without = [*LEVELS[:3], np.nan]
    table = compile_events(ONE_ORAL, [person("1", [(0.0, DOSE, 0.0)], TIMES, without, cmt=1)])
    refit = posterior(ONE_ORAL, table, draws=4000, seed=2)
    f = predictions(refit)[0, :, _record(table, 24.6)]
    below = refit.weight[0] @ stats.norm.cdf(LEVELS[3], f, 0.05**0.5 * f)
    assert check.p_others == pytest.approx(2 * min(below, 1 - below), abs=0.05)
    moved = (first.mean(first.eta) - refit.mean(refit.eta))[0] / first.sd(first.eta)[0]
    np.testing.assert_allclose(list(check.shift.values()), moved, atol=0.15)
    assert not check.surprising
    assert "24.6" in str(check)


def test_a_draw_without_weight_does_not_count_whatever_was_predicted_of_it(first):
    weight, lost = first.log_weight.copy(), predictions(first).copy()
    weight[0, 7], lost[0, 7] = -np.inf, np.inf
    near, gone = replace(first, log_weight=weight), replace(first, log_weight=weight, predictions=lost)
    assert overall_check(gone) == pytest.approx(overall_check(near), rel=1e-12)
    for one, other in zip(check_levels(gone), check_levels(near), strict=True):
        assert one.p_others == pytest.approx(other.p_others, rel=1e-9)
        assert one.p_posterior == pytest.approx(other.p_posterior, rel=1e-9)
        assert np.isfinite([one.log_density_others, *one.predicted]).all()


def _record(table, time):
    return int(np.flatnonzero(np.asarray(table.observations.time)[0] == time)[0])


def test_what_was_learned_is_told_per_parameter(first):
    told = {x.name: x for x in learned(first)}
    assert set(told) == {"CL", "VC", "KA"}
    assert told["CL"].typical == pytest.approx(4.0)
    np.testing.assert_allclose(told["CL"].prior, 4.0 * np.exp(0.2**0.5 * stats.norm.ppf([0.05, 0.5, 0.95])), rtol=0.02)
    np.testing.assert_allclose(told["CL"].posterior, [4.17, 5.64, 6.84], rtol=0.04)
    # one level at each phase: clearance is learned, absorption hardly
    assert told["CL"].remaining < 0.5 < told["KA"].remaining < 1.0
    assert "L/h" in str(told["CL"])


def test_good_data_pass_the_overall_check_and_absurd_data_do_not(first):
    assert 0.1 < overall_check(first) < 0.99
    absurd = person("a", [(0.0, DOSE, 0.0)], TIMES, (20.0, 300.0, 10.0, 200.0), cmt=1)
    assert overall_check(posterior(ONE_ORAL, compile_events(ONE_ORAL, [absurd]), draws=1000, seed=1)) < 0.01


def test_a_level_in_another_unit_is_pointed_out_and_explained():
    levels = (LEVELS[0], LEVELS[1], LEVELS[2] * 1000.0, LEVELS[3])
    subject = person("u", [(0.0, DOSE, 0.0)], TIMES, levels, cmt=1)
    found = posterior(ONE_ORAL, compile_events(ONE_ORAL, [subject]), draws=1000, seed=1)
    assert overall_check(found) < 0.01
    best = explain(ONE_ORAL, subject, 3, seed=1)[0]
    assert best.kind == "unit"
    assert "1000 times too high" in best.sentence
    assert best.probability > 0.9


def test_a_dose_not_given_and_a_wrong_time_are_told_apart():
    doses = [(0.0, DOSE, 0.0), (24.0, DOSE, 0.0), (48.0, DOSE, 0.0)]
    times = (6.0, 23.0, 50.0, 54.0)

    def level(t, given):
        return sum(one_oral(DOSE, t - d, 4.0, 70.0, 1.0) for d in given if d < t)

    skipped = [level(t, (0.0, 24.0)) for t in times]
    subject = person("d", doses, times, skipped, cmt=1)
    told = explain(ONE_ORAL, subject, int(np.flatnonzero(subject.time == 54.0)[0]), seed=1)
    assert told[0].kind == "dose not given"
    right = person("r", doses, times, [level(t, (0.0, 24.0, 48.0)) for t in times], cmt=1)
    told = explain(ONE_ORAL, right, int(np.flatnonzero(right.time == 54.0)[0]), seed=1)
    assert told[0].kind == "as recorded"
    assert sum(x.probability for x in told) == pytest.approx(1.0)
    early = [*[level(t, (0.0, 24.0, 48.0)) for t in times[:3]], level(66.0, (0.0, 24.0, 48.0))]
    moved = person("t", doses, times, early, cmt=1)
    kinds = [x.kind for x in explain(ONE_ORAL, moved, int(np.flatnonzero(moved.time == 54.0)[0]), seed=1)]
    assert kinds.index("time") < kinds.index("unit")


def test_a_series_of_doses_is_cut_at_the_one_not_given():
    from vitruvian.infer.explain import _given, _without

    subject = person("s", [(0.0, DOSE, 0.0)], (60.0,), [50.0], cmt=1)
    subject = replace(subject, addl=np.array([5, 0]), ii=np.array([12.0, 0.0]))
    left = [t for t, _, _ in _given(_without(subject, 0, 2))]
    assert left == [0.0, 12.0, 36.0, 48.0, 60.0]
    assert [t for t, _, _ in _given(_without(subject, 0, 0))] == [12.0, 24.0, 36.0, 48.0, 60.0]


def test_only_a_measured_level_can_be_explained():
    with pytest.raises(DataError, match="not a measured level"):
        explain(ONE_ORAL, run001("1")[0], 0)


def test_the_posterior_can_be_pushed_to_other_times(first):
    table = compile_events(ONE_ORAL, [person("1", [(0.0, DOSE, 0.0)], (3.0, 40.0), [np.nan] * 2, cmt=1)])
    found = predict_at(first, table)
    cl, v, ka = (t * np.exp(first.eta[0, :, k]) for k, t in enumerate((4.0, 70.0, 1.0)))
    for t in (3.0, 40.0):
        np.testing.assert_allclose(found[0, :, _record(table, t)], one_oral(DOSE, t, cl, v, ka), rtol=1e-6)
    with pytest.raises(DataError, match="other people"):
        predict_at(first, compile_events(ONE_ORAL, run001("2")))


def test_next_level_reduces_the_variance_as_in_the_linear_case():
    """value = η, prediction h·η with additive error: the remaining variance is exactly 1/(1 + h²/s²)."""
    eta = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    h = np.array([0.0, 0.5, 2.0, 1.0])
    output = Output("c", "mg/L", ResidualError("additive", additive=0.8))
    weight = np.full(4000, 1 / 4000)
    found = next_level(eta, weight, eta[:, None] * h, np.arange(4.0), output, seed=1, outcomes=400, draws=2000)
    np.testing.assert_allclose(found.expected_sd**2, 1 / (1 + h**2 / 0.64), rtol=0.06)
    assert found.time == 2.0
    assert found.reduction == pytest.approx(1 - 1 / (1 + 4 / 0.64), abs=0.03)
    again = next_level(eta, weight, eta[:, None] * h, np.arange(4.0), output, seed=1, outcomes=400, draws=2000)
    np.testing.assert_array_equal(found.expected_sd, again.expected_sd)


def test_next_level_for_clearance_is_late_not_at_the_peak():
    bare = person("n", [(0.0, DOSE, 0.0)], (1.0, 3.0, 8.0, 16.0, 24.0, 36.0), [np.nan] * 6, cmt=1)
    table = compile_events(ONE_ORAL, [bare])
    prior = posterior(ONE_ORAL, table, draws=1000, seed=1)
    exists = np.asarray(table.observations.exists)[0]
    f, times = predictions(prior)[0][:, exists], np.asarray(table.observations.time)[0][exists]
    found = next_level(prior.eta[0, :, 0], prior.weight[0], f, times, ONE_ORAL.outputs[0], seed=1)
    assert found.time >= 16.0
    with pytest.raises(DataError):
        next_level(prior.eta[0, :, 0], prior.weight[0], f[:, :2], times, ONE_ORAL.outputs[0], seed=1)
