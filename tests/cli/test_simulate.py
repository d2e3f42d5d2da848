"""`vitruvian simulate`, run as a user runs it, in this process."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vitruvian.cli import main

MODEL = """
import jax.numpy as jnp
from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Mine(CompartmentModel):
    name, title, source = "mine", "one compartment, intravenous", Source("a test", status="assumption")
    parameters = (Parameter("CL", 5.0, "L/h"), Parameter("VC", 20.0, "L"))
    variability = (Variability("CL", 0.09), Variability("VC", 0.04))
    covariates = (Covariate("WT", "kg"),)
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.1)),)

    def typical(self, theta, c):
        return {"CL": theta["CL"] * c["WT"] / 70, "VC": theta["VC"]}
"""
DATA = """id,time,amt,evid,dv,wt
7,0,100,1,.,70
7,2,.,0,3.1,70
7,4,.,2,.,140
8,0,50,1,.,70
8,2,.,0,1.4,70
8,4,.,0,.,70
"""
Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line with these arguments; gives the exit code."""

    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["vitruvian", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return call


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    model, data = tmp_path / "mine.py", tmp_path / "data.csv"
    model.write_text(MODEL, encoding="utf-8")
    data.write_text(DATA, encoding="utf-8")
    return model, data, tmp_path / "out.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(path: Path, name: str) -> list[float]:
    return [float(row[name]) for row in rows(path)]


def test_predictions_follow_the_next_records_covariate_as_nonmem_does(run: Run, files: tuple[Path, Path, Path]) -> None:
    model, data, out = files
    assert run("simulate", model, data, "--out", out) == 0
    assert [(r["ID"], float(r["TIME"])) for r in rows(out)] == [("7", 2), ("7", 4), ("8", 2), ("8", 4)]
    k = 5 / 20
    expected = [5 * np.exp(-2 * k), 5 * np.exp(-2 * k - 2 * 2 * k), 2.5 * np.exp(-2 * k), 2.5 * np.exp(-4 * k)]
    assert column(out, "PRED") == pytest.approx(expected, rel=1e-10)
    assert column(out, "IPRED") == column(out, "PRED")
    assert run("simulate", model, data, "--out", out, "--covariates", "locf") == 0
    assert column(out, "PRED")[1] == pytest.approx(5 * np.exp(-4 * k), rel=1e-10)


def test_etas_are_read_or_drawn_from_a_seed(run: Run, files: tuple[Path, Path, Path]) -> None:
    model, data, out = files
    etas = out.with_name("etas.csv")
    etas.write_text("ID,ETA1,ETA2\n8,0,0\n7,0.5,0\n", encoding="utf-8")
    assert run("simulate", model, data, "--out", out, "--etas", etas) == 0
    assert column(out, "IPRED")[0] == pytest.approx(5 * np.exp(-0.5 * np.exp(0.5)), rel=1e-10)
    assert column(out, "IPRED")[2] == column(out, "PRED")[2]
    again = out.with_name("again.csv")
    for path in (out, again):
        assert run("simulate", model, data, "--out", path, "--seed", 3, "--replicates", 2) == 0
    assert out.read_bytes() == again.read_bytes()
    assert [r["REP"] for r in rows(out)] == ["1"] * 4 + ["2"] * 4
    assert len(set(column(out, "IPRED"))) == 8


WRONG = {
    "unknown model": (["no_such_model", "DATA"], "no such model"),
    "missing file": (["MODEL", "none.csv"], "cannot read"),
    "unknown rule": (["MODEL", "DATA", "--covariates", "midpoint"], "nocb, locf, linear"),
    "seed and etas": (["MODEL", "DATA", "--seed", "1", "--etas", "x.csv"], "do not fit together"),
    "replicates without seed": (["MODEL", "DATA", "--replicates", "2"], "do not fit together"),
    "no such etas": (["MODEL", "DATA", "--etas", "x.csv"], "cannot read etas"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_exits_with_2_and_writes_nothing(
    case: str, run: Run, files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model, data, out = files
    arguments, message = WRONG[case]
    given = [{"MODEL": str(model), "DATA": str(data)}.get(a, a) for a in arguments]
    assert run("simulate", *given, "--out", out) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_bad_data_exit_with_2_name_the_row_and_leave_the_old_file(
    run: Run, files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model, data, out = files
    out.write_text("old", encoding="utf-8")
    data.write_text(DATA.replace("8,2,", "8,-2,"), encoding="utf-8")
    assert run("simulate", model, data, "--out", out) == 2
    assert "row 6" in capsys.readouterr().err
    assert out.read_text() == "old"
    data.write_text(DATA.replace("wt", "weight"), encoding="utf-8")
    assert run("simulate", model, data, "--out", out) == 2
    assert "WEIGHT" in capsys.readouterr().err


def test_a_folder_that_does_not_exist_is_refused(run: Run, files: tuple[Path, Path, Path]) -> None:
    model, data, out = files
    assert run("simulate", model, data, "--out", out.parent / "none" / "out.csv") == 2
    assert sorted(p.name for p in out.parent.glob("*.csv")) == ["data.csv"]
    assert not list(out.parent.glob(".*.part"))
