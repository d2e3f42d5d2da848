"""Golden calls: asserted by PharmCAT 3.1 (PharmGKB/PharmCAT@5431bf11), diplotype, phenotype and score, exactly."""

from __future__ import annotations

import pytest

from vitruvian.core import DataError, UnknownNameError
from vitruvian.person import GeneCall, advice, covariates, genotype, read_outside
from vitruvian.tables.pharmacogenomics import Call, sites

NM, IM, PM = "Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer"
C, T = "rs9923231 reference (C)", "rs9923231 variant (T)"
HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"

GOLDEN = [
    ("CYP2C19", {}, "*38/*38", NM, None),
    ("CYP2C19", {"rs3758581": "G/G", "rs12769205": "A/G", "rs4244285": "G/A"}, "*1/*2", IM, None),
    ("CYP2C19", {"rs3758581": "G/G", "rs12248560": "T/T", "rs28399504": "A/G"}, "*4/*17", IM, None),
    ("CYP2C9", {"rs1799853": "C/T"}, "*1/*2", IM, 1.5),
    ("CYP3A5", {"rs776746": "T/C"}, "*1/*3", IM, None),
    ("CYP3A5", {"rs776746": "C/C"}, "*3/*3", PM, None),
    ("SLCO1B1", {"rs2306283": "A/G", "rs4149056": "T/C"}, "*1/*15", "Decreased Function", None),
    ("TPMT", {"rs1800460": "C/T", "rs1142345": "T/C"}, "*1/*3A", IM, None),
    ("DPYD", {"rs67376798": "T|A"}, "Reference/c.2846A>T", IM, 1.5),
    ("VKORC1", {}, f"{C}/{C}", "-1639 GG", None),
    ("VKORC1", {"rs9923231": "C/T"}, f"{C}/{T}", "-1639 AG", None),
    ("VKORC1", {"rs9923231": "T/T"}, f"{T}/{T}", "-1639 AA", None),
    ("CYP3A4", {"rs35599367": "G/A"}, "*1/*22", IM, None),
    ("CYP2C9", {"rs1057910": "A/C"}, "*1/*3", IM, 1.0),
    ("F5", {"rs6025": "C/T"}, "rs6025 C/rs6025 T (Factor V Leiden)", "Factor V Leiden heterozygous", None),
    # NAT2: the pair that phased data show most often is named first (docs/methods/Gene-Definition-Exceptions.md)
    ("NAT2", {"rs1801279": "G/A", "rs1801280": "T/C", "rs1799930": "G/A", "rs1208": "G/A"}, "*5/*15", PM, None),
    # DPYD: test sheet hapb3.tsv
    ("DPYD", {"rs75017182": "G/C", "rs56038477": "C/T"}, f"Reference/{HAPB3}", IM, 1.5),
    ("DPYD", {"rs75017182": "G/C"}, f"Reference/{HAPB3}", IM, 1.5),
    ("DPYD", {"rs56038477": "T/T"}, "Reference/Reference", NM, 2.0),
    ("DPYD", {"rs56038477": "C/T", "rs75017182": "./."}, f"Reference/{HAPB3}", IM, 1.5),
    ("DPYD", {"rs75017182": "G/C", "rs67376798": "T/A"}, f"{HAPB3}/c.2846A>T", IM, 1.0),
    ("DPYD", {"rs75017182": "G|C", "rs67376798": "T|A"}, f"Reference/[{HAPB3} + c.2846A>T]", IM, 1.5),
    ("DPYD", {"rs72549310": "G/A", "rs75017182": "C/C"}, f"{HAPB3}/[c.61C>T + {HAPB3}]", "Poor Metabolizer", 0.5),
    ("DPYD", {"rs72549310": "A/A"}, "c.61C>T/c.61C>T", PM, 0.0),
]


def called(**seen: str) -> dict[tuple[str, int], Call]:
    """A person who is reference everywhere but for the rsids given; `./.` takes a position away."""
    found = {}
    for site in sites():
        text = seen.get(site.rsid, f"{site.ref38}/{site.ref38}")
        first, second = text.replace("|", "/").split("/")
        if first != ".":
            found[site.key] = Call(first, second, "chromosome" if "|" in text else None)
    return found


@pytest.mark.parametrize(("gene", "seen", "diplotype", "phenotype", "score"), GOLDEN)
def test_golden(gene: str, seen: dict[str, str], diplotype: str, phenotype: str, score: float | None) -> None:
    call = genotype(called(**seen))[gene]
    assert (call.diplotype, call.phenotype, call.activity_score) == (diplotype, phenotype, score)
    assert call.table_version.startswith("pharmcat-20")


def test_golden_outside_call() -> None:
    """Row 9: CYP2D6 *1/*3 from elsewhere is an IM of score 1; codeine advice is moderate (CPIC)."""
    calls = genotype(called(), read_outside("CYP2D6\t*1/*3\nHLA-B\t*15:02/*57:01\nMT-RNR1\t1555A>G\n"))
    call = calls["CYP2D6"]
    assert (call.diplotype, call.phenotype, call.activity_score, call.phase) == ("*1/*3", IM, 1.0, "outside call")
    assert advice("codeine", calls)[0].strength == "moderate"
    assert calls["HLA-B"].phenotype == "*15:02 positive; *57:01 positive; *58:01 negative"
    assert "do not use" in advice("phenytoin", calls)[0].text
    assert "usual use" in advice("allopurinol", calls)[0].text
    assert "avoid" in advice("gentamicin", calls)[0].text


@pytest.mark.parametrize(
    ("diplotype", "phenotype", "score"),
    [
        ("*1x2/*2", "Ultrarapid Metabolizer", 3.0),
        ("*1x3/*4", "Ultrarapid Metabolizer", 3.0),
        ("*4/*5", PM, 0.0),
        ("*10/*41", IM, 0.5),
        ("*4.001/*1", IM, 1.0),
        ("*1/*999", "Indeterminate", None),
    ],
)
def test_cyp2d6_structure_comes_from_outside(diplotype: str, phenotype: str, score: float | None) -> None:
    call = genotype({}, read_outside(f"CYP2D6\t{diplotype}"))["CYP2D6"]
    assert (call.phenotype, call.activity_score) == (phenotype, score)


@pytest.mark.parametrize(
    "text", ["CYP2D6 *1/*3", "CYP2D6", "CYP2D6\t*1/*3\nCYP2D6\t*1/*4", "CYP2D6\t\t\t", "\t*1/*2", "CYP2D6\t*1/*1/*2"]
)
def test_broken_outside_calls_are_refused(text: str) -> None:
    with pytest.raises(DataError):
        genotype({}, read_outside(text))


def test_dpyd_unphased_gives_every_arrangement_least_active_first() -> None:
    call = genotype(called(rs67376798="T/A", rs72549310="G/A"))["DPYD"]
    assert [(d.name, d.activity_score) for d in call.diplotypes] == [
        ("c.61C>T/c.2846A>T", 0.5),
        ("Reference/[c.61C>T + c.2846A>T]", 1.0),
    ]
    assert call.phenotypes == (PM, IM)


def test_dpyd_many_unphased_variants_stay_bounded() -> None:
    variants = [s for s in sites() if s.gene == "DPYD" and s.rsid not in ("rs75017182", "rs56038477")][:20]
    calls = called() | {site.key: Call(site.ref38, site.alts[0]) for site in variants}
    call = genotype(calls)["DPYD"]
    assert len(call.diplotypes) == 1
    assert call.activity_score is not None
    assert call.activity_score <= 1.0
    assert any("least active" in note for note in call.notes)


def test_dpyd_missing_positions_are_open() -> None:
    one = genotype(called(rs67376798="./."))["DPYD"]
    assert [d.name for d in one.diplotypes] == ["Reference/Reference", "Reference/c.2846A>T", "c.2846A>T/c.2846A>T"]
    assert one.not_excluded == ("c.2846A>T",)
    nothing = genotype({k: v for k, v in called().items() if k[0] != "chr1"})["DPYD"]
    assert nothing.diplotype is None
    assert nothing.reason == "none of its positions is in the file"


def test_nothing_seen_is_no_call_for_every_gene() -> None:
    for call in genotype({}).values():
        assert not call.called
        assert call.reason
        assert len(call.missing) == call.needed > 0


def ambiguous() -> dict[str, GeneCall]:
    calls = called(rs1799853="C/T", rs1057910="./.", rs9923231="C/T")
    return genotype(calls)


def test_covariates_of_a_known_genotype_are_certain() -> None:
    calls = genotype(called(rs1799853="C/T", rs9923231="C/T", rs776746="C/C", rs35599367="G/A"))
    (only,) = covariates(calls)
    assert only.weight == 1.0
    assert only.values == {
        "CYP2C9_1": 1.0,
        "CYP2C9_2": 1.0,
        "CYP2C9_3": 0.0,
        "VKORC1_A": 1.0,
        "CYP3A5_EXPRESSOR": 0.0,
        "CYP3A4_22": 1.0,
        "CYP4F2_3": 0.0,
        "CYP2C19_REDUCED": 0.0,
        "CYP2C19_ACTIVITY": 2.0,
    }


@pytest.mark.parametrize("population", [None, "EUR", "AFR", "EAS", "AMR"])
def test_unknown_genes_are_a_mixture_over_the_population(population: str | None) -> None:
    found = covariates({}, ["CYP2C9_1", "CYP2C9_2", "CYP2C9_3", "VKORC1_A"], population=population)
    assert sum(a.weight for a in found) == pytest.approx(1.0, abs=1e-12)
    assert len(found) == 18
    assert all(a.values["CYP2C9_1"] + a.values["CYP2C9_2"] + a.values["CYP2C9_3"] == 2 for a in found)


def test_mixture_follows_the_allele_frequencies() -> None:
    """Expected number of VKORC1 A alleles = 2 × 0.388 in Europeans (1000 Genomes, PMC6562764 Table 1)."""
    found = covariates({}, ["VKORC1_A"], population="EUR")
    assert sum(a.weight * a.values["VKORC1_A"] for a in found) == pytest.approx(2 * 0.388, abs=1e-12)


@pytest.mark.parametrize(
    ("diplotype", "reduced", "activity"),
    [("*1/*1", 0, 2), ("*1/*2", 1, 1), ("*2/*3", 1, 0), ("*2/*17", 1, 1), ("*1/*17", 0, 3), ("*17/*17", 0, 4)],
)
def test_cyp2c19_covariates(diplotype: str, reduced: int, activity: int) -> None:
    (only,) = covariates(genotype({}, read_outside(f"CYP2C19\t{diplotype}")), ["CYP2C19_REDUCED", "CYP2C19_ACTIVITY"])
    assert only.values == {"CYP2C19_REDUCED": reduced, "CYP2C19_ACTIVITY": activity}


def test_a_phenotype_alone_narrows_the_mixture() -> None:
    calls = genotype({}, read_outside("CYP2C19\t\tPoor Metabolizer"))
    (only,) = covariates(calls, ["CYP2C19_ACTIVITY"], population="EUR")
    assert only.values == {"CYP2C19_ACTIVITY": 0.0}


def test_an_ambiguous_genotype_is_weighted_over_what_fits() -> None:
    found = covariates(ambiguous(), ["CYP2C9_1", "CYP2C9_2", "CYP2C9_3"], population="EUR")
    assert sum(a.weight for a in found) == pytest.approx(1.0, abs=1e-12)
    likeliest = found[0].values
    assert likeliest == {"CYP2C9_1": 1.0, "CYP2C9_2": 1.0, "CYP2C9_3": 0.0}
    assert 0.85 < found[0].weight < 1.0
    assert any(a.values["CYP2C9_3"] == 1.0 and a.weight > 0.01 for a in found)


def test_unknown_covariate_and_population_are_named() -> None:
    with pytest.raises(UnknownNameError, match="CYP9"):
        covariates({}, ["CYP9"])
    with pytest.raises(UnknownNameError, match="MARS"):
        covariates({}, ["VKORC1_A"], population="MARS")


def test_advice_says_source_strength_and_uncertainty() -> None:
    calls = genotype(called(rs776746="T/C"))
    (item,) = advice("tacrolimus", calls)
    assert (item.strength, item.source) == ("strong", "doi:10.1002/cpt.113")
    assert "1.5 to 2 times" in item.text
    assert item.certain
    (unknown,) = advice("voriconazole", genotype({}))
    assert unknown.strength == "none"
    assert "CYP2C19 unknown" in unknown.text
    assert not advice("warfarin", ambiguous())[0].certain
    assert "No guideline covers" in advice("apixaban", calls)[0].text
    with pytest.raises(UnknownNameError, match="penicillin"):
        advice("penicillin", calls)


def test_every_row_of_advice_can_be_reached() -> None:
    """Conditions name phenotypes, scores and genes that the tables can produce."""
    from vitruvian.tables.pharmacogenomics import genes, phenotype_rules, rows

    for row in rows("advice.tsv"):
        for part in row["when"].split(" & "):
            if "=" in part:
                gene, wanted = part.split("=")
                known = {rule.phenotype for rule in phenotype_rules(gene).values()}
                assert set(wanted.split("|")) <= known, part
            elif "#" in part:
                gene, wanted = part.split("#")
                known = {first for first, _ in phenotype_rules(gene)}
                assert {repr(float(x)) for x in wanted.split("|")} <= known, part
            elif "~" in part:
                assert part.split("~")[0].rstrip("!") in {*genes(), "HLA-A", "HLA-B", "MT-RNR1"}
        assert row["source"].startswith(("doi:", "no guideline"))


def test_json_is_plain() -> None:
    import json

    text = json.dumps({gene: call.to_json() for gene, call in ambiguous().items()}, allow_nan=False)
    back = json.loads(text)["CYP2C9"]
    assert back["diplotype"] == "*1/*2"
    assert back["missing_positions"] == ["rs1057910 (chr10:94981296)"]
