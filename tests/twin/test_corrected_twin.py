"""A twin with a learned prior: the loop's verbs work on it, and outside its domain the answer is the pure model's."""

import equinox as eqx
import numpy as np
import pytest
from twin_cases import DRAWS, GOTI, case

import vitruvian as vt
from vitruvian.learn import Feature, Manifest
from vitruvian.systems.hybrid import Correction, adults, corrected, domain_of
from vitruvian.systems.hybrid.networks import started
from vitruvian.twin import Twin

OPTIONS = [vt.infusion("vancomycin", amount, "mg", over="2 h", every="12 h") for amount in (750, 1000)]
LEVELS = ((11.5, 14.0), (26.0, 30.0))


def lower_clearance():
    """Goti's model with clearances a fifth lower than published, for people as old as those of `adults`."""
    ages = np.array([[p["AGE"]] for p in adults(80, seed=1)])
    sd = np.sqrt(np.diag(GOTI.omega()))
    bias = np.concatenate([3 * np.arctanh(np.array([-0.22, 0.0, 0.0]) / sd / 3), np.zeros(3)])
    network = eqx.tree_at(lambda m: m.layers[-1].bias, started(1, 6, 3, seed=0), bias)
    named = {"name": "c", "title": "made-up people", "version": "1", "features": (Feature("AGE", "Age", "a"),)}
    known = {"base": GOTI.name, "etas": GOTI.eta_names(), "sd": sd, "widest": 2.0, "error": 1.0}
    domain = domain_of(("AGE",), ages[:60], ages[60:])
    return corrected(
        GOTI, Correction(**named, **known, sources=(), manifest=Manifest(), domain=domain, network=network)
    )


@pytest.mark.slow
def test_inside_it_answers_by_the_corrected_model_and_outside_as_the_pure_one() -> None:
    model = lower_clearance()
    inside, pure = (Twin(case(LEVELS), models=(m,), draws=DRAWS).calibrate() for m in (model, GOTI))
    assert inside.fits is not None
    assert inside.fits[0].model is model
    lower, published = (float(np.median(t.fits[0].prior.individual(0.0)["CL"])) for t in (inside, pure))
    assert lower == pytest.approx(published * np.exp(-0.22), rel=1e-6)
    assert inside.compare(OPTIONS).options[0].metric.median > pure.compare(OPTIONS).options[0].metric.median
    outside, same = (Twin(case(LEVELS, AGE=20.0), models=(m,), draws=DRAWS) for m in (model, GOTI))
    answer, plain = outside.compare(OPTIONS), same.compare(OPTIONS)
    assert [m.text for m in answer.messages if m.code == "fallen-back"]
    assert [(o.metric, o.p_target, o.per_model) for o in answer.options] == [
        (o.metric, o.p_target, o.per_model) for o in plain.options
    ]
