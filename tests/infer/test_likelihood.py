"""Residual error forms against scipy's distributions, and their derivatives against finite differences."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from vitruvian.infer.likelihood import deviance, record_terms
from vitruvian.infer.observation import cumulative, draw_level, log_density
from vitruvian.model import Output, ResidualError

F = np.array([0.3, 1.0, 5.0, 40.0])
Y = np.array([0.5, 0.9, 7.0, 31.0])
SD = {
    ResidualError("additive", additive=0.7): np.full(4, 0.7),
    ResidualError("proportional", proportional=0.2): 0.2 * F,
    ResidualError("combined_sum", additive=0.7, proportional=0.2): 0.7 + 0.2 * F,
    ResidualError("combined_squares", additive=0.7, proportional=0.2): np.sqrt(0.49 + 0.04 * F**2),
}
LOG = ResidualError("log", additive=0.3)
FORMS = pytest.mark.parametrize("error", [*SD, LOG], ids=lambda e: e.form)


@FORMS
def test_deviance_and_density_are_those_of_the_distribution(error):
    no = np.zeros(4, bool)
    value = np.asarray(deviance(error, F, Y, no, np.zeros(4)))
    if error.form == "log":
        np.testing.assert_allclose(value, -2 * stats.norm.logpdf(np.log(Y), np.log(F), 0.3) - np.log(2 * np.pi))
        np.testing.assert_allclose(log_density(error, F, Y), stats.lognorm.logpdf(Y, 0.3, scale=F))
        np.testing.assert_allclose(cumulative(error, F, Y), stats.lognorm.cdf(Y, 0.3, scale=F))
    else:
        np.testing.assert_allclose(value, -2 * stats.norm.logpdf(Y, F, SD[error]) - np.log(2 * np.pi))
        np.testing.assert_allclose(log_density(error, F, Y), stats.norm.logpdf(Y, F, SD[error]))
        np.testing.assert_allclose(cumulative(error, F, Y), stats.norm.cdf(Y, F, SD[error]))


@FORMS
def test_censored_deviance_is_the_tail_also_far_out(error):
    limit = np.array([0.1, 0.2, 0.5, 1.0])
    value = np.asarray(deviance(error, F, np.full(4, np.nan), np.ones(4, bool), limit))
    if error.form == "log":
        expected = -2 * stats.norm.logcdf(np.log(limit), np.log(F), 0.3)
    else:
        expected = -2 * stats.norm.logcdf(limit, F, SD[error])
    np.testing.assert_allclose(value, expected, rtol=1e-10)
    assert np.isfinite(value).all()


@FORMS
def test_derivatives_are_finite_differences(error):
    outputs = (Output("c", "mg/L", error),)
    censored = np.array([False, True, False, False])
    o = SimpleNamespace(
        mask=np.array([True, True, True, False]),
        dv=np.where(censored, np.nan, Y),
        output=np.zeros(4, int),
        censored=censored,
        limit=np.full(4, 0.8),
    )
    terms = record_terms(outputs, o, F)
    h = 1e-5 * F
    up, down = record_terms(outputs, o, F + h), record_terms(outputs, o, F - h)
    np.testing.assert_allclose(terms.slope, (up.value - down.value) / (2 * h), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(terms.curvature, (up.slope - down.slope) / (2 * h), rtol=1e-6, atol=1e-8)
    assert terms.value[3] == terms.slope[3] == terms.curvature[3] == terms.weight[3] == 0
    if error.form != "log":
        # expected half-curvature over data is the Gauss–Newton weight (Fisher information of a normal)
        v, dv = SD[error][0] ** 2, (SD[error][0] ** 2 - _variance(error, F[0] - 1e-6)) / 1e-6
        np.testing.assert_allclose(terms.weight[0], 1 / v + 0.5 * (dv / v) ** 2, rtol=1e-4)


def _variance(error, f):
    a, b = error.additive, error.proportional
    return (a + b * f) ** 2 if error.form == "combined_sum" else a**2 + (b * f) ** 2


@FORMS
def test_drawn_levels_have_the_distribution(error):
    drawn = draw_level(error, np.full(4000, 5.0), np.random.default_rng(1).standard_normal(4000))
    assert stats.kstest(cumulative(error, 5.0, drawn), "uniform").pvalue > 1e-3
