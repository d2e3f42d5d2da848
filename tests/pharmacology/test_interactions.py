"""The interaction model: equations against golden rows, tables against their rules, the door's promises."""

import tomllib
from importlib.resources import files

import numpy as np
import pytest

from vitruvian.core import STATUSES, InputError, UnknownNameError
from vitruvian.pharmacology.interactions import (
    RelativeActivity,
    Taken,
    auc_ratio,
    clearance_ratio,
    find_perpetrator,
    find_victim,
    genotype_clearance_ratio,
    inactivation,
    inactivation_rate,
    induction,
    perpetrator_names,
    reversible,
    strength,
    victims,
)
from vitruvian.pharmacology.interactions.equations import activity_from_auc_ratio, gut_wall, hepatic_inlet
from vitruvian.tables.interactions import TABLES, rows

GOLDEN = tomllib.loads(files("vitruvian.pharmacology.interactions").joinpath("golden.toml").read_text())["row"]
LIBRARY = {
    *("vancomycin", "gentamicin", "tobramycin", "amikacin", "meropenem", "piperacillin", "tacrolimus", "ciclosporin"),
    *("sirolimus", "warfarin", "apixaban", "rivaroxaban", "busulfan", "methotrexate", "imatinib", "infliximab"),
    *("adalimumab", "voriconazole", "phenytoin", "valproate"),
}


@pytest.mark.parametrize("row", GOLDEN, ids=lambda r: r["case"])
def test_golden(row):
    given = row["inputs"]
    if "load" in given:
        value = auc_ratio(reversible(given["load"]), given["fm"])
    else:
        left = inactivation(inactivation_rate(given["inhibitor"], given["kinact"], given["half"]), given["kdeg"])
        value = left if row["quantity"] == "B" else auc_ratio(left, given["fm"])
    assert float(value) == pytest.approx(row["value"], abs=row["tolerance"])


def test_gut_term_by_hand():
    # full inhibition in gut and liver: 1/(1 - fm) · 1/Fg
    assert auc_ratio(0.0, 0.9, 0.0, 0.5) == pytest.approx(20.0)
    # tenfold induction: 1/(9 + 0.1) · 1/(5 + 0.5)
    assert auc_ratio(10.0, 0.9, 10.0, 0.5) == pytest.approx(1.0 / 9.1 / 5.5)


def test_induction_and_concentrations_by_hand():
    assert induction(0.34, 9.0, 0.34, 0.5) == pytest.approx(1.0 + 0.5 * 9.0 / 2.0)
    assert hepatic_inlet(0.1, 2.0, 970.0, 1.0, 0.5) == pytest.approx(0.1 * (2.0 + 5.0))
    assert gut_wall(1800.0, 1.0, 0.5) == pytest.approx(50.0)


@pytest.mark.parametrize("site", ["both", "liver", "gut"])
@pytest.mark.parametrize("left", [0.05, 0.4, 1.0, 6.0])
def test_activity_inverts_the_auc_ratio(site, left):
    gut, liver = (1.0 if site == "liver" else left), (1.0 if site == "gut" else left)
    observed = auc_ratio(liver, 0.9, gut, 0.6)
    assert activity_from_auc_ratio(observed, 0.9, 0.6, site) == pytest.approx(left)


def test_activity_is_floored_where_no_inhibition_explains_the_ratio():
    assert activity_from_auc_ratio(1e6, 0.9, 0.6) == 0.02


def test_tables_are_sourced_and_complete():
    assert len(perpetrator_names()) >= 40
    assert set(victims()) >= LIBRARY
    assert all(victims()[name].in_library for name in LIBRARY)
    for table in TABLES:
        for row in rows(table):
            assert None not in row.values(), row
            assert row["source"].strip(), row
            assert row.get("status", "primary") in STATUSES, row
    acting = {r["species"] for r in rows("mechanisms")} | {r["perpetrator"] for r in rows("potencies")}
    parents = {r["parent"] for r in rows("perpetrators")}
    assert set(perpetrator_names()) <= acting | parents


def test_tables_refer_to_each_other():
    known = {r["enzyme"] for r in rows("enzymes")}
    species = {r["species"] for r in rows("perpetrators")}
    for row in rows("mechanisms"):
        assert row["species"] in species
        assert row["enzyme"] in known
        assert row["kind"] in {"reversible", "inactivation", "induction"}
    for row in rows("potencies"):
        assert row["perpetrator"] in species
        assert row["enzyme"] in known
        assert find_victim(row["probe"]).pathway(row["enzyme"]) is not None, row
    for row in rows("pathways"):
        assert row["pathway"] in known | {"renal", "proteolysis"}
    for victim in victims().values():
        assert sum(p.fm for p in victim.pathways) <= 1.0, victim.name
        assert 0.0 < victim.fg <= 1.0


def test_every_pair_answers_with_a_positive_finite_ratio():
    names = perpetrator_names()
    for victim in victims():
        for basis in ("mechanistic", "in_vivo", "observed"):
            effect = clearance_ratio(victim, names, basis=basis, draws=20, seed=3)
            assert np.isfinite(effect.draws).all(), victim
            assert (effect.draws > 0).all(), victim


def test_no_perpetrator_no_change():
    effect = clearance_ratio("midazolam", [], draws=50, seed=1)
    assert effect.point == pytest.approx(1.0)
    np.testing.assert_allclose(effect.draws, 1.0)
    assert effect.strength == "no relevant change"


@pytest.mark.parametrize("drug", ["vancomycin", "infliximab", "amikacin"])
def test_drugs_without_enzymes_are_left_alone_and_it_is_said(drug):
    effect = clearance_ratio(drug, ["ketoconazole", "rifampicin"], route="iv", draws=50, seed=1)
    assert effect.point == pytest.approx(1.0)
    assert all("no pathway" in reason for reason in effect.reasons)


def test_oral_ratio_is_systemic_over_bioavailability():
    asked = {"draws": 200, "seed": 5, "basis": "mechanistic"}
    effect = clearance_ratio("midazolam", ["clarithromycin"], **asked)
    np.testing.assert_allclose(effect.draws, effect.systemic / effect.bioavailability)
    iv = clearance_ratio("midazolam", ["clarithromycin"], route="iv", **asked)
    np.testing.assert_allclose(iv.draws, effect.systemic)
    assert iv.auc_ratio < effect.auc_ratio


def test_oral_point_is_the_static_model():
    """Extraction cancels from an oral dose: the door's answer equals Fahmi's equation with the same A and Ag."""
    effect = clearance_ratio("triazolam", ["ketoconazole"], basis="mechanistic", draws=1, seed=1)
    row = next(r for r in rows("perpetrators") if r["species"] == "ketoconazole")
    number = {k: float(row[k]) for k in ("dose_mg", "molar_mass", "ka_per_h", "fa", "cmax_mg_l", "fu")}
    dose = 1000 * number["dose_mg"] / number["molar_mass"]
    inlet = hepatic_inlet(
        number["fu"], 1000 * number["cmax_mg_l"] / number["molar_mass"], dose, number["ka_per_h"], number["fa"]
    )
    wall = gut_wall(dose, number["ka_per_h"], number["fa"])
    victim = find_victim("triazolam")
    expected = auc_ratio(reversible(inlet / 0.015), victim.pathway("CYP3A4").fm, reversible(wall / 0.015), victim.fg)
    assert effect.auc_ratio == pytest.approx(float(expected))


def test_an_iv_drug_of_high_extraction_meets_the_limit_of_flow():
    assert clearance_ratio("buspirone", ["rifampicin"], route="iv").point < 1.0 / 0.8
    assert clearance_ratio("buspirone", ["rifampicin"], route="oral").point > 5.0


def test_several_perpetrators_add_up_and_order_does_not_matter():
    one = clearance_ratio("midazolam", ["fluconazole"], draws=1).auc_ratio
    both = clearance_ratio("midazolam", ["fluconazole", "clarithromycin"], draws=100, seed=2)
    swapped = clearance_ratio("midazolam", ["clarithromycin", "fluconazole"], draws=100, seed=2)
    assert both.auc_ratio > one
    np.testing.assert_array_equal(both.draws, swapped.draws)


def test_two_inducers_do_not_multiply():
    alone = clearance_ratio("midazolam", ["rifampicin"], draws=1).point
    with_other = clearance_ratio("midazolam", ["rifampicin", "carbamazepine"], draws=1).point
    assert with_other == pytest.approx(alone, rel=0.05)


def test_metabolites_act():
    """Itraconazole's three metabolites carry a good part of its effect."""
    effect = clearance_ratio("midazolam", ["itraconazole"], basis="mechanistic", draws=1)
    assert any("hydroxy-itraconazole" in reason for reason in effect.reasons)
    assert effect.auc_ratio > 5.0


def test_observed_basis_takes_the_study_of_the_pair():
    asked = {"draws": 400, "seed": 4, "basis": "observed"}
    seen = clearance_ratio("rivaroxaban", ["ketoconazole"], **asked)
    assert seen.auc_ratio == pytest.approx(2.58)
    assert any("that ratio is used" in r and "bcp.12075" in r for r in seen.reasons)
    np.testing.assert_allclose(seen.draws, seen.systemic / seen.bioavailability)
    assert seen.quantiles[0.05] < seen.point < seen.quantiles[0.95]
    assert seen.systemic.mean() < 1.0 < seen.bioavailability.mean()
    iv = clearance_ratio("apixaban", ["rifampicin"], route="iv", **asked)
    assert iv.auc_ratio == pytest.approx(0.61)
    # no study of the pair, another dose, or two perpetrators: predicted
    for other in (["voriconazole"], [Taken("ketoconazole", 200.0)], ["ketoconazole", "fluconazole"]):
        effect = clearance_ratio("rivaroxaban", other, **asked)
        assert effect.auc_ratio != pytest.approx(2.58)
        assert not any("that ratio is used" in r for r in effect.reasons)
    assert any("is predicted" in r for r in clearance_ratio("rivaroxaban", ["ketoconazole"], basis="in_vivo").reasons)


def test_a_study_without_a_modelled_pathway_still_counts():
    """Where the model sees no effect the whole observed change goes to clearance."""
    effect = clearance_ratio("repaglinide", ["trimethoprim"], basis="observed", draws=5)
    assert effect.auc_ratio == pytest.approx(1.61)


@pytest.mark.parametrize("victim", ["midazolam", "apixaban", "warfarin", "tacrolimus", "imatinib"])
def test_inhibition_stays_under_its_ceiling_and_grows_with_dose(victim):
    drug = find_victim(victim)
    touched = [p.fm for p in drug.pathways if p.name.startswith(("CYP", "P-gp"))]
    ceiling = 1.0 / (1.0 - sum(touched)) / drug.fg
    for name in ("ketoconazole", "fluconazole", "voriconazole", "clarithromycin", "amiodarone"):
        doses = [Taken(name, find_perpetrator(name).dose_mg * k) for k in (0.25, 1.0, 4.0)]
        ratios = [clearance_ratio(victim, [dose], draws=1).auc_ratio for dose in doses]
        assert ratios == sorted(ratios)
        assert ratios[0] >= 1.0
        assert ratios[-1] <= ceiling + 1e-9


def test_dose_scales_the_effect():
    full = clearance_ratio("triazolam", ["fluconazole"], draws=1).auc_ratio
    same = clearance_ratio("triazolam", [Taken("fluconazole", 400.0)], draws=1).auc_ratio
    quarter = clearance_ratio("triazolam", [Taken("fluconazole", 100.0)], draws=1).auc_ratio
    assert same == pytest.approx(full)
    assert 1.2 < quarter < full
    with pytest.raises(InputError, match="one regimen"):
        clearance_ratio("triazolam", [Taken("deferasirox", 5.0)])
    with pytest.raises(InputError, match="implausible"):
        clearance_ratio("triazolam", [Taken("fluconazole", -5.0)])


def test_draws_follow_the_seed_and_surround_the_point():
    first, again, other = (clearance_ratio("apixaban", ["ketoconazole"], seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, other.draws)
    assert first.draws.shape == (1000,)
    assert first.quantiles[0.05] < first.point < first.quantiles[0.95]
    assert first.log_mean == pytest.approx(np.log(first.quantiles[0.5]), abs=0.1)
    assert 0.05 < first.log_sd < 0.6


def test_unknown_perpetrator_is_said():
    effect = clearance_ratio("apixaban", ["Zanzibarol", "Rifampin"], draws=10)
    assert effect.unknown == ("Zanzibarol",)
    assert effect.perpetrators == ("rifampicin",)  # found by its alias
    assert any("Zanzibarol" in reason and "not included" in reason for reason in effect.reasons)


def test_reasons_carry_sources_and_status():
    effect = clearance_ratio("warfarin", ["amiodarone"], draws=10)
    assert effect.strength.startswith(("weak", "moderate"))
    assert any(
        "in-vivo study with s-warfarin" in r and "CYP2C9" in r and "one transcription" in r for r in effect.reasons
    )
    assert effect.calibrated_on == (("amiodarone", "CYP2C9", "s-warfarin"),)
    (course,) = effect.time_courses
    assert course.offset_days > 180
    assert "weeks" in course.sentence


def test_fast_perpetrators_go_fast_and_lost_enzyme_returns_slowly():
    (fast,) = clearance_ratio("theophylline", ["ciprofloxacin"], draws=1).time_courses
    (slow,) = clearance_ratio("midazolam", ["clarithromycin"], draws=1).time_courses
    assert fast.offset_days < 1.0
    assert 5.0 < slow.offset_days < 14.0


def test_presence_rises_and_falls_with_the_effect():
    (course,) = clearance_ratio("warfarin", ["amiodarone"], draws=1).time_courses
    assert course.presence(0.0) == 0.0
    assert course.presence(course.half_life_h) == pytest.approx(0.5)
    assert course.presence(24.0 * course.onset_days) == pytest.approx(1.0 - 2.0**-5)
    # taken for two half-lives, stopped one half-life ago: 3/4 · 1/2
    assert course.presence(3 * course.half_life_h, course.half_life_h) == pytest.approx(0.375)
    with pytest.raises(InputError, match="start before"):
        course.presence(10.0, 20.0)


def test_course_follows_starts_and_stops():
    (course,) = clearance_ratio("warfarin", ["amiodarone"], draws=1).time_courses
    half = course.half_life_h
    times, values = course.course([(-20 * half, half), (3 * half, None)], start=0.0, until=5 * half)
    assert times[0] == 0.0
    assert times[-1] == 5 * half
    at = dict(zip(times, values, strict=True))
    assert values[0] == pytest.approx(1.0, abs=1e-5)  # taken for long
    assert at[3 * half] == pytest.approx(0.25, abs=0.08)  # two half-lives off, rising again
    assert values[-1] == pytest.approx(1.0 - 0.75 * 0.25)  # 0.25, then two half-lives on
    assert len(times) < 70
    never = course.course([], start=0.0, until=10.0)
    assert set(never[1]) == {0.0}
    long = course.course([(-100.0 * half, None)], start=-5.0, until=1e4 * half)
    assert len(long[0]) < 70
    assert long[1][-1] == pytest.approx(1.0)
    with pytest.raises(InputError, match="order"):
        course.course([(10.0, 5.0)], start=0.0, until=20.0)


def test_apixaban_with_cyp3a4_22():
    effect = genotype_clearance_ratio("apixaban", "CYP3A4", "*1/*22", draws=4000, seed=7)
    assert 0.85 < effect.point < 0.95
    assert effect.quantiles[0.95] - effect.quantiles[0.05] > 0.15
    assert any("No guideline covers CYP3A4 and Apixaban" in r and "Okubo 2013" in r for r in effect.reasons)


def test_warfarin_genotype_follows_its_allele_sum():
    effect = genotype_clearance_ratio("warfarin", "CYP2C9", "*1/*3", draws=10)
    assert effect.point == pytest.approx(1 - 0.9 * (1 - (0.174 + 0.0422) / 0.348), abs=0.005)
    assert any("guideline covers this pair" in r for r in effect.reasons)


def test_cyp3a5_expressers_need_twice_the_tacrolimus_and_feel_an_azole_less():
    alone = genotype_clearance_ratio("tacrolimus", "CYP3A5", "*1/*3", route="iv", draws=10)
    assert 1.7 < alone.point < 2.1
    assert any("*3/*3" in r and "guideline covers this pair" in r for r in alone.reasons)
    expresser = clearance_ratio("tacrolimus", ["voriconazole"], genotype={"CYP3A5": "*1/*3"}, draws=10)
    other = clearance_ratio("tacrolimus", ["voriconazole"], genotype={"CYP3A5": "*3/*3"}, draws=10)
    assert 2.5 < other.auc_ratio < 5.0
    assert 1.3 < expresser.auc_ratio < other.auc_ratio


def test_genotype_by_number_and_both_references():
    turned, straight = (genotype_clearance_ratio("apixaban", "CYP3A4", g, draws=1) for g in ("*22/*1", "*1/*22"))
    assert turned.point == straight.point
    free = genotype_clearance_ratio("midazolam", "CYP3A4", 0.5, 0.1, route="iv", draws=10)
    assert free.point < 1.0
    genes = {"CYP3A4": RelativeActivity(0.5, 0.1, "test")}
    same = clearance_ratio("midazolam", ["ketoconazole"], genotype=genes, draws=10)
    wild = clearance_ratio("midazolam", ["ketoconazole"], genotype=genes, reference="wild_type", draws=10)
    alone = genotype_clearance_ratio("midazolam", "CYP3A4", 0.5, 0.1, draws=10)
    assert wild.point == pytest.approx(same.point * alone.point)
    assert genotype_clearance_ratio("vancomycin", "CYP3A4", "*1/*22", draws=10).point == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: clearance_ratio("moonbeam", []), UnknownNameError, "fractions"),
        (lambda: clearance_ratio("apixaban", [], route="rectal"), InputError, "oral, iv"),
        (lambda: clearance_ratio("apixaban", [], reference="mars"), InputError, "same_genotype"),
        (lambda: clearance_ratio("apixaban", [], basis="guess"), InputError, "in_vivo"),
        (lambda: clearance_ratio("apixaban", [], draws=0), InputError, "draw"),
        (lambda: clearance_ratio("apixaban", [], genotype={"CYP9": "*1/*2"}), UnknownNameError, "CYP3A4"),
        (lambda: clearance_ratio("apixaban", [], genotype={"CYP3A4": "*1/*99"}), UnknownNameError, r"\*1/\*22"),
        (lambda: genotype_clearance_ratio("apixaban", "CYP3A4", 0.6), InputError, "SD"),
        (lambda: RelativeActivity(-1.0, 0.1, ""), InputError, "above 0"),
        (lambda: rows("planets"), KeyError, "victims"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("ratio", "name"),
    [(5.0, "strong increase"), (2.0, "moderate inc"), (1.25, "weak inc"), (1.0, "no rel"), (0.2, "strong decrease")],
)
def test_strength(ratio, name):
    assert strength(ratio).startswith(name)


def test_aliases():
    assert find_perpetrator("St. John's Wort").name == "st johns wort"
    assert find_perpetrator("cyclosporine").name == "ciclosporin"
    with pytest.raises(UnknownNameError, match="by hand"):
        find_perpetrator("water")
    assert find_victim("cyclosporine").name == "ciclosporin"
