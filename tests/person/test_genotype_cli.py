"""`vitruvian genotype` from the shell: JSON keyed by gene, a table for people, exit code 2 for bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from vitruvian.cli import main
from vitruvian.tables.pharmacogenomics import genes, sites


class Done(NamedTuple):
    """What a run of the command left."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs `vitruvian genotype` in this process, through the entry point of the command line."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capture = patch, capture

    def __call__(self, *arguments: str) -> Done:
        self.patch.setattr(sys, "argv", ["vitruvian", "genotype", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = self.capture.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    """CYP2C9 *1/*3, VKORC1 A/G, CYP3A4 *1/*22; reference elsewhere; F5 absent."""
    seen = {"rs1057910": "0/1", "rs9923231": "0/1", "rs35599367": "0/1"}
    rows = [
        f"{s.chrom}\t{s.pos38}\t.\t{s.ref38}\t{','.join(s.alts)}\t.\tPASS\t.\tGT\t{seen.get(s.rsid, '0/0')}"
        for s in sites()
        if s.gene != "F5"
    ]
    path = tmp_path / "genome.vcf"
    head = "##fileformat=VCFv4.2\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1\n"
    path.write_text(head + "\n".join(rows) + "\n")
    return path


def test_json_is_keyed_by_gene(run: Shell, genome: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.tsv"
    outside.write_text("CYP2D6\t*4/*5\n")
    done = run(str(genome), "--json", "--outside", str(outside))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == set(genes())
    nine = answer["CYP2C9"]
    assert (nine["diplotype"], nine["diplotypes"], nine["activity_score"]) == ("*1/*3", ["*1/*3"], 1.0)
    assert nine["missing_positions"] == nine["undocumented_positions"] == []
    assert nine["phase"] == "not needed"
    assert nine["table_version"].startswith("pharmcat-")
    assert nine["input"]["build"] == "GRCh38"
    assert answer["CYP2D6"]["phenotype"] == "Poor Metabolizer"
    assert answer["F5"]["reason"] == "none of its positions is in the file"
    assert answer["F5"]["missing_positions"] == ["rs6025 (chr1:169549811)"]


def test_table_and_advice_for_people(run: Shell, genome: Path) -> None:
    done = run(str(genome), "--drug", "warfarin")
    assert done.returncode == 0, done.stderr
    line = next(text for text in done.stdout.splitlines() if text.startswith("CYP2C9"))
    assert "*1/*3" in line
    assert "Intermediate Metabolizer" in line
    assert "no index" in done.stdout
    assert "doi:10.1002/cpt.668" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--build", "GRCh37"], "wrong build"),
        (["--sample", "nobody"], "no such sample"),
        (["--outside", "absent.tsv"], "outside calls"),
        (["--drug", "penicillin"], "penicillin"),
    ],
)
def test_bad_requests_exit_with_2_and_print_nothing(run: Shell, genome: Path, arguments: list[str], said: str) -> None:
    done = run(str(genome), "--json", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
