"""Evidence → posterior → forecast: what levels teach, what interactions and genes do, which model is believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from twin_cases import DRAWS, FOUR, GOTI, NEVER, THOMSON, TIMES, case, fits, simulated, twin

from vitruvian.core import InputError, RefusalError
from vitruvian.model.schedule import infusion
from vitruvian.pharmacology.modifiers import Modifier
from vitruvian.twin import Alternative, Candidate, Effect, Twin
from vitruvian.twin.draws import value_at

GRAM = Candidate(1000, "mg", 12.0, "iv", 1.0)
HALVED = Modifier("interaction", float(np.log(0.5)), 1e-6, "a test")


def clearance(calibrated: Twin) -> np.ndarray:
    return fits(calibrated)[0].draws.individual(calibrated.case.now)["CL"]


def prior_clearance(calibrated: Twin) -> np.ndarray:
    return fits(calibrated)[0].prior.individual(calibrated.case.now)["CL"]


# -- levels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "eta",
    [
        (0.5, 0.3, 0.0),
        pytest.param((-0.5, -0.4, 0.2), marks=pytest.mark.slow),
        pytest.param((0.0, 0.0, 0.0), marks=pytest.mark.slow),
    ],
)
def test_the_posterior_covers_the_truth_and_is_narrower_than_the_prior(eta):
    found = twin(simulated(eta))
    truth = 4.5 * (65 / 120) ** 0.8 * np.exp(eta[0])
    low, high = np.quantile(clearance(found), [0.025, 0.975])
    assert low < truth < high
    assert np.std(np.log(clearance(found))) < 0.95 * np.std(np.log(prior_clearance(found)))
    moved = np.log(np.median(clearance(found)) / np.median(prior_clearance(found)))
    assert moved * eta[0] > 0 or abs(moved) < 0.2


def test_without_levels_the_posterior_is_the_prior():
    found = twin(case())
    assert np.median(clearance(found)) == pytest.approx(4.5 * (65 / 120) ** 0.8, rel=0.08)
    assert np.std(np.log(clearance(found))) == pytest.approx(np.sqrt(0.147), rel=0.12)
    assert fits(found)[0].checks == ()
    assert fits(found)[0].p_value is None
    answer = found.recommend()
    assert answer.levels == answer.learned == ()
    assert "no level has been measured" in answer.would_be_wrong_if[0]


def test_higher_levels_lower_the_exact_dose():
    base = simulated((0.0, 0.0, 0.0))
    doses = [
        twin(replace(base, levels=tuple(replace(v, value=v.value * f) for v in base.levels))).exact_dose(GRAM)
        for f in (0.6, 1.0, 1.6)
    ]
    assert (np.diff(doses) < 0).all()


def test_the_order_in_which_levels_are_written_does_not_matter():
    base = simulated((0.3, 0.1, 0.0))
    one, other = twin(base), twin(replace(base, levels=base.levels[::-1]))
    np.testing.assert_array_equal(clearance(one), clearance(other))
    assert [c.time for c in fits(other)[0].checks] == sorted(TIMES)


def test_a_level_below_the_limit_is_not_a_level_at_the_limit():
    """ "< 5 mg/L" says that it may be anything below: clearance is believed higher than from a measured 5 mg/L."""
    at, below = (
        replace(case(), levels=tuple(replace(v, censored=c) for v in case([(47.5, 5.0)]).levels)) for c in (False, True)
    )
    assert np.median(clearance(twin(below))) > np.median(clearance(twin(at)))


def test_the_same_seed_gives_the_same_answer_and_another_seed_nearly_so():
    base = simulated((0.3, 0.1, 0.0))
    one, same, other = twin(base), twin(base), twin(base, seed=5)
    assert one.recommend().to_dict() == same.recommend().to_dict()
    assert not np.array_equal(clearance(one), clearance(other))
    assert one.exact_dose(GRAM) == pytest.approx(other.exact_dose(GRAM), rel=0.1)


def test_calibration_is_needed_and_said():
    with pytest.raises(InputError, match="calibrate"):
        Twin(case()).exact_dose(GRAM)


# -- forecasts -----------------------------------------------------------------------------------------------------


def test_options_forecast_together_are_as_forecast_alone():
    found = twin(simulated((0.3, 0.1, 0.0)))
    options = [replace(GRAM, amount=a) for a in (500.0, 750.0, 1000.0)]
    together = found.compare(options).options
    for k in (0, 2):
        alone = found.compare([options[k], GRAM]).options[0]
        assert alone.metric.median == pytest.approx(together[k].metric.median, rel=1e-10)
        assert alone.p_target == together[k].p_target


def test_a_forecast_goes_on_from_the_past():
    """Doses given so far are in the forecast: without new doses the curve falls, from what is there."""
    found = twin(simulated((0.0, 0.0, 0.0)))
    band = found.forecast(NEVER, hours=48.0)
    assert band.time_h[0] == 0.0
    assert band.unit == "mg/L"
    assert (np.diff(band.q50) < 0).all()
    assert all(a <= b <= c for a, b, c in zip(band.q05, band.q50, band.q95, strict=True))
    more = found.forecast(infusion("vancomycin", 1000, "mg", over=1, every=12), hours=48.0)
    # at the first moment no new dose has acted: the two are one number, to the last digit but one
    assert all(m >= b * (1 - 1e-14) for m, b in zip(more.q50, band.q50, strict=True))
    assert all(m > b for m, b in zip(more.q50[1:], band.q50[1:], strict=True))


# -- interactions --------------------------------------------------------------------------------------------------


def test_half_the_clearance_is_half_the_exact_dose():
    plain = case(given=NEVER, now=0.0)
    halved = twin(replace(plain, effects=(Effect(HALVED, 1.0),)))
    gone = twin(replace(plain, effects=(Effect(HALVED, 0.0),)))
    whole = twin(plain).exact_dose(GRAM)
    # draws differ (one more random effect), so that the medians differ by their own error
    assert gone.exact_dose(GRAM) == pytest.approx(whole, rel=0.1)
    assert halved.exact_dose(GRAM) == pytest.approx(0.5 * gone.exact_dose(GRAM), rel=2e-4)


def test_an_interaction_that_has_ended_is_no_part_of_the_future():
    levels = simulated((0.0, 0.0, 0.0)).levels
    before = twin(replace(case(), levels=levels, effects=(Effect(HALVED, ((0.0, 50.0), (1.0, 0.0))),)))
    during = twin(replace(case(), levels=levels, effects=(Effect(HALVED, 1.0),)))
    # the levels were made without an interaction: who had one at the time must clear more without it
    assert before.exact_dose(GRAM) > 1.5 * during.exact_dose(GRAM)
    assert value_at(((0.0, 50.0), (1.0, 0.0)), 60.0) == 0.0


def test_levels_teach_the_size_of_an_interaction():
    unsure = replace(HALVED, log_sd=0.5)
    levels = simulated((0.0, 0.0, 0.0)).levels  # clearance is typical: the interaction does less than was thought
    found = twin(replace(case(), levels=levels, effects=(Effect(unsure, 1.0),)))
    z = fits(found)[0].draws.eta[:, -1]
    assert np.median(z) > 0.2


# -- what is not known of the person -------------------------------------------------------------------------------


def test_levels_move_the_weights_towards_the_true_alternative():
    """Unknown whether on dialysis (clearance x0.7, volume x0.5): levels of either kind of person tell."""
    unknown = (Alternative("no", 0.7, {"DIALYSIS": 0.0}), Alternative("yes", 0.3, {"DIALYSIS": 1.0}))

    def weight(truth: float | None) -> float:
        base = case() if truth is None else simulated((0.0, 0.0, 0.0), DIALYSIS=truth)
        covariates = {n: v for n, v in base.covariates.items() if n != "DIALYSIS"}
        found = twin(replace(base, covariates=covariates, alternatives=unknown))
        fit = fits(found)[0]
        assert fit.mixture.weight[0].sum() == pytest.approx(1.0)
        assert np.mean(fit.draws.alternative == 1) == pytest.approx(fit.mixture.weight[0, 1], abs=0.1)
        return float(fit.mixture.weight[0, 1])

    assert weight(None) == pytest.approx(0.3)
    assert weight(0.0) < 0.28
    assert weight(1.0) > 0.33


# -- several models ------------------------------------------------------------------------------------------------


def test_models_are_equal_before_any_level_and_the_one_that_explains_more_gains():
    before = fits(twin(case(), GOTI, THOMSON))
    assert [f.weight for f in before] == pytest.approx([0.5, 0.5])
    far = (0.0, 1.4, 0.0)  # a volume four times the typical: within Goti's spread (82 %), not within Thomson's (15 %)
    after = fits(twin(simulated(far), GOTI, THOMSON))
    assert sum(f.weight for f in after) == pytest.approx(1.0)
    assert after[0].weight > 0.9
    assert sum(f.draws.eta.shape[0] for f in after) == 2 * DRAWS


def test_pooled_probabilities_lie_between_those_of_the_models():
    answer = twin(simulated((0.0, 0.0, 0.0)), GOTI, THOMSON).recommend()
    for o in answer.options:
        own = [p for p, _ in o.per_model.values()]
        assert min(own) - 1e-9 <= o.p_target <= max(own) + 1e-9
    assert [m.weight for m in answer.models] == sorted((m.weight for m in answer.models), reverse=True)
    assert answer.spread.startswith("2 published models")


def test_a_model_that_may_not_be_used_is_left_out_and_named():
    found = twin(case(CRCL=300.0), GOTI, THOMSON)  # above 250, where Thomson's model ends
    assert [f.model.name for f in fits(found)] == [GOTI.name]
    assert any(m.severity == "note" and "left out" in m.text and THOMSON.title in m.text for m in found.messages)
    with pytest.raises(RefusalError, match="creatinine clearance 500 mL/min"):
        twin(case(CRCL=500.0), GOTI, THOMSON)


def test_given_doses_are_what_is_simulated():
    assert FOUR.given(60.0) == [(t, 1000.0, "mg") for t in (0.0, 12.0, 24.0, 36.0)]
