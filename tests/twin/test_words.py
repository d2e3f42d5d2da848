"""Names and values for people: nothing that a person reads is a code."""

from __future__ import annotations

from vitruvian.pharmacology import find, library
from vitruvian.twin.words import covariate_name, covariate_value, listed


def test_every_number_that_a_dose_rests_on_has_a_name() -> None:
    drugs = [find(name) for name in library()]
    needed = {c.name for drug in drugs for model in drug.models for c in model.covariates}
    needed |= {name for drug in drugs for rule in drug.label_rules for name in rule.needs}
    without = {name for name in needed if covariate_name(name) == name}
    assert without <= {"ECMO"}


def test_values_that_nobody_recorded_are_said_in_words() -> None:
    model = find("apixaban").default_model
    said = {c.name: covariate_value(c, c.default) for c in model.covariates if c.default is not None}
    assert (said["ASIAN"], said["INHIBITOR"], said["EVENING"]) == ("no", "no", "no")


def test_a_list_in_words() -> None:
    assert listed(["creatinine"]) == "creatinine"
    assert listed(["creatinine", "height", "sex"]) == "creatinine, height and sex"
