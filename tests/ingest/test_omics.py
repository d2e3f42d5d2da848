"""Tables of genes, proteins, metabolites and probes: every layout, every id system, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, InputError, UnknownNameError
from vitruvian.ingest.omics import OmicsTable, omics_values
from vitruvian.ingest.omics_ids import mangled, system_of
from vitruvian.record import Draft, Parsed, RawFile, Told

OMICS = OmicsTable()
GENES = ["ENSG00000141510.18", "ENSG00000012048", "ENSG00000146648.3", "ENSG00000133703"]
WIDE = "gene_id\tgene_name\tS1\tS2\n" + "".join(f"{g}\tX{k}\t{k}\t{k + 10}\n" for k, g in enumerate(GENES))


def table(folder: Path, text: str, name: str = "table.tsv") -> RawFile:
    path = folder / name
    path.write_text(text)
    return RawFile(path)


def read(file: RawFile, **told: object) -> Parsed:
    assert OMICS.claims(file.head)
    return Parsed.of(OMICS.read(file, Told(**told)))  # type: ignore[arg-type]


def facts(file: RawFile, **told: object) -> list[Draft]:
    found = read(file, **told)
    assert not found.rejected
    return [fact for record in found.records for fact in record.facts]


@pytest.mark.parametrize(
    ("ids", "header", "name"),
    [
        (["ENSG00000141510", "ENSG00000141510.18", "ENSG00000182378.15_PAR_Y"], "", "ensembl_gene"),
        (["ENST00000269305.9"], "", "ensembl_transcript"),
        (["HGNC:11998"], "", "hgnc"),
        (["P04637", "A0A024R1R8", "Q9H0H5", "P04637-2"], "", "uniprot"),
        (["HMDB0000122", "HMDB00122"], "", "hmdb"),
        (["CHEBI:17234"], "", "chebi"),
        (["C00031"], "", "kegg"),
        (["cg00000029", "ch.1.1000F", "cg00000029_TC21"], "", "probe"),
        (["TP53", "EGFR", "KRAS", "C1orf112"], "", "hgnc_symbol"),
        (["XYZ1", "QQQ2"], "gene", "hgnc_symbol"),
        (["7157", "672"], "entrez_id", "ncbi_gene"),
    ],
)
def test_systems_of_ids(ids: list[str], header: str, name: str) -> None:
    found = system_of(ids, header)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("ids", [["7157", "672"], ["XYZ1", "QQQ2"], ["2024-01-01"], ["ENSG123"], ["cg1"], []])
def test_what_has_no_known_form_is_of_no_system(ids: list[str]) -> None:
    assert system_of(ids) is None


@pytest.mark.parametrize("name", ["1-Mar", "2-Sep", "Dec-1", "2023-03-01", "1-Mar-24", "2.31E+13"])
def test_gene_names_that_a_spreadsheet_made_dates_of(name: str) -> None:
    assert mangled(name)
    assert not any(map(mangled, ("MARCHF1", "SEPTIN2", "HLA-A", "DEC1")))


def test_genes_in_rows_samples_in_columns(tmp_path: Path) -> None:
    found = read(table(tmp_path, WIDE), samples={"S1": "p"}, find={"S2": "q"}.get)
    assert [(one.subject, one.place) for one in found.records] == [("p", "sample S1"), ("q", "sample S2")]
    fact = found.records[1].facts[0]
    assert (fact.kind, fact.code, fact.system, fact.flags) == (
        "omics", "gene_expression", "http://www.ensembl.org", (),
    )  # fmt: skip
    assert fact.detail["scale"] == "counts"
    assert fact.detail["scale_by"] == "whole numbers"
    assert {k: fact.detail[k] for k in ("n", "ids", "min", "max", "sum", "missing")} == {
        "n": 4, "ids": 4, "min": 10, "max": 13, "sum": 46, "missing": 0,
    }  # fmt: skip


def test_samples_in_rows_genes_in_columns(tmp_path: Path) -> None:
    text = "sample," + ",".join(GENES) + "\nS1,1.5,2,NA,4\nS2,5,6,7,8\n"
    found = facts(table(tmp_path, text), samples={"S1": "p", "S2": "q"})
    assert [(f.detail["n"], f.detail["missing"], f.detail["sum"]) for f in found] == [(3, 1, 7.5), (4, 0, 26)]
    assert found[0].flags == ("unknown_scale",)
    assert found[0].detail["scale"] == "unknown"


def test_long(tmp_path: Path) -> None:
    text = (
        "sample_id;hmdb_id;value;unit\nS1;HMDB0000122;5.1;mmol/L\nS2;HMDB0000122;4.9;mmol/L\nS1;HMDB0000190;1;mmol/L\n"
    )
    found = read(table(tmp_path, text), samples={"S1": "p", "S2": "q"}).records
    assert [(r.subject, r.facts[0].code, r.facts[0].detail["n"]) for r in found] == [
        ("p", "metabolomics", 2), ("q", "metabolomics", 1),
    ]  # fmt: skip
    assert found[0].facts[0].detail["units"] == ["mmol/L"]


@pytest.mark.parametrize(
    ("text", "code", "scales"),
    [
        ("target_id\tlength\teff_length\test_counts\ttpm\nENST00000269305.9\t9\t8\t3.5\t1e6\n", "gene_expression",
         ["counts", "TPM"]),
        ("Name\tLength\tEffectiveLength\tTPM\tNumReads\nENST00000269305.9\t9\t8\t3.5\t1\n", "gene_expression",
         ["TPM", "counts"]),
        ("ENSG00000141510\t12\nENSG00000012048\t0\n__no_feature\t77\n", "gene_expression", ["counts"]),
        ("# featureCounts\nGeneid\tChr\tStart\tEnd\tStrand\tLength\tcount\nENSG00000141510\t17\t1\t9\t-\t8\t5\n",
         "gene_expression", ["counts"]),
        ("uniprot,intensity\nP04637,1200.5\n", "proteomics", ["intensity"]),
        ("IlmnID,beta\ncg00000029,0.5\ncg00000108,NA\ncg00000109,1\n", "methylation", ["beta"]),
        ("cpg,value\ncg00000029,0.5\ncg00000108,0.1\n", "methylation", ["beta"]),
        ("Assay,NPX\nTP53,-1.5\nIL6,3\nEGFR,4\n", "proteomics", ["NPX (log2)"]),
    ],
)  # fmt: skip
def test_one_sample_as_quantifiers_write_it(tmp_path: Path, text: str, code: str, scales: list[str]) -> None:
    found = facts(table(tmp_path, text), patient="p")
    assert [fact.detail["scale"] for fact in found] == scales
    assert {fact.code for fact in found} == {code}
    with pytest.raises(DataError, match="--patient"):
        read(table(tmp_path, text))


def test_a_table_as_r_writes_it_and_scales_in_the_names(tmp_path: Path) -> None:
    text = "LFQ intensity A\tLFQ intensity B\nP04637\t10.5\t20\nQ9H0H5\t0\t30\n"
    found = read(table(tmp_path, text), samples={"A": "p", "B": "q"}).records
    assert [(r.subject, r.facts[0].detail["scale"], r.facts[0].detail["zeros"]) for r in found] == [
        ("p", "intensity", 1), ("q", "intensity", 0),
    ]  # fmt: skip
    part = OMICS.part(table(tmp_path, text), ["sample B"]).decode()
    assert part == "LFQ intensity B\nP04637\t20\nQ9H0H5\t30\n"


def test_unknown_mangled_and_repeated_ids_are_kept_and_flagged(tmp_path: Path) -> None:
    rows = [*(f"{g},1.5" for g in ("TP53", "EGFR", "KRAS", "MYC", "TP53")), "1-Mar,3", "2-Sep,4", "a-gene?,5"]
    (fact,) = facts(table(tmp_path, "gene,tpm\n" + "\n".join(rows) + "\n"), patient="p")
    assert fact.flags == ("unknown_ids", "mangled_ids", "repeated_ids")
    assert fact.detail["n"] == 8
    assert fact.detail["first_unknown"] == ["a-gene?"]
    assert fact.detail["first_mangled"] == ["1-Mar", "2-Sep"]
    assert (fact.detail["ids"], fact.detail["repeated_ids"]) == (4, 1)


def test_a_repeated_id_of_a_long_table_is_flagged(tmp_path: Path) -> None:
    text = "sample,uniprot,intensity\nS1,P04637,1\nS2,P04637,2\nS1,P04637,3\n"
    found = facts(table(tmp_path, text), samples={"S1": "p", "S2": "q"})
    assert found[0].flags == ("repeated_ids",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gene_id,counts\nENSG00000141510,-3\n", "counts below zero"),
        ("cpg,beta\ncg00000029,1.2\n", "beta above one"),
        ("uniprot,intensity\nP04637,-1\n", "intensity below zero"),
    ],
)
def test_values_that_cannot_be_on_their_scale_are_rejected(tmp_path: Path, text: str, said: str) -> None:
    found = read(table(tmp_path, text), patient="p")
    assert not found.records
    assert said in found.rejected[0].reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gene_id,counts\nENSG00000141510,3\nENSG00000012048,many\n", "line 3: not a number"),
        ("gene_id,counts\nENSG00000141510,3\nENSG00000012048,inf\n", "line 3: not a finite"),
        ("gene_id,counts\nENSG00000141510,3\nENSG00000012048\n", "line 3: too few"),
        ("gene_id,S1,S1\nENSG00000141510,3,4\n", "one name"),
        ("sample," + ",".join(GENES) + "\nS1,1,2,3,4\nS1,1,2,3,4\n", "one name"),
    ],
)
def test_broken_tables_are_refused_whole(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(table(tmp_path, text), patient="p")


@pytest.mark.parametrize(
    "text",
    [
        "date,glucose\n2024-01-01,5.5\n",
        "patient,HbA1c,creatinine\nP04637X,5,80\n",
        "name,value\nsodium,140\npotassium,4\n",
        "Time;Record Type;Historic Glucose (mmol/L)\n2022/02/07 10:00;0;5.5\n",
        "{}",
        "",
        "a\n",
    ],
)
def test_other_tables_are_not_claimed(text: str) -> None:
    assert not OMICS.claims(text.encode())


def test_samples_of_nobody_are_rejected_one_by_one(tmp_path: Path) -> None:
    found = read(table(tmp_path, WIDE), samples={"S1": "p"}, patient="r")
    assert [one.subject for one in found.records] == ["p"]
    assert "--sample S2=PATIENT" in found.rejected[0].reason


@pytest.mark.parametrize(
    "text",
    [
        WIDE,
        "sample," + ",".join(GENES) + "\nS1,1.5,2,NA,4\nS2,5,6,7,8\n",
        "sample,gene_id,tpm\nS1,ENSG00000141510,1\nS2,ENSG00000141510,7\nS1,ENSG00000012048,2\nS2,ENSG00000012048,9\n",
    ],
)
def test_a_part_holds_one_person_and_is_the_same_record(tmp_path: Path, text: str) -> None:
    whole = table(tmp_path, text)
    found = read(whole, samples={"S1": "p", "S2": "q"}).records
    part = table(tmp_path, OMICS.part(whole, [found[1].place]).decode(), "part.tsv")
    assert "S1" not in part.path.read_text()
    (again,) = read(part, samples={"S2": "q"}).records
    assert (again.source_id, again.place, again.facts) == (found[1].source_id, found[1].place, found[1].facts)


def test_values_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "wide.tsv.gz"
    path.write_bytes(gzip.compress(WIDE.encode()))
    found = omics_values(path, "S2")
    assert found.ids == tuple(GENES)
    np.testing.assert_array_equal(found.values, [10, 11, 12, 13])
    assert found.of("ENSG00000012048") == 11
    with pytest.raises(UnknownNameError):
        found.of("ENSG00000000001")
    with pytest.raises(UnknownNameError):
        omics_values(path, "S3")
    assert [r.source_id for r in read(RawFile(path), samples={"S1": "p", "S2": "q"}).records] == [
        r.source_id for r in read(table(tmp_path, WIDE), samples={"S1": "p", "S2": "q"}).records
    ]
