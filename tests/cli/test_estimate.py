"""`vitruvian estimate` gives NONMEM's post hoc numbers from a control stream and from a library-style model."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from vitruvian.cli import main

STREAM = """$PROBLEM one compartment, oral
$INPUT ID TIME AMT DV
$DATA data.csv IGNORE=@
$SUBROUTINES ADVAN2 TRANS2
$PK
CL = THETA(1)*EXP(ETA(1))
V  = THETA(2)*EXP(ETA(2))
KA = THETA(3)*EXP(ETA(3))
S2 = V
$ERROR
Y = F*(1 + EPS(1))
$THETA (0, 4) (0, 70) (0, 1)
$OMEGA .2 .2 .2
$SIGMA .05
$ESTIMATION METHOD=1 INTER MAXEVAL=0
"""
DATA = """ID,TIME,AMT,DV
1,0,10000,.
1,1.5,.,91.2904
1,4.4,.,110.826
1,7.1,.,79.384
1,24.6,.,20.6671
2,0,10000,.
2,25.9,.,45.1629
"""


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["vitruvian", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_post_hoc_numbers_of_nonmem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """mapbayr run001.phi (NONMEM 7): etas, OBJ, and the diagonal of ETC as squared standard errors."""
    (tmp_path / "run.mod").write_text(STREAM, encoding="utf-8")
    (tmp_path / "data.csv").write_text(DATA, encoding="utf-8")
    out = tmp_path / "out.csv"
    assert run(monkeypatch, "estimate", tmp_path / "run.mod", tmp_path / "data.csv", "--out", out) == 0
    assert "out.etas.csv" in capsys.readouterr().out
    one, two = rows(tmp_path / "out.etas.csv")
    assert [one["ID"], two["ID"]] == ["1", "2"]
    for person, etas, objective in (
        (one, (0.405058386, 0.0728505976, -0.0749540941), 27.96777),
        (two, (-0.145364976, 0.0240587840, -0.00618814556), 6.71642),
    ):
        assert [float(person[f"ETA{k}"]) for k in (1, 2, 3)] == pytest.approx(etas, abs=1e-6)
        assert float(person["OBJ"]) == pytest.approx(objective, abs=6e-6)
    variances = [float(one[f"SE{k}"]) ** 2 for k in (1, 2, 3)]
    assert variances == pytest.approx([1.28120e-2, 2.31664e-2, 1.25253e-1], rel=1e-4)
    assert float(one["SHRINK1"]) == pytest.approx(1.28120e-2 / 0.2, rel=1e-4)
    assert len(rows(out)) == 5
    assert float(rows(out)[0]["PRED"]) == pytest.approx(105.261557319, rel=1e-9)  # Bateman function
    assert float(rows(out)[0]["IPRED"]) != pytest.approx(float(rows(out)[0]["PRED"]), rel=1e-3)
    exact = tmp_path / "exact.csv"
    kind = ("--covariance", "exact")
    assert run(monkeypatch, "estimate", tmp_path / "run.mod", tmp_path / "data.csv", "--out", exact, *kind) == 0
    first = rows(tmp_path / "exact.etas.csv")[0]
    assert [float(first[f"SE{k}"]) ** 2 for k in (1, 2, 3)] == pytest.approx([1.368e-2, 2.372e-2, 1.322e-1], rel=1e-3)
    # what estimate wrote, simulate reads: the same individual predictions
    again = tmp_path / "again.csv"
    etas_file = ("--etas", tmp_path / "out.etas.csv")
    assert run(monkeypatch, "simulate", tmp_path / "run.mod", tmp_path / "data.csv", "--out", again, *etas_file) == 0
    assert [float(r["IPRED"]) for r in rows(again)] == pytest.approx([float(r["IPRED"]) for r in rows(out)], rel=1e-9)


def test_levels_before_the_first_dose_are_questioned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.mod").write_text(STREAM, encoding="utf-8")
    (tmp_path / "data.csv").write_text("ID,TIME,AMT,DV\n1,0,.,5\n1,1,100,.\n1,3,.,1\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    assert run(monkeypatch, "estimate", tmp_path / "run.mod", tmp_path / "data.csv", "--out", out) == 2
    assert "before the first dose" in capsys.readouterr().err
    allowed = run(
        monkeypatch, "estimate", tmp_path / "run.mod", tmp_path / "data.csv", "--out", out, "--allow-before-dose"
    )
    assert allowed == 5  # a proportional error has no likelihood at a prediction of zero
    assert not out.exists()


def test_an_unknown_covariance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "estimate", "x.mod", "x.csv", "--out", tmp_path / "o.csv", "--covariance", "sandwich") == 2
