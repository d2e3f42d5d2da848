"""Unknown genotype and several models: weights against direct summation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from infer_cases import ONE_ORAL, RUN001, WEIGHTED, Grid, person, proportional_log_likelihood, run001

from vitruvian.core import DataError
from vitruvian.infer import average, mixture, posterior
from vitruvian.model import Parameter, compile_events


@pytest.fixture(scope="module")
def genotype():
    dose, times, levels = RUN001["1"]

    def table(carrier):
        return compile_events(
            WEIGHTED, [person("1", [(0.0, dose, 0.0)], times, levels, cmt=1, covariates={"CARRIER": carrier})]
        )

    tables = {"wild type": table(0.0), "carrier": table(1.0)}
    return mixture(WEIGHTED, tables, {"wild type": 0.7, "carrier": 0.3}, draws=4000, seed=1, method="importance")


def test_genotype_weights_are_prior_times_marginal_likelihood(genotype):
    likelihood = proportional_log_likelihood(*RUN001["1"])
    wild, carrier = Grid(likelihood, points=101), Grid(likelihood, points=101, typical=(8.0, 70.0, 1.0))
    odds = 0.3 / 0.7 * np.exp(carrier.log_marginal - wild.log_marginal)
    assert genotype.weight[0, 1] == pytest.approx(odds / (1 + odds), abs=0.02)
    # clearance was high: the levels make a carrier more likely than in the population
    assert genotype.weight[0, 1] > 0.3


def test_pooled_moments_and_draws_agree(genotype):
    cl = [4.0 * (1 + c) * np.exp(p.eta[:, :, 0]) for c, p in enumerate(genotype.parts)]
    part, index = genotype.choose(1, 8000)
    drawn = np.where(part == 0, cl[0][0][index], cl[1][0][index])[0]
    assert drawn.mean() == pytest.approx(genotype.mean(cl)[0], rel=0.01)
    assert drawn.std() == pytest.approx(genotype.sd(cl)[0], rel=0.05)
    np.testing.assert_allclose(
        np.quantile(drawn, [0.05, 0.5, 0.95]), genotype.quantile(cl, [0.05, 0.5, 0.95])[0], rtol=0.03
    )
    assert 0 < genotype.between_sd(cl)[0] < genotype.sd(cl)[0]


def test_models_are_weighed_by_how_well_they_explain_the_levels():
    other = type(ONE_ORAL)()
    other.parameters = (Parameter("CL", 40.0, "L/h"), *ONE_ORAL.parameters[1:])
    people = run001("1")
    a, b = (posterior(m, compile_events(m, people), draws=2000, seed=1, method="importance") for m in (ONE_ORAL, other))
    for by in ("marginal", "ofv"):
        found = average([a, b], by=by)
        assert found.weight[0, 0] > 0.9
        np.testing.assert_allclose(found.prior_weight, 0.5)
    shared = average([a, a], [1, 3])
    np.testing.assert_allclose(shared.weight[0], [0.25, 0.75])
    assert shared.between_sd([a.eta, a.eta]).max() == pytest.approx(0, abs=1e-12)


def test_alternatives_that_do_not_fit_together_are_refused(genotype):
    a = genotype.parts[0]
    other = replace(a, estimate=replace(a.estimate, ids=("2",)))
    with pytest.raises(DataError, match="same people"):
        average([a, other])
    with pytest.raises(DataError, match="weights"):
        average([a, a], [0, 0])
    with pytest.raises(DataError, match="frequency"):
        mixture(WEIGHTED, {"x": a.table}, {"y": 1.0}, seed=1)
