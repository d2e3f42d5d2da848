"""The learned correction of a prior: it acts inside its domain only, is learned from levels, kept, and resumed."""

from dataclasses import replace

import numpy as np
import pytest

import vitruvian as vt
from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.infer import Prior
from vitruvian.learn import Feature, Manifest, load, load_kept, save
from vitruvian.model import compile_events, simulate
from vitruvian.systems.hybrid import (
    Correction,
    Settings,
    adults,
    before_levels,
    corrected,
    domain_of,
    learn_correction,
    levels,
    seen_by,
    training,
)
from vitruvian.systems.hybrid.networks import started

BASE = vt.drugs.vancomycin.model("vancomycin_buelga_2005")
AGE, SCR = Feature("AGE", "Age", "a"), Feature("SCR", "Creatinine", "mg/dL")
PEOPLE = adults(80, seed=1)
FEATURES = np.array([[p["AGE"], p["SCR"]] for p in PEOPLE])
TIMES = np.tile([3.0, 11.5, 35.5], (80, 1))
SCHEDULE = vt.infusion("vancomycin", 1000, "mg", over="1.5 h", every="12 h")
SHIFT = np.array([0.3, -0.2])


def made_up() -> Correction:
    """A correction that shifts both etas by `SHIFT` whoever it is."""
    network = started(2, 4, 3, seed=0)
    sd = np.sqrt(np.diag(BASE.omega()))
    bias = np.concatenate([3 * np.arctanh(SHIFT / sd / 3), np.arctanh(np.log([1.5, 0.8]) / np.log(2.0))])
    import equinox as eqx

    network = eqx.tree_at(lambda m: m.layers[-1].bias, network, bias)
    domain = domain_of(("AGE", "SCR"), FEATURES[:60], FEATURES[60:])
    named = {"name": "x", "title": "made-up people", "version": "1", "features": (AGE, SCR), "sources": ()}
    common = {"manifest": Manifest(seed=3), "base": BASE.name, "etas": BASE.eta_names(), "sd": sd, "widest": 2.0}
    return Correction(**named, **common, error=0.5, domain=domain, network=network)


def foretold(model, eta, **person):
    subject = SCHEDULE.to_subject(model, TIMES[0], {"WT": 70.0, "CRCL": 80.0, **person})
    return simulate(model, compile_events(model, [subject]), eta=np.array([eta]))[0, :3, 0]


def test_inside_the_prior_is_shifted_and_widened() -> None:
    model = corrected(BASE, made_up())
    eta = np.array([0.1, 0.4])
    same = foretold(BASE, SHIFT + np.array([1.5, 0.8]) * eta)
    np.testing.assert_allclose(foretold(model, eta, AGE=60.0, SCR=1.0), same, rtol=1e-12)
    assert model.outputs[0].error.additive == 0.5 * BASE.outputs[0].error.additive
    assert model.for_person({"AGE": 60.0, "SCR": 1.0}) == (model, "")


@pytest.mark.parametrize(("age", "creatinine"), [(20.0, 1.0), (60.0, 9.0), (24.999, 0.2)])
def test_outside_the_answer_is_that_of_the_pure_model_and_says_so(age: float, creatinine: float) -> None:
    model = corrected(BASE, made_up())
    pure, why = model.for_person({"AGE": age, "SCR": creatinine, "WT": 70.0})
    assert pure is BASE
    assert "is not used" in why
    assert "outside" in why
    eta = [0.1, 0.4]
    np.testing.assert_array_equal(foretold(model, eta, AGE=age, SCR=creatinine), foretold(BASE, eta))


def test_a_combination_never_seen_is_outside_though_each_number_was() -> None:
    low, high = FEATURES.min(axis=0), FEATURES.max(axis=0)
    domain = domain_of(("AGE", "SCR"), FEATURES[:60], FEATURES[60:])
    corner = np.array([low[0], high[1]])
    assert domain.distance(corner) > domain.radius
    assert not domain.inside(corner)
    assert "combination" in domain.why_outside({"AGE": corner[0], "SCR": corner[1]})
    assert "SCR is not known" in domain.why_outside({"AGE": 50.0})


def test_most_new_people_are_inside() -> None:
    domain = domain_of(("AGE", "SCR"), FEATURES[:60], FEATURES[60:])
    new = np.array([[p["AGE"], p["SCR"]] for p in adults(400, seed=9)])
    assert 0.85 < np.asarray(domain.inside(new)).mean() < 1.0


def test_a_domain_needs_people_and_numbers() -> None:
    with pytest.raises(DataError, match="20 or more"):
        domain_of(("AGE", "SCR"), FEATURES[:60], FEATURES[:5])
    with pytest.raises(DataError, match="1 values not finite"):
        domain_of(("AGE", "SCR"), np.where(FEATURES[0, 0] == FEATURES, np.nan, FEATURES)[:60], FEATURES[60:])


def test_a_correction_belongs_to_one_model() -> None:
    with pytest.raises(UnsupportedError, match="another model"):
        corrected(vt.drugs.vancomycin.default_model, made_up())


def test_kept_and_read_back_it_is_the_same_model(tmp_path) -> None:
    one = made_up()
    save(one, tmp_path / "kept")
    again = load_kept(tmp_path / "kept")
    assert isinstance(again, Correction)
    assert again.digest == one.digest
    assert again.manifest == one.manifest
    assert corrected(BASE, again) is corrected(BASE, one)
    with pytest.raises(InputError, match="does not score rows"):
        load(tmp_path / "kept")
    assert replace(one, error=0.6).digest != one.digest


class Draws:
    """Draws as inference gives them, of people whose etas are known to be `SHIFT` on average."""

    def __init__(self, prior: Prior, draws: int) -> None:
        rng = np.random.default_rng(4)
        factor = np.asarray(prior.cholesky)
        self.eta = rng.standard_normal((80, draws, 2)) @ factor.T
        self.log_weight = -0.5 * (((self.eta - SHIFT) / 0.1) ** 2).sum(axis=2)
        self.reliable = np.arange(80) != 5


@pytest.mark.slow
def test_what_the_levels_say_is_learned(monkeypatch) -> None:
    """The draws stand in for inference, which `test_learned_from_levels` runs for real."""
    monkeypatch.setattr(training, "posterior", lambda model, table, *, draws, seed, method, prior: Draws(prior, draws))
    monkeypatch.setattr(training, "predictions", lambda post: np.full((80, 300, 3), 10.0))
    people = seen_by(BASE, PEOPLE, [SCHEDULE] * 80, TIMES, np.full((80, 3), 10.0))
    how = Settings(draws=300, steps=200, parts=("shift",), decay=0.01)
    found = learn_correction(BASE, people, (AGE, SCR), title="x", settings=how)
    shift, width = found(FEATURES[0])
    np.testing.assert_allclose(shift, SHIFT, atol=0.07)
    np.testing.assert_array_equal(width, 1.0)
    assert found.error == 1.0
    assert found.manifest.settings["left_out"] == 1


def test_a_missing_feature_is_refused_with_a_count() -> None:
    people = seen_by(BASE, PEOPLE[:3], [SCHEDULE] * 3, TIMES[:3], np.full((3, 3), 10.0))
    with pytest.raises(DataError, match="3 of 3 lack it"):
        learn_correction(BASE, people, (Feature("ALB", "Albumin", "g/dL"),), title="x")


@pytest.mark.slow
def test_learned_from_levels_of_another_model_it_foretells_new_people_better() -> None:
    truth = vt.drugs.vancomycin.model("vancomycin_colin_2019")

    def people(count: int, seed: int):
        persons, schedules = adults(count, seed), [SCHEDULE] * count
        times = np.tile([3.0, 11.5, 35.5], (count, 1))
        return seen_by(BASE, persons, schedules, times, levels(truth, persons, schedules, times, seed))

    found = learn_correction(BASE, people(160, 1), (AGE, SCR), title="x", settings=Settings(steps=200))
    pure, better = (before_levels(m, people(100, 2)) for m in (BASE, corrected(BASE, found)))
    assert better.rmse < 0.95 * pure.rmse
    assert better.mdape < pure.mdape
