"""The engine of heart cells: order of the integrator, groups of cells, long action potentials, chains, derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import InputError, SolveError, UnknownNameError
from vitruvian.physiology.heart import Chain, Fineness, Stimulus, cell, pace, sensitivities
from vitruvian.physiology.heart.cell.chains import propagated
from vitruvian.physiology.heart.cell.integrate import moving, step
from vitruvian.physiology.heart.cell.pacing import complete
from vitruvian.physiology.heart.cell.steps import steps

MODEL = cell("ten_tusscher_2006")
UNTOUCHED = Stimulus(-52.0, 1.0)


class Three(NamedTuple):
    """States of a channel."""

    C: Any
    O: Any  # noqa: E741
    I: Any  # noqa: E741


CHAIN = Chain(("C", "O", "I"), {("C", "O"): 2.0, ("O", "C"): 0.5, ("O", "I"): 8.0, ("I", "O"): 0.3})


def chained(dt: float, until: float = 1.0) -> np.ndarray:
    y = Three(1.0, 0.0, 0.0)
    for _ in range(round(until / dt)):
        y = Three(**propagated(CHAIN, y, dt))
    return np.array(y)


def exact(until: float) -> np.ndarray:
    rates = np.array([[-2.0, 0.5, 0.0], [2.0, -8.5, 0.3], [0.0, 8.0, -0.3]])
    values, vectors = np.linalg.eig(rates)
    return np.real(vectors @ (np.exp(values * until) * np.linalg.solve(vectors, [1.0, 0.0, 0.0])))


def test_a_chain_is_followed_in_second_order_and_keeps_its_sum() -> None:
    errors = [float(np.abs(chained(dt) - exact(1.0)).max()) for dt in (0.05, 0.025)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)
    assert chained(0.05).sum() == pytest.approx(1.0, abs=1e-14)


def test_a_chain_settles_in_one_very_long_step() -> None:
    found = np.array(list(propagated(CHAIN, Three(1.0, 0.0, 0.0), 1e6).values()))
    np.testing.assert_allclose(found, exact(1e3), atol=1e-4)


def test_the_integrator_is_of_second_order() -> None:
    """A quiet stretch of the plateau, begun at one state, against steps sixteen times as short."""
    p = complete(MODEL, {})
    start = pace(MODEL, p, beats=1, cycle_length=1000.0).y._replace(V=jnp.asarray(-20.0))

    @jax.jit
    def end(dt: Any, count: Any) -> Any:
        row = jnp.stack([dt, jnp.zeros(()), jnp.zeros(())])
        return jax.lax.fori_loop(0, count, lambda _, now: step(MODEL, now, row, p)[0], moving(MODEL, start, p)).y.V

    finest = end(0.00125, 16000)
    errors = [abs(float(end(dt, round(20.0 / dt)) - finest)) for dt in (0.02, 0.01)]
    assert errors[0] / errors[1] > 3.5
    assert errors[0] < 1e-2


def test_many_cells_are_each_paced_as_if_alone() -> None:
    """Groups of 128 with the last one filled; the numbers are those of a cell alone."""
    blocks = np.linspace(1.0, 0.4, 130)
    many = pace(MODEL, {"scale_IKr": blocks}, beats=2, integrals=("IKr",))
    assert many.V.shape == (len(many.t), 130)
    assert many.y.V.shape == (130,)
    for k in (0, 77, 129):
        alone = pace(MODEL, {"scale_IKr": blocks[k]}, beats=2, integrals=("IKr",))
        assert float(many.biomarkers.apd90[k]) == pytest.approx(float(alone.biomarkers.apd90), abs=1e-9)
        assert float(many.integrals["IKr"][k]) == pytest.approx(float(alone.integrals["IKr"]), rel=1e-10)


def test_an_action_potential_that_outlasts_the_fine_steps_is_computed_again() -> None:
    """475 ms of action potential against fine steps all through."""
    long = {"scale_IKs": 0.1, "scale_IKr": 0.15}
    found = pace(MODEL, long, beats=2)
    fine = pace(MODEL, long, beats=2, fineness=Fineness(rest=1.0))
    assert float(fine.biomarkers.apd90) > 460.0
    assert float(found.biomarkers.apd90) == pytest.approx(float(fine.biomarkers.apd90), abs=0.05)


def test_charge_that_crosses_the_membrane_is_what_the_voltage_says() -> None:
    """Sum of all currents over a beat and of the stimulus is minus the change of voltage (per capacitance)."""
    names = tuple(name for name in MODEL.currents if name not in ("Iup", "Irel"))
    start = pace(MODEL, {}, beats=1)
    after = pace(MODEL, {}, beats=1, y=start.y, integrals=names)
    charge = sum(float(value) for value in after.integrals.values())
    pulse = MODEL.stimulus.current * MODEL.stimulus.duration
    # stiff slopes are damped within a step, so the sum closes to the order of the steps
    assert charge + pulse == pytest.approx(float(start.y.V - after.y.V), abs=0.5)


def test_currents_are_logged_where_their_integrals_are_taken() -> None:
    found = pace(MODEL, {}, beats=1, integrals=("IKr",))
    logged = float(np.sum(np.diff(found.t) * np.asarray(found.current("IKr"))))
    assert logged == pytest.approx(float(found.integrals["IKr"]), rel=1e-12)
    with pytest.raises(UnknownNameError, match="IKr"):
        found.current("IXx")


def test_kept_beats_follow_one_another() -> None:
    found = pace(MODEL, {}, beats=3, keep=2, cycle_length=400.0)
    assert found.t[-1] == pytest.approx(800.0)
    assert np.all(np.diff(found.t) > 0.0)
    assert len(found.t) == len(found.V) == len(found.calcium) == len(found.current("INa")) + 1


def test_pacing_ends_early_once_the_beat_repeats() -> None:
    found = pace(MODEL, {}, beats=200, until=1e-3)
    assert 20 < found.beats < 200
    assert float(found.biomarkers.apd90) == pytest.approx(float(pace(MODEL, {}, beats=found.beats).biomarkers.apd90))


@pytest.mark.slow  # one program more, of twice the size
def test_derivatives_agree_with_differences() -> None:
    names = ("scale_IKr", "scale_IKs", "scale_ICaL", "scale_INa")
    _, slopes = sensitivities(MODEL, {}, names, beats=3)
    for name in names:
        up, down = (float(pace(MODEL, {name: np.exp(h)}, beats=3).biomarkers.apd90) for h in (1e-3, -1e-3))
        assert float(slopes[name].apd90) == pytest.approx((up - down) / 2e-3, rel=1e-3), name


def test_derivatives_by_what_is_not_above_zero_are_refused() -> None:
    with pytest.raises(InputError, match="scale_IKr"):
        sensitivities(MODEL, {"scale_IKr": 0.0}, ["scale_IKr"])


@pytest.mark.parametrize("length", [0.7, 3.0, 137.3, 1000.0, 4000.0])
def test_steps_fill_the_interval_and_end_with_the_stimulus(length: float) -> None:
    grid = steps(length, 460.0, UNTOUCHED, Fineness())
    dt = grid.rows[: grid.used, 0]
    assert np.all(dt > 0.0)
    assert dt.sum() == pytest.approx(length, abs=1e-9)
    assert grid.t[-1] == pytest.approx(length)
    assert grid.rows[:, 1] @ grid.rows[:, 0] == pytest.approx(-52.0 * min(1.0, length))
    assert not grid.rows[grid.used :].any()
    assert grid.t[grid.fine] == pytest.approx(min(460.0, length))


@pytest.mark.parametrize("told", [{"beats": 0}, {"cycle_length": 0.0}, {"keep": 0}])
def test_pacing_without_beats_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        pace(MODEL, {}, **told)


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="scale_IKr"):
        pace(MODEL, {"scale_hERG": 0.5})


def test_what_cannot_be_paced() -> None:
    one = cell("mitchell_schaeffer")
    for wrong in (float("nan"), float("inf"), 0.0):
        with pytest.raises(InputError, match="beats and time"):
            pace(one, one.typical, cycle_length=wrong, beats=1)
    name = next(iter(one.typical))
    for value in (-1.0, float("nan")):
        with pytest.raises(InputError, match=name):
            pace(one, {**one.typical, name: value}, beats=1)
    with pytest.raises(InputError, match="one axis"):
        pace(one, {**one.typical, name: np.full((2, 3), one.typical[name])}, beats=1)
    with pytest.raises(InputError, match="one axis"):
        pace(one, {**one.typical, name: np.zeros(0)}, beats=1)
    with pytest.raises(SolveError, match="no voltage"):
        pace(one, one.typical, y=[float("nan")] * len(one.State._fields), beats=1)
