"""Emulators: close where they say so, refused elsewhere, with slopes, and the same after being kept."""

import jax
import numpy as np
import pytest

from vitruvian.core import DataError, InputError, RefusalError
from vitruvian.learn import Feature, load_kept, save
from vitruvian.learn.emulate import Box, Design, Emulator, emulate, pointwise
from vitruvian.learn.emulate.emulator import at_points
from vitruvian.learn.emulate.gaussian import fit_gaussian, matern

A, B = Feature("a", "A", "1", low=0.0, high=2.0), Feature("b", "B", "1", low=-1.0, high=1.0)
Y, Z = Feature("y", "Y", "ms"), Feature("z", "Z", "1")
DESIGN = Design(start=24, batch=8, most=32, check=40, candidates=256)


def smooth(x: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * x[:, 0]) + x[:, 1] ** 2, np.exp(0.5 * x[:, 0] * x[:, 1])], axis=1)


def made(tolerance=(0.02, 0.02), **more) -> Emulator:
    return emulate(smooth, (A, B), (Y, Z), tolerance, name="smooth", title="Smooth", **{"design": DESIGN, **more})


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return made()


def test_the_bound_is_kept_on_points_never_seen(emulator: Emulator) -> None:
    assert emulator.holds
    x = emulator.box.sobol(500, seed=99)
    mean, bound = emulator.many(x)
    error = np.abs(mean - smooth(x))
    assert (np.quantile(error, 0.95, axis=0) < emulator.tolerance).all()
    assert ((error <= bound).mean(axis=0) > 0.88).all()


def test_it_answers_inside_and_refuses_outside(emulator: Emulator) -> None:
    found = emulator.ask({"a": 1.0, "b": 0.3})
    assert found["y"].value == pytest.approx(np.sin(2.0) + 0.09, abs=found["y"].bound)
    assert found["y"].unit == "ms"
    with pytest.raises(DataError, match="outside the box"):
        emulator.ask({"a": 2.01, "b": 0.3})
    with pytest.raises(DataError, match="all its parameters"):
        emulator.ask({"a": 1.0})
    assert np.isinf(emulator.many(np.array([[2.01, 0.3]]))[1]).all()


def test_its_slope_is_that_of_the_function(emulator: Emulator) -> None:
    slopes = jax.jit(jax.jacobian(emulator))
    slope = slopes(np.array([0.7, 0.4]))
    np.testing.assert_allclose(slope[0], [2 * np.cos(1.4), 0.8], atol=0.1)
    at_a_point = slopes(emulator.box.sobol(1, DESIGN.seed)[0])
    assert np.isfinite(at_a_point).all()


def test_an_emulator_that_misses_its_tolerance_may_not_be_used() -> None:
    rough = made((1e-9, 1e-9), design=Design(start=24, most=24, check=40))
    assert not rough.holds
    with pytest.raises(RefusalError, match="may not be used"):
        rough.ask({"a": 1.0, "b": 0.0})


def test_where_the_bound_is_too_wide_it_refuses_though_it_holds_elsewhere(emulator: Emulator) -> None:
    from dataclasses import replace

    sure = replace(emulator, times=emulator.times * 1e4)
    with pytest.raises(RefusalError, match="not sure enough"):
        sure.ask({"a": 1.0, "b": 0.3})


def test_kept_and_read_back_it_says_the_same(emulator: Emulator, tmp_path) -> None:
    save(emulator, tmp_path / "kept")
    again = load_kept(tmp_path / "kept")
    assert isinstance(again, Emulator)
    for one, other in zip(again.many(np.array([[1.0, 0.3]])), emulator.many(np.array([[1.0, 0.3]])), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.outputs == emulator.outputs
    assert again.manifest == emulator.manifest


def test_a_process_passes_through_its_points_and_is_unsure_between() -> None:
    u = np.stack([np.linspace(0, 1, 9), np.full(9, 0.5)], axis=1)
    process = fit_gaussian(u, np.sin(6 * u))
    mean, sd = at_points(process, np.stack([u[4], (u[4] + u[5]) / 2]))
    assert mean[0, 0] == pytest.approx(np.sin(3.0), abs=1e-2)
    assert sd[1, 0] > 3 * sd[0, 0]


def test_correlation_of_matern() -> None:
    """Rasmussen and Williams 2006, eq. 4.17 at r = l: (1 + √5 + 5/3) exp(−√5) = 0.523994."""
    one = matern(np.zeros((1, 1)), np.full((1, 1), 0.5), np.array([0.5]))
    assert float(one[0, 0]) == pytest.approx(0.523994, abs=1e-6)


def test_what_cannot_be_emulated_is_refused() -> None:
    with pytest.raises(DataError, match="no value at a point"):
        emulate(lambda x: np.where(x[:, :1] > 1, x[:, :1], np.nan), (A, B), (Y,), (0.1,), name="", title="")
    with pytest.raises(DataError, match="another shape"):
        emulate(smooth, (A, B), (Y,), (0.1,), name="", title="")
    with pytest.raises(InputError, match="too few points"):
        made(design=Design(check=10))
    with pytest.raises(InputError, match="both bounds"):
        Box((Feature("a", "A", low=0.0),))
    with pytest.raises(InputError, match="one tolerance"):
        made((0.1,))


def test_a_function_of_one_point_is_one_of_many() -> None:
    many = pointwise(lambda a, b: (a + b, a * b), ("a", "b"))
    np.testing.assert_array_equal(many(np.array([[1.0, 2.0], [3.0, 4.0]])), [[3.0, 2.0], [7.0, 12.0]])


@pytest.mark.slow
def test_a_deep_ensemble_does_the_same(tmp_path) -> None:
    found = made((0.3, 0.3), kind="ensemble", design=Design(start=64, most=64, check=40))
    assert found.holds
    save(found, tmp_path / "kept")
    x = np.array([[1.0, 0.3]])
    np.testing.assert_array_equal(load_kept(tmp_path / "kept").many(x)[0], found.many(x)[0])
