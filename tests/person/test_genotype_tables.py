"""The frozen tables against the public ones that they were made from, and within themselves."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from vitruvian.person.genes.match import bits, definition
from vitruvian.person.genes.phenotype import phenotype
from vitruvian.tables.pharmacogenomics import alleles, genes, phenotype_rules, rows, sites


@pytest.fixture(scope="module")
def public(shared: Path) -> dict[str, dict[str, object]]:
    with tarfile.open(shared / "data" / "pharmacogenomics" / "pharmcat_tables.tar.gz") as tables:
        found = {}
        for member in tables.getmembers():
            held = tables.extractfile(member) if member.name.endswith(".json") else None
            if held is not None:
                found["/".join(Path(member.name).parts[-2:])] = json.loads(held.read())
        return found


def test_every_diplotype_of_the_public_tables_has_its_phenotype(public: dict[str, dict[str, object]]) -> None:
    """Two functions (or a score) decide the phenotype: checked over all public diplotypes, CYP2D6 and DPYD too."""
    checked = 0
    for name, table in public.items():
        if "diplotypes" not in table or table["gene"] not in genes():
            continue
        for row in table["diplotypes"]:  # type: ignore[attr-defined]
            first, second = [allele for allele, count in row["diplotypekey"].items() for _ in range(count)]
            text, score = phenotype(str(table["gene"]), first, second)
            assert text == row["phenotype"], (name, row)
            if row["activityScore"] not in (None, "n/a"):
                assert score == float(row["activityScore"].lstrip("≥"))
            checked += 1
    assert checked > 25_000


def test_every_definition_of_the_public_tables_is_ours(public: dict[str, dict[str, object]]) -> None:
    """Allele by allele and position by position, read back from the masks."""
    for name, table in public.items():
        if "namedAlleles" not in table or "variants" not in table:
            continue
        mine = definition(str(table["gene"]))
        variants = table["variants"]
        assert [site.pos38 for site in mine.sites] == [v["position"] for v in variants], name  # type: ignore[attr-defined]
        named = table["namedAlleles"]
        reference = next(a for a in named if a["reference"])["alleles"]  # type: ignore[attr-defined]
        for i, allele in enumerate(named):  # type: ignore[arg-type]
            for s, (site, base) in enumerate(zip(mine.sites, allele["alleles"], strict=True)):
                assert mine.masks[i, s] == bits(site, base if base is not None else reference[s])
                assert mine.defined[i, s] == (base is not None)


def test_tables_hang_together() -> None:
    keys = [site.key for site in sites()]
    assert len(keys) == len(set(keys))
    for gene in genes():
        facts = alleles(gene)
        assert sum(fact.kind == "reference" for fact in facts) == 1
        assert (definition(gene).masks > 0).all()
    for gene in set(genes()) - {"CYP4F2"}:
        assert phenotype_rules(gene)


def test_every_row_has_a_source() -> None:
    for name in ("positions", "alleles", "phenotypes", "priorities", "advice", "frequencies", "contigs"):
        assert all(row["source"].strip() for row in rows(f"{name}.tsv")), name


def test_frequencies_are_probabilities() -> None:
    sums: dict[tuple[str, str], float] = {}
    for row in rows("frequencies.tsv"):
        key = row["gene"], row["population"]
        sums[key] = sums.get(key, 0.0) + float(row["frequency"])
        assert row["allele"] in {fact.name for fact in alleles(row["gene"])}
    assert all(0 <= total <= 1 for total in sums.values())
