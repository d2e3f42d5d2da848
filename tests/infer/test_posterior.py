"""Posteriors against direct summation over a grid, and the promises of their draws."""

from __future__ import annotations

import numpy as np
import pytest
from infer_cases import ONE_ORAL, RUN001, Grid, person, proportional_log_likelihood, run001
from scipy import stats

from vitruvian.core import InputError
from vitruvian.infer import importance, map_estimate, posterior
from vitruvian.infer.psis import effective_size, fit_pareto, smooth
from vitruvian.model import compile_events

Q = (0.05, 0.5, 0.95)


@pytest.fixture(scope="module")
def table():
    return compile_events(ONE_ORAL, run001("1", "2", "5"))


@pytest.fixture(scope="module")
def exact():
    return [Grid(proportional_log_likelihood(*RUN001[i])) for i in ("1", "2", "5")]


@pytest.fixture(scope="module")
def fine(table):
    return posterior(ONE_ORAL, table, draws=20_000, seed=1, method="importance")


def test_quantiles_are_exact_where_the_gaussian_fails(fine, exact):
    """Sparse proportional-error data. The sheet's NUTS gives CL 4.22/5.69/6.80 (id 1) and 1.81/3.12/4.24 (id 2);
    summation over a grid gives 4.17/5.64/6.84 and 2.10/3.17/4.24, which is what is asked for here."""
    for n, grid in enumerate(exact):
        for eta in range(3):
            found = fine.quantile(fine.eta[:, :, eta], Q)[n]
            # Monte-Carlo error of a 5 % quantile at about 10,000 effective draws: 0.02 posterior SD in the tails
            np.testing.assert_allclose(found, grid.quantile(eta, Q), rtol=0, atol=0.035)
    cl = 4.0 * np.exp(fine.quantile(fine.eta[:, :, 0], Q))
    np.testing.assert_allclose(cl[0], [4.22, 5.69, 6.80], rtol=0.03)
    np.testing.assert_allclose(cl[1, 1:], [3.12, 4.24], rtol=0.03)
    laplace = fine.estimate.eta[1, 0] + 1.645 * fine.estimate.standard_error[1, 0] * np.array([-1, 0, 1])
    assert abs(4 * np.exp(laplace[0]) - 2.10) > 0.3
    assert fine.reliable.all()


def test_marginal_likelihood_is_the_integral(fine, exact):
    np.testing.assert_allclose(fine.log_marginal, [g.log_marginal for g in exact], rtol=0, atol=0.02)


def test_nuts_agrees_with_the_grid(table, exact):
    one = compile_events(ONE_ORAL, run001("2"))
    found = posterior(ONE_ORAL, one, draws=2000, seed=2, method="nuts")
    assert found.method == ("nuts",)
    assert found.ess[0] > 300
    np.testing.assert_allclose(found.quantile(found.eta[:, :, 0], Q)[0], exact[1].quantile(0, Q), rtol=0, atol=0.1)


def test_same_seed_same_draws_whoever_else_is_there(table):
    together = posterior(ONE_ORAL, table, draws=400, seed=5)
    alone = posterior(ONE_ORAL, compile_events(ONE_ORAL, run001("5")), draws=400, seed=5)
    np.testing.assert_allclose(alone.eta[0], together.eta[2], rtol=0, atol=1e-8)
    np.testing.assert_allclose(alone.log_weight[0], together.log_weight[2], rtol=0, atol=1e-6)
    other = posterior(ONE_ORAL, table, draws=400, seed=6)
    assert np.abs(other.eta - together.eta).max() > 0.1


def test_without_data_the_draws_are_the_prior():
    bare = person("0", [(0.0, 100.0, 0.0)], (5.0,), [np.nan], cmt=1)
    found = posterior(ONE_ORAL, compile_events(ONE_ORAL, [bare]), draws=4000, seed=1)
    assert found.method == ("prior",)
    assert found.log_marginal[0] == 0.0
    np.testing.assert_allclose(found.ess, 4000)
    for k in range(3):
        assert stats.kstest(found.eta[0, :, k], "norm", args=(0, 0.2**0.5)).pvalue > 1e-3


def test_resampled_draws_have_the_weighted_moments(fine):
    drawn = fine.resample(3, 20_000)
    np.testing.assert_allclose(drawn.mean(axis=1), fine.mean(fine.eta), atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=1), fine.sd(fine.eta), atol=0.01)
    np.testing.assert_allclose(fine.probability(fine.eta > -np.inf), 1.0)


def test_a_proposal_in_the_wrong_place_is_noticed_and_mended(table):
    """The estimate is moved and made too narrow: weights degenerate, and the adapted proposal recovers."""
    from dataclasses import replace

    from vitruvian.infer.importance import adapt

    good = map_estimate(ONE_ORAL, table, covariance="exact")
    bad = replace(good, eta=good.eta + 1.5, exact=good.exact * 0.02)
    first = importance(ONE_ORAL, table, bad, draws=1000, seed=1)
    assert not first.reliable.any()
    better = adapt(first, seed=1)
    assert (better.ess >= first.ess).all()
    assert (better.ess[[0, 2]] > 10 * first.ess[[0, 2]]).all()
    assert better.method[0] == better.method[2] == "adapted importance"


def test_pareto_fit_finds_the_shape():
    generator = np.random.default_rng(4)
    for shape in (0.2, 0.5, 0.9):
        sample = np.sort(stats.genpareto.rvs(shape, scale=2.0, size=(20, 2000), random_state=generator), axis=1)
        k, scale = fit_pareto(sample)
        assert np.abs(k.mean() - shape) < 0.03
        assert np.abs(scale.mean() - 2.0) < 0.1


def test_smoothed_weights_are_normalised_and_flag_heavy_tails():
    generator = np.random.default_rng(2)
    for shape, trusted in ((0.3, True), (1.0, False)):
        # ratios with an exact Pareto tail
        log_weight, k = smooth(-shape * np.log(generator.random((1, 4000))))
        assert np.exp(log_weight).sum() == pytest.approx(1.0)
        assert (k[0] < 0.7) == trusted
    flat, k = smooth(np.zeros((1, 100)))
    assert k[0] == 0
    assert effective_size(flat)[0] == pytest.approx(100)


def test_unknown_method_and_no_draws_are_refused(table):
    with pytest.raises(InputError, match="allowed"):
        posterior(ONE_ORAL, table, seed=1, method="guess")
    with pytest.raises(InputError):
        posterior(ONE_ORAL, table, seed=1, draws=0)
