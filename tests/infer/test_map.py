"""MAP estimates against NONMEM, Monolix and nlmixr2, and against their own definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from infer_cases import AMIKACIN, METABOLITE, ONE_ORAL, TOBRAMYCIN, one_oral, person, run001
from scipy import stats

from vitruvian.core import DataError, SolveError
from vitruvian.infer import map_estimate
from vitruvian.model import Parameter, ResidualError, Variability, compile_events


@pytest.fixture(scope="module")
def three():
    return map_estimate(ONE_ORAL, compile_events(ONE_ORAL, run001("1", "2", "5")))


def test_etas_and_objective_are_nonmems(three):
    """NONMEM FOCEI post hoc: mapbayr inst/nm001/run001.phi."""
    expected = [
        [0.405058386, 0.0728505976, -0.0749540941],
        [-0.145364976, 0.0240587840, -0.00618814556],
        [-0.356969487, -0.232178765, 0.0860926557],
    ]
    np.testing.assert_allclose(three.eta, expected, rtol=0, atol=5e-7)
    np.testing.assert_allclose(three.ofv, [27.96777, 6.71642, 40.76272], rtol=0, atol=6e-6)
    assert three.converged.all()
    assert (three.gradient_norm < 1e-8).all()


def test_gauss_newton_covariance_is_nonmems_and_the_exact_one_is_named_apart(three):
    np.testing.assert_allclose(np.diag(three.gauss_newton[0]), [1.28120e-2, 2.31664e-2, 1.25253e-1], rtol=1e-5)
    np.testing.assert_allclose(np.diag(three.exact[0]), [1.368e-2, 2.372e-2, 1.322e-1], rtol=5e-4)
    np.testing.assert_allclose(three.gauss_newton[2, 0, 0], 3.496e-2, rtol=5e-4)
    np.testing.assert_allclose(three.exact[2, 0, 0], 2.757e-2, rtol=5e-4)
    assert three.exact_definite.all()
    np.testing.assert_array_equal(three.covariance, three.gauss_newton)


def test_exact_covariance_is_the_finite_difference_of_the_objective(three):
    """The objective written apart, its Hessian by central differences."""
    people = run001("1")[0]
    t, y = people.time[1:], people.dv[1:]

    def objective(eta):
        f = one_oral(10000.0, t, *(np.array([4, 70, 1]) * np.exp(eta)))
        return np.sum(np.log(0.05 * f**2) + (y - f) ** 2 / (0.05 * f**2)) + eta @ eta / 0.2

    np.testing.assert_allclose(objective(three.eta[0]), three.objective[0], rtol=1e-9)
    h, unit = 1e-4, np.eye(3)
    hessian = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            corner = [objective(three.eta[0] + h * (a * unit[i] + b * unit[j])) for a in (1, -1) for b in (1, -1)]
            hessian[i, j] = (corner[0] - corner[1] - corner[2] + corner[3]) / (4 * h * h)
    np.testing.assert_allclose(three.exact[0], np.linalg.inv(0.5 * hessian), rtol=1e-4)


@pytest.mark.parametrize(
    ("model", "dose", "levels", "expected"),
    [
        (TOBRAMYCIN, 500.0, (25.0, 5.5), {"K": 0.12582, "VC": 18.213}),
        (AMIKACIN, 1600.0, (75.0, 32.0), {"CL": 2.6226, "VC": 11.014, "VP": 14.573, "Q": 11.961}),
    ],
    ids=["tobramycin (Monolix)", "amikacin (nlmixr2, full covariance)"],
)
def test_individual_parameters_of_other_programs(model, dose, levels, expected):
    """posologyr test_map_mlx.R and test_map_nlmixr.R; digits as reproduced in the reference sheet."""
    times = (1.0, 14.0) if model is TOBRAMYCIN else (1.0, 6.0)
    subject = person("1", [(0.0, dose, dose / 0.5)], times, levels)
    found = map_estimate(model, compile_events(model, [subject]))
    values = {name: model.theta[name] * np.exp(e) for name, e in zip(found.names, found.eta[0], strict=True)}
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=2e-4)


def test_batch_is_the_loop_and_more_starts_change_nothing(three):
    for k, id_ in enumerate(("1", "2", "5")):
        alone = map_estimate(ONE_ORAL, compile_events(ONE_ORAL, run001(id_)))
        np.testing.assert_allclose(alone.eta[0], three.eta[k], rtol=0, atol=1e-9)
        np.testing.assert_allclose(alone.gauss_newton[0], three.gauss_newton[k], rtol=1e-7)
    many = map_estimate(ONE_ORAL, compile_events(ONE_ORAL, run001("1", "2", "5")), starts=4, seed=3)
    np.testing.assert_allclose(many.eta, three.eta, rtol=0, atol=1e-9)


def test_parent_and_metabolite_each_with_its_own_error():
    """The mode found by scipy on an objective written apart."""
    times, output = (1.0, 6.0, 24.0, 2.0, 8.0, 30.0), np.array([0, 0, 0, 1, 1, 1])
    levels = np.array([80.0, 95.0, 30.0, 9.0, 40.0, 60.0])

    def objective(eta):
        cl, v, ka, clm, vm = np.array([4, 70, 1, 2.5, 60]) * np.exp(eta)
        rate = np.array([[-ka, 0, 0], [ka, -cl / v, 0], [0, cl / v, -clm / vm]])
        state = np.array([scipy.linalg.expm(rate * t)[:, 0] * 10000.0 for t in times])
        f = np.where(output == 0, state[:, 1] / v, state[:, 2] / vm)
        variance = np.where(output == 0, (0.2 * f) ** 2, 25.0 + (0.1 * f) ** 2)
        return np.sum(np.log(variance) + (levels - f) ** 2 / variance) + eta @ eta / 0.2

    subject = person("p", [(0.0, 10000.0, 0.0)], times, levels, cmt=1, output=output)
    found = map_estimate(METABOLITE, compile_events(METABOLITE, [subject]))
    judge = scipy.optimize.minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(found.eta[0], judge.x, atol=1e-5)
    assert found.objective[0] == pytest.approx(judge.fun, abs=1e-8)


def test_a_person_without_levels_is_the_prior():
    bare = person("0", [(0.0, 100.0, 0.0)], (5.0,), [np.nan], cmt=1)
    found = map_estimate(ONE_ORAL, compile_events(ONE_ORAL, [bare, *run001("2")]))
    np.testing.assert_array_equal(found.eta[0], 0)
    np.testing.assert_allclose(found.gauss_newton[0], 0.2 * np.eye(3), rtol=1e-12)
    np.testing.assert_allclose(found.shrinkage[0], 1.0)
    assert (found.shrinkage[1] < 1.0).all()


def test_etas_without_variance_are_dropped_not_inverted():
    fixed = type(ONE_ORAL)()
    fixed.variability = (Variability("CL", 0.2), Variability("VC", 0.2), Variability("KA", 0.0))
    nearly = type(ONE_ORAL)()
    nearly.variability = (Variability("CL", 0.2), Variability("VC", 0.2), Variability("KA", 1e-10))
    a = map_estimate(fixed, compile_events(fixed, run001("1")))
    b = map_estimate(nearly, compile_events(nearly, run001("1")))
    assert a.names == ("CL", "VC")
    np.testing.assert_allclose(a.eta[0], b.eta[0, :2], atol=1e-7)


def test_censored_levels_weigh_as_their_tail():
    """M3: the mode of one eta by a fine grid over the objective written apart."""
    one = type(ONE_ORAL)()
    one.variability = (Variability("CL", 0.2),)
    one.outputs = (replace(ONE_ORAL.outputs[0], error=ResidualError("additive", additive=5.0)),)
    subject = person("c", [(0.0, 10000.0, 0.0)], (8.0, 30.0), [80.0, 10.0], cmt=1, limit=[np.nan, 10.0])
    found = map_estimate(one, compile_events(one, [subject]))
    eta = np.linspace(-2, 2, 400_001)
    f = [one_oral(10000.0, t, 4 * np.exp(eta), 70.0, 1.0) for t in (8.0, 30.0)]
    value = -2 * stats.norm.logpdf(80.0, f[0], 5.0) - 2 * stats.norm.logcdf(10.0, f[1], 5.0) + eta**2 / 0.2
    assert found.eta[0, 0] == pytest.approx(eta[np.argmin(value)], abs=2e-5)
    assert found.objective[0] == pytest.approx(value.min() - np.log(2 * np.pi), rel=1e-9)


def test_occasions_have_etas_of_their_own():
    """Two occasions of one person: equal data pull both occasions alike, unlike data apart."""
    model = type(ONE_ORAL)()
    model.variability = (Variability("CL", 0.1, occasion_variance=0.1), Variability("VC", 0.2), Variability("KA", 0.2))
    doses = [(0.0, 10000.0, 0.0), (240.0, 10000.0, 0.0)]
    times = (4.0, 20.0, 244.0, 260.0)
    f = one_oral(10000.0, np.array([4.0, 20.0]), 4.0, 70.0, 1.0)
    low = one_oral(10000.0, np.array([4.0, 20.0]), 8.0, 70.0, 1.0)
    occasion = [0, 1, 0, 0, 1, 1]
    subject = person("o", doses, times, [*f, *low], cmt=1, occasion=occasion)
    subject = replace(subject, occasion=np.where(subject.time < 240.0, 0, 1))
    table = compile_events(model, [subject])
    found = map_estimate(model, table)
    assert found.names == ("CL", "VC", "KA", "CL@1", "CL@2")
    person_cl, first, second = found.eta[0, 0], found.eta[0, 3], found.eta[0, 4]
    assert second - first > 0.3
    # equal variances: at the mode the personal eta is the sum of the occasions' etas
    assert person_cl == pytest.approx(first + second, abs=1e-6)


@pytest.mark.parametrize(("level", "error"), [(np.inf, None), (-3.0, ResidualError("log", additive=0.2))])
def test_impossible_levels_are_refused_by_name(level, error):
    model = type(ONE_ORAL)()
    if error is not None:
        model.outputs = (replace(ONE_ORAL.outputs[0], error=error),)
    subject = person("x7", [(0.0, 100.0, 0.0)], (1.0, 2.0), [level, 1.0], cmt=1)
    with pytest.raises(DataError, match="x7"):
        map_estimate(model, compile_events(model, [subject]))


def test_a_level_that_the_model_cannot_give_is_refused():
    """Proportional error and a level before the first dose: the prediction is zero, so is its variance."""
    subject = person("early", [(5.0, 100.0, 0.0)], (1.0, 8.0), [2.0, 1.0], cmt=1)
    with pytest.raises((SolveError, DataError), match="early"):
        map_estimate(ONE_ORAL, compile_events(ONE_ORAL, [subject]))


def test_unknown_or_broken_fixed_effects_are_refused():
    table = compile_events(ONE_ORAL, run001("1"))
    with pytest.raises(DataError, match="CLX"):
        map_estimate(ONE_ORAL, table, theta={"CLX": 1.0})
    with pytest.raises(DataError, match="CL"):
        map_estimate(ONE_ORAL, table, theta={"CL": float("nan")})
    broken = type(ONE_ORAL)()
    broken.covariances = {("CL", "VC"): 0.3}
    with pytest.raises(DataError, match="positive definite"):
        map_estimate(broken, compile_events(broken, run001("1")))


def test_fixed_effects_can_be_given(three):
    """A doubled typical clearance is a shift of its eta, seen from the likelihood."""
    changed = type(ONE_ORAL)()
    changed.parameters = (Parameter("CL", 5.0, "L/h"), *ONE_ORAL.parameters[1:])
    table = compile_events(ONE_ORAL, run001("1"))
    a = map_estimate(ONE_ORAL, table, theta={"CL": 5.0})
    b = map_estimate(changed, compile_events(changed, run001("1")))
    np.testing.assert_allclose(a.eta, b.eta, atol=1e-9)
    assert abs(a.eta[0, 0] - three.eta[0, 0]) > 0.1
