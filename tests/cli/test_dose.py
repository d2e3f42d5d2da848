"""`vitruvian dose`: the answer, the report, and every refusal of the guard, as a user meets them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundles import DOSES, NOW, SIZE, WHOLE, allergy, creatinine, dose, height, level, person, statement, weight, write
from vitruvian.cli import main
from vitruvian.record import Record

Run = Callable[..., tuple[int, str, str]]
ONE_MODEL = ("--model", "vancomycin_goti_2018", "--draws", 200)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in an empty folder; gives the exit code, and what was printed as output and error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["vitruvian", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def ask(
    run: Run, folder: Path, *resources: Any, drug: str = "vancomycin", more: tuple[object, ...] = ()
) -> tuple[int, Any]:
    """Exit code and JSON answer for a record of these resources."""
    with Record.open(folder / "vitruvian.db") as record:
        record.ingest(write(folder, *resources))
    one = ONE_MODEL if drug == "vancomycin" else ("--draws", 200)
    code, out, err = run("dose", "p", "--drug", drug, "--at", NOW, "--json", *one, *more)
    assert err == ""
    return code, json.loads(out)


def check_refused(code: int, answer: Any, *reasons: str) -> None:
    """Exit code 4, nothing recommended, and these reasons among the refusals."""
    assert code == 4
    assert answer["refused"] is True
    assert answer["recommended"] is None
    assert answer["exact_dose"] is None
    assert answer["sentence"].startswith(f"No dose of {answer['drug']} is recommended")
    found = [m for m in answer["messages"] if m["severity"] == "refusal"]
    assert set(reasons) <= {m["code"] for m in found}
    assert all(m["text"] for m in found)


# -- refusals ------------------------------------------------------------------------------------------------------


def test_a_missing_creatinine(run: Run, tmp_path: Path) -> None:
    code, answer = ask(run, tmp_path, *SIZE, *DOSES)
    check_refused(code, answer, "no-model")
    assert answer["sentence"].count("creatinine clearance") == 1
    assert "Record creatinine, with unit and time." in answer["sentence"]
    assert "CRCL" not in answer["sentence"]


def test_a_missing_weight(run: Run, tmp_path: Path) -> None:
    code, answer = ask(run, tmp_path, person(), height(), creatinine(), *DOSES)
    check_refused(code, answer, "no-regimen")
    assert "needs body weight" in answer["sentence"]
    assert all(d["name"] != "WT" for d in answer["data_used"])


def test_an_old_creatinine(run: Run, tmp_path: Path) -> None:
    code, answer = ask(run, tmp_path, *SIZE, creatinine(when="2025-03-01T07:00:00"), *DOSES)
    check_refused(code, answer, "data-too-old")
    assert "4 days old" in answer["sentence"] or "101 h old" in answer["sentence"]


def test_a_second_anticoagulant(run: Run, tmp_path: Path) -> None:
    taken = statement("warfarin", 2.0, "2025-02-01T18:00:00")
    code, answer = ask(run, tmp_path, *SIZE, creatinine(), taken, drug="apixaban")
    check_refused(code, answer, "duplicate-therapy")
    assert "warfarin" in answer["sentence"]


def test_an_allergy(run: Run, tmp_path: Path) -> None:
    code, answer = ask(run, tmp_path, *WHOLE, allergy("vancomycin"))
    check_refused(code, answer, "allergy")


def test_a_person_outside_the_range_of_the_model(run: Run, tmp_path: Path) -> None:
    code, answer = ask(run, tmp_path, person(), weight(25.0), height(), creatinine(), *DOSES)
    check_refused(code, answer, "no-model")
    assert "body weight 25 kg lies outside 30 to 350 kg" in answer["sentence"]


def test_an_unreadable_dose(run: Run, tmp_path: Path) -> None:
    lost = dose("vancomycin", 1000.0, "2025-03-05T11:00:00", unit="")
    code, answer = ask(run, tmp_path, *WHOLE, lost)
    check_refused(code, answer, "unreadable-dose")
    assert "without time, amount or unit" in answer["sentence"]


def test_levels_that_no_parameters_explain(run: Run, tmp_path: Path) -> None:
    """A level recorded in ug/L that says mg/L (1000 times too high) beside a right one."""
    wrong = (level(18.0, "2025-03-04T07:30:00"), level(26000.0, "2025-03-04T22:00:00"))
    code, answer = ask(run, tmp_path, *WHOLE, *wrong)
    check_refused(code, answer, "predictive-check")
    said = [m["text"] for m in answer["messages"] if m["code"] == "level-explained"]
    assert len(said) == 1
    assert "1000 times too high" in said[0]
    assert "2025-03-04 22:00" in said[0]
    assert answer["levels"][1]["remark"] == "does not fit the other data"


def test_all_reasons_are_told_at_once(run: Run, tmp_path: Path) -> None:
    old = creatinine(when="2025-03-01T07:00:00")
    code, answer = ask(run, tmp_path, *SIZE, old, *DOSES, allergy("vancomycin"))
    check_refused(code, answer, "allergy", "data-too-old")
    assert "1 more reason below" in answer["sentence"]


# -- answers -------------------------------------------------------------------------------------------------------


def test_an_answer_as_text_json_and_report(run: Run, tmp_path: Path) -> None:
    code, answer = ask(run, tmp_path, *WHOLE, level(14.0, "2025-03-04T07:30:00"), level(15.0, "2025-03-05T07:30:00"))
    assert code == 0
    best = answer["options"][answer["recommended"]]
    assert best["allowed"]
    assert best["regimen"] in answer["sentence"]
    assert answer["sentence"].startswith("Give vancomycin ")
    assert answer["seed"] == 0
    again = run("dose", "p", "--drug", "vancomycin", "--at", NOW, "--json", *ONE_MODEL)
    assert json.loads(again[1]) == answer

    code, text, err = run("dose", "p", "--drug", "vancomycin", "--at", NOW, "--html", "out.html", *ONE_MODEL)
    assert (code, err) == (0, "")
    assert "Decision support: a person decides." in text
    assert "Report: out.html" in text
    assert max(map(len, text.splitlines())) <= 100
    page = (tmp_path / "out.html").read_text()
    assert page.startswith("<!doctype html>") or page.lower().startswith("<!doctype html>")
    assert best["regimen"] in page
    assert "<b>female · born 1963-05-01 · id p</b> · printed " in page


# -- wrong requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("p", "--drug", "vankomycin"), ("vankomycin", "vancomycin")),
        (("nobody", "--drug", "vancomycin"), ("nobody", "p")),
        (("p", "--drug", "vancomycin", "--goal", "feel better"), ("feel better", "auc24")),
        (("p", "--drug", "vancomycin", "--model", "goti"), ("goti", "vitruvian models list")),
        (("p", "--drug", "vancomycin", "--model", "gentamicin_xuan_2004"), ("not a model of vancomycin", "goti_2018")),
        (("p", "--drug", "vancomycin", "--covariate", "ALB"), ("ALB", "NAME=NUMBER")),
        (("p", "--drug", "vancomycin", "--at", "noon"), ("noon",)),
        (("p", "--drug", "vancomycin", "--record", "absent.db"), ("absent.db", "vitruvian ingest")),
    ],
    ids=lambda v: v[-1] if isinstance(v, tuple) else "",
)
def test_wrong_requests(run: Run, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    with Record.open(tmp_path / "vitruvian.db") as record:
        record.ingest(write(tmp_path, *SIZE))
    before = sorted(p.name for p in tmp_path.iterdir())
    code, out, err = run("dose", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("vitruvian: ")
    assert all(w in err for w in words)
    assert sorted(p.name for p in tmp_path.iterdir()) == before
