"""Every pair of every allele table is found again, unphased, phased and in phase sets, against brute force."""

from __future__ import annotations

import random
from itertools import combinations_with_replacement, product

import pytest

from vitruvian.person import genotype
from vitruvian.person.genes.match import IUPAC, match
from vitruvian.person.genes.naming import pair_name
from vitruvian.tables.pharmacogenomics import Call, alleles, genes, sites

NAMED = [gene for gene in genes() if gene != "DPYD"]


def spellings(gene: str) -> list[tuple[str, list[frozenset[str]]]]:
    """Allele names with the bases each may carry at each site: read from the table without the matcher's masks."""
    places = [site for site in sites() if site.gene == gene and not site.extra]
    facts = [fact for fact in alleles(gene) if fact.kind != "outside"]
    reference = next(fact for fact in facts if fact.kind == "reference").definition
    found = []
    for fact in facts:
        text = [fact.definition.get(p.pos38, reference.get(p.pos38, p.ref38)) for p in places]
        found.append((fact.name, [frozenset(IUPAC.get(t, "")) or frozenset({t}) for t in text]))
    return found


def names_of(table: list[tuple[str, list[frozenset[str]]]], haplotype: tuple[str, ...]) -> set[str]:
    return {name for name, may in table if all(base in held for base, held in zip(haplotype, may, strict=True))}


def pairs_of(table: list[tuple[str, list[frozenset[str]]]], one: tuple[str, ...], two: tuple[str, ...]) -> set[str]:
    return {pair_name(a, b) for a, b in product(names_of(table, one), names_of(table, two))}


def brute_force(table: list[tuple[str, list[frozenset[str]]]], one: tuple[str, ...], two: tuple[str, ...]) -> set[str]:
    """Union over all ways to phase the heterozygous positions."""
    open_sites = [k for k, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    found: set[str] = set()
    for turns in product((False, True), repeat=max(len(open_sites) - 1, 0)):
        left, right = list(one), list(two)
        for k, turned in zip(open_sites[1:], turns, strict=True):
            if turned:
                left[k], right[k] = right[k], left[k]
        found |= pairs_of(table, tuple(left), tuple(right))
    return found


def found_by(gene: str, one: tuple[str, ...], two: tuple[str, ...], phase_set: str | None) -> set[str]:
    places = [site for site in sites() if site.gene == gene and not site.extra]
    calls = {p.key: Call(a, b, phase_set) for p, a, b in zip(places, one, two, strict=True)}
    return {pair.name for pair in match(gene, calls)}


def check(gene: str, chosen: list[tuple[int, int]]) -> None:
    table = spellings(gene)
    for i, j in chosen:
        one, two = (tuple(sorted(held)[-1] for held in table[k][1]) for k in (i, j))
        wanted = pair_name(table[i][0], table[j][0])
        phased = found_by(gene, one, two, "1")
        assert phased == pairs_of(table, one, two)
        assert wanted in phased
        unphased = found_by(gene, one, two, None)
        assert wanted in unphased
        assert phased <= unphased
        if sum(a != b for a, b in zip(one, two, strict=True)) <= 6:
            assert unphased == brute_force(table, one, two)


@pytest.mark.parametrize("gene", NAMED)
def test_pairs_are_recovered(gene: str) -> None:
    pairs = list(combinations_with_replacement(range(len(spellings(gene))), 2))
    check(gene, pairs if len(pairs) < 250 else random.Random(1).sample(pairs, 250))


@pytest.mark.slow
@pytest.mark.parametrize("gene", NAMED)
def test_every_pair_is_recovered(gene: str) -> None:
    check(gene, list(combinations_with_replacement(range(len(spellings(gene))), 2)))


def reference_calls(gene: str) -> dict[tuple[str, int], Call]:
    return {site.key: Call(site.ref38, site.ref38) for site in sites() if site.gene == gene}


def place(rsid: str) -> tuple[str, int]:
    return next(site.key for site in sites() if site.rsid == rsid)


def test_disjoint_phase_sets_are_not_phased_against_each_other() -> None:
    """PharmCAT issue 175: two phase sets must leave the order between them open."""
    calls = reference_calls("TPMT")
    first, second = place("rs1800460"), place("rs1142345")
    apart = genotype(calls | {first: Call("C", "T", "10"), second: Call("C", "T", "20")})["TPMT"]
    assert {d.name for d in apart.diplotypes} == {"*1/*3A", "*3B/*3C"}
    assert apart.phase == "phase sets"
    same = genotype(calls | {first: Call("C", "T", "10"), second: Call("C", "T", "10")})["TPMT"]
    assert [d.name for d in same.diplotypes] == ["*3B/*3C"]
    assert same.phase == "phased"
    turned = genotype(calls | {first: Call("C", "T", "10"), second: Call("T", "C", "10")})["TPMT"]
    assert [d.name for d in turned.diplotypes] == ["*1/*3A"]


def test_a_missing_position_returns_all_that_fit() -> None:
    calls = reference_calls("CYP2C9")
    calls.pop(place("rs1057910"))
    call = genotype(calls)["CYP2C9"]
    names = [d.name for d in call.diplotypes]
    assert names[0] == "*1/*1"
    assert {"*1/*3", "*3/*3"} <= set(names)
    assert call.missing == ("rs1057910 (chr10:94981296)",)
    assert {"Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer"} <= set(call.phenotypes)
    assert "*3" in call.not_excluded


def test_variants_that_were_seen_come_before_those_that_were_not() -> None:
    """PharmCAT's s4bs17rs28399504missing: *4/*4, *4/*17 and *17/*17 all fit; only *17 was seen."""
    calls = reference_calls("CYP2C19") | {place("rs12248560"): Call("T", "T"), place("rs3758581"): Call("G", "G")}
    calls.pop(place("rs28399504"))
    found = genotype(calls)["CYP2C19"].diplotypes
    assert [(d.name, d.unseen) for d in found] == [("*17/*17", 0), ("*4/*17", 1), ("*4/*4", 2)]


def test_missing_positions_never_drop_the_truth() -> None:
    """Taking any position away may add pairs, and may not remove one."""
    whole = reference_calls("CYP2C19") | {place("rs4244285"): Call("G", "A"), place("rs3758581"): Call("G", "G")}
    whole[place("rs12769205")] = Call("A", "G")
    told = {pair.name for pair in match("CYP2C19", whole)}
    for key in whole:
        less = {k: v for k, v in whole.items() if k != key}
        assert told <= {pair.name for pair in match("CYP2C19", less)}


def test_a_half_call_leaves_the_other_allele_open() -> None:
    call = genotype(reference_calls("CYP3A5") | {place("rs776746"): Call("C", None)})["CYP3A5"]
    assert {d.name for d in call.diplotypes} == {"*1/*3", "*3/*3"}
    assert call.missing == ("rs776746 (chr7:99672916): half called C/.",)


def test_an_undocumented_allele_is_no_call_with_the_reason() -> None:
    for bad in ("G", "<DEL>", "CAC"):
        call = genotype(reference_calls("CYP2C9") | {place("rs1799853"): Call("C", bad)})["CYP2C9"]
        assert call.diplotypes == ()
        assert call.phenotype is None
        assert "rs1799853" in call.undocumented[0]
        assert call.reason is not None
        assert "not documented" in call.reason


def test_a_combination_that_no_allele_has_is_no_call() -> None:
    calls = reference_calls("CYP2C9") | {
        place("rs1799853"): Call("T", "T"),
        place("rs1057910"): Call("C", "C"),
        place("rs28371686"): Call("G", "G"),
    }
    call = genotype(calls)["CYP2C9"]
    assert call.diplotypes == ()
    assert call.reason is not None
    assert "no pair" in call.reason


def test_slco1b1_falls_back_on_c521() -> None:
    calls = reference_calls("SLCO1B1") | {place("rs4149056"): Call("T", "C")}
    calls |= {place(rsid): Call("C", "C") for rsid in ("rs59502379", "rs56101265")}
    call = genotype(calls)["SLCO1B1"]
    assert call.diplotypes == ()
    assert call.phenotype == "Decreased Function"
    assert any("rs4149056" in note for note in call.notes)


def test_ta_repeats_of_ugt1a1() -> None:
    key = place("rs3064744")
    seven, eight, six, nine = "CAT", "CATAT", "C", "CATATAT"
    for pair, name, phenotype in (
        ((seven, eight), "*1/*28", "Intermediate Metabolizer"),
        ((eight, eight), "*28/*28", "Poor Metabolizer"),
        ((six, nine), "*36/*37", "Intermediate Metabolizer"),
    ):
        call = genotype(reference_calls("UGT1A1") | {key: Call(*pair)})["UGT1A1"]
        assert (call.diplotype, call.phenotype) == (name, phenotype)
