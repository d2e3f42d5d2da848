"""Wrong input, end to end: what was got, what is allowed, what to do; the exit code; nothing half written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import vitruvian as vt
from bundles import NOW, WHOLE, creatinine, dose, height, level, person, weight, write
from vitruvian.cli import main
from vitruvian.core import DataError, InputError, UnitError, UnknownNameError, UnsupportedError
from vitruvian.ingest import read_calls, samples
from vitruvian.model import Dose, compile_events
from vitruvian.model.dataset import read_dataset
from vitruvian.pharmacology import find, find_model
from vitruvian.twin import Asked, read_case

Run = Callable[..., tuple[int, str]]
DATA = "ID,TIME,AMT,RATE,EVID,DV,CRCL,WT,DIALYSIS\n"
MODEL = "vancomycin_goti_2018"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in an empty folder; gives the exit code and what went to standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["vitruvian", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, capsys.readouterr().err

    return call


# -- data sets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            DATA.replace("DIALYSIS", "DIALYSIS,HAIR") + "1,0,1000,1000,1,.,65,70,0,9\n",
            ("HAIR",),
            id="unknown column",
        ),
        pytest.param(
            DATA + "1,-2,1000,1000,1,.,65,70,0\n1,5,.,.,0,9,65,70,0\n",
            ("row 2", "TIME is negative"),
            id="negative time",
        ),
        pytest.param(
            DATA.replace("EVID", "EVID,CMT") + "1,0,1000,1000,1,9,.,65,70,0\n1,5,.,.,0,1,9,65,70,0\n",
            ("compartment", "got 9", "1 central"),
            id="dose without compartment",
        ),
        pytest.param(DATA + "1,0,1000,1000,1,.,65,heavy,0\n", ("heavy", "WT"), id="text for a number"),
        pytest.param(DATA.replace(",CRCL", "") + "1,0,1000,1000,1,.,70,0\n", ("CRCL",), id="missing column"),
        pytest.param(DATA + "1,0,1000,1000,7,.,65,70,0\n", ("EVID", "7"), id="unknown event"),
    ],
)
def test_a_data_set(run: Run, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    data, out = tmp_path / "data.csv", tmp_path / "out.csv"
    data.write_text(text)
    code, err = run("simulate", MODEL, data, "--out", out)
    assert code == 2, err
    assert err.startswith("vitruvian: ")
    assert all(w in err for w in words), err
    assert not out.exists()
    with pytest.raises(InputError):
        compile_events(find_model(MODEL), read_dataset(data, find_model(MODEL)))


def test_a_dose_without_unit_or_before_time_begins() -> None:
    with pytest.raises(UnitError, match='Give one, such as "mg"'):
        Dose(0.0, 1000.0, "", "iv")
    with pytest.raises(DataError, match="got -1 h; allowed: 0 h or later"):
        Dose(-1.0, 1000.0, "mg", "iv")
    with pytest.raises(UnknownNameError, match=r"has no route 'oral'.*allowed: .*iv"):
        vt.oral("vancomycin", 500, "mg", every=12, count=2).to_subject(
            find_model(MODEL), [12.0], {"CRCL": 65.0, "WT": 70.0, "DIALYSIS": 0.0}
        )


# -- records -------------------------------------------------------------------------------------------------------


def test_a_weight_without_unit(run: Run, tmp_path: Path) -> None:
    """154 (pounds? kilograms?) is kept apart, the dose is refused, and both say why."""
    rest = [r for r in WHOLE if r["id"] != weight()["id"]]
    code, err = run("ingest", write(tmp_path, *rest, weight(154.0, "")))
    assert code == 3
    assert "has no unit; got 154" in err
    assert "never guessed" in err
    code, err = run("dose", "p", "--drug", "vancomycin", "--at", NOW, "--html", "out.html", "--model", MODEL)
    assert (code, err) == (4, "")
    with vt.Record.open(tmp_path / "vitruvian.db") as record:
        assert not record.patient("p").facts(code="weight")
        assert vt.dose(record, "p", "vancomycin", asked=Asked(NOW)).refused


def test_a_dose_without_unit_and_a_level_before_the_first_dose(tmp_path: Path) -> None:
    early = level(9.0, "2025-03-01T08:00:00")
    bare = dose("vancomycin", 1000.0, "2025-03-05T09:00:00", unit="")
    with vt.Record.open(tmp_path / "r.db") as record:
        record.ingest(write(tmp_path, *WHOLE, early, bare))
        case = read_case(record.patient("p"), "vancomycin", Asked(NOW))
    found = {m.code: m for m in case.messages}
    assert found["unreadable-dose"].severity == "refusal"
    assert "1000" in found["unreadable-dose"].text
    assert "before the first recorded dose" in found["level-before-dose"].text
    assert case.levels == ()


def test_a_file_that_breaks_off_is_kept_whole_in_quarantine(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, person(), height(), creatinine())
    path.write_text(path.read_text()[:-40])
    code, err = run("ingest", path)
    assert code == 3
    assert "quarantine" in err
    with vt.Record.open(tmp_path / "vitruvian.db") as record:
        assert record.patients() == []
        assert len(record.quarantined()) == 1


# -- genomes -------------------------------------------------------------------------------------------------------


def genome(folder: Path) -> str:
    return samples()["sample-c"][1].read_text()


def test_a_genome_that_belongs_to_nobody(run: Run, tmp_path: Path) -> None:
    (tmp_path / "g.vcf").write_text(genome(tmp_path))
    code, err = run("ingest", "g.vcf")
    assert code == 3
    assert "does not say whose it is" in err
    code, err = run("ingest", "g.vcf", "--patient", "nobody")
    assert code == 3
    assert "belongs to nobody in this record" in err
    with vt.Record.open(tmp_path / "vitruvian.db") as record:
        assert record.patients() == []


def test_a_truncated_genome(run: Run, tmp_path: Path) -> None:
    text = genome(tmp_path)
    (tmp_path / "g.vcf").write_text(text[: text.rindex("\t") - 6])
    code, err = run("genotype", "g.vcf")
    assert code == 2
    assert "g.vcf" in err or "line" in err
    with pytest.raises(DataError):
        read_calls(tmp_path / "g.vcf")


def test_a_genome_of_another_build(run: Run, tmp_path: Path) -> None:
    """A header of NCBI36: neither of the builds that are read."""
    old = genome(tmp_path).replace("length=133797422", "length=135374737").replace("GRCh38", "NCBI36")
    lines = [x for x in old.splitlines() if not x.startswith("##contig") or "10" in x]
    (tmp_path / "g.vcf").write_text("\n".join(lines) + "\n")
    code, err = run("genotype", "g.vcf")
    assert code == 2, err
    with pytest.raises((DataError, UnsupportedError), match=r"another assembly.*allowed: GRCh38 or GRCh37"):
        read_calls(tmp_path / "g.vcf")


# -- names ---------------------------------------------------------------------------------------------------------


def test_an_unknown_drug(run: Run, tmp_path: Path) -> None:
    code, err = run("models", "show", "vancomicin")
    assert code == 2
    assert "vancomicin" in err
    assert "vancomycin" in err
    with pytest.raises(UnknownNameError, match="vancomycin"):
        find("vancomicin")
    assert list(tmp_path.iterdir()) == []
