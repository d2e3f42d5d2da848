"""The learned residual: bound by mass and by no drug no flow, nil where it is not learned, kept, and learned."""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pytest

import vitruvian as vt
from vitruvian.core import UnsupportedError
from vitruvian.learn import Feature, Manifest, load_kept, save
from vitruvian.model import compile_events, simulate
from vitruvian.systems.hybrid import (
    Residual,
    ResidualSettings,
    adults,
    before_levels,
    domain_of,
    learn_residual,
    levels,
    seen_by,
    with_residual,
)
from vitruvian.systems.hybrid.networks import started
from vitruvian.systems.hybrid.residual import HIDDEN

BASE = vt.drugs.vancomycin.model("vancomycin_buelga_2005")
AGE = Feature("AGE", "Age", "a")
AGES = np.array([[p["AGE"]] for p in adults(80, seed=1)])
SCHEDULE = vt.infusion("vancomycin", 1000, "mg", over="1.5 h", every="12 h", count=2)
TIMES = np.array([1.5, 3.0, 11.5, 23.9, 40.0])
PERSON = {"WT": 70.0, "CRCL": 80.0}


def made_up(bias, most: float = 100.0) -> Residual:
    """A residual with the same rates at every level."""
    network = eqx.tree_at(lambda m: m.layers[-1].bias, started(1, 3, 3, seed=0), np.array(bias))
    named = {"name": "r", "title": "made-up people", "version": "1", "features": (AGE,), "sources": ()}
    domain = domain_of(("AGE",), AGES[:60], AGES[60:])
    numbers = {"key": "CL", "scale": 15.0, "most": most, "shift": np.array([0.1, -0.2])}
    return Residual(**named, manifest=Manifest(), base=BASE.name, domain=domain, network=network, **numbers)


def table(model):
    return compile_events(model, [SCHEDULE.to_subject(model, TIMES, PERSON)])


def slope(model, amounts):
    p = model.individual(model.theta, np.zeros(2), PERSON)
    return jax.jit(lambda y: model.rhs(0.0, y, p))(np.asarray(amounts, float)), p


def test_no_drug_no_flow_and_amounts_stay_above_zero() -> None:
    model = with_residual(BASE, made_up([2.0, 1.5, 0.5]))
    np.testing.assert_array_equal(slope(model, [0.0, 0.0])[0], 0.0)
    assert slope(model, [0.0, 50.0])[0][0] > 0
    assert slope(model, [50.0, 0.0])[0][1] > 0


@pytest.mark.parametrize("factor", [-40.0, 0.0, 40.0])
def test_drug_is_only_moved_or_eliminated(factor: float) -> None:
    model = with_residual(BASE, made_up([factor, 1.5, 0.5]))
    moved, p = slope(model, [500.0, 100.0])
    eliminated = -float(moved.sum())
    assert eliminated == pytest.approx(500.0 * float(p["CL"] / p["VC"] * np.exp(np.sign(factor))), rel=1e-6)
    assert model.compartments == ("central", HIDDEN)


def test_without_weights_it_is_the_published_model() -> None:
    none = replace(made_up([0.0, 0.0, 0.0]), shift=np.zeros(2))
    pure, same = (simulate(m, table(m))[0, : len(TIMES), 0] for m in (BASE, with_residual(BASE, none)))
    np.testing.assert_allclose(same, pure, rtol=1e-5)


def test_above_the_levels_learned_from_the_published_rates_hold() -> None:
    model = with_residual(BASE, made_up([1.0, 1.5, 0.5], most=10.0))
    (high, p), (low, _) = slope(model, [2000.0, 0.0]), slope(model, [200.0, 0.0])
    assert float(high[0]) == pytest.approx(-2000.0 * float(p["CL"] / p["VC"]))
    assert float(low[1]) > 0


def test_outside_its_domain_it_is_the_pure_model_and_says_so() -> None:
    model = with_residual(BASE, made_up([1.0, 1.5, 0.5]))
    assert model.for_person({"AGE": 60.0}) == (model, "")
    pure, why = model.for_person({"AGE": 3.0})
    assert pure is BASE
    assert "is not used: AGE 3 is outside" in why


def test_kept_and_read_back_it_is_the_same_model(tmp_path) -> None:
    one = made_up([1.0, 1.5, 0.5])
    save(one, tmp_path / "kept")
    again = load_kept(tmp_path / "kept")
    assert isinstance(again, Residual)
    assert with_residual(BASE, again) is with_residual(BASE, one)


def test_a_residual_belongs_to_one_model() -> None:
    with pytest.raises(UnsupportedError, match="another model"):
        with_residual(vt.drugs.vancomycin.default_model, made_up([0.0, 0.0, 0.0]))
    with pytest.raises(UnsupportedError, match="central compartment"):
        learn_residual(vt.drugs.warfarin.default_model, [], (AGE,), title="x")


@pytest.mark.slow
def test_learned_from_levels_of_another_model_it_foretells_new_people_better() -> None:
    truth = vt.drugs.vancomycin.model("vancomycin_thomson_2009")

    def people(count: int, seed: int):
        persons, schedules, times = adults(count, seed), [SCHEDULE] * count, np.tile(TIMES[1:], (count, 1))
        return seen_by(BASE, persons, schedules, times, levels(truth, persons, schedules, times, seed))

    found = learn_residual(BASE, people(100, 1), (AGE,), title="x", settings=ResidualSettings(steps=300))
    pure, better = (before_levels(m, people(60, 2)) for m in (BASE, with_residual(BASE, found)))
    assert found(15.0)[1] > 0.005
    assert better.rmse < 0.97 * pure.rmse
