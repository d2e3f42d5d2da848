"""`vitruvian predict` from a folder of stays to scores, reasons and a card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from made_stays import made_stays
from vitruvian.cli.main import app
from vitruvian.learn.table import Growth, Mix
from vitruvian.study.learning import tasks

SMALL = Mix(Growth(trees=20, min_data_in_leaf=5, feature_fraction=0.3, learning_rate=0.1), ridge=50.0, most=10)


@pytest.fixture
def stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small = {name: replace(one, mix=SMALL) for name, one in tasks.TASKS.items()}
    monkeypatch.setattr(tasks, "TASKS", MappingProxyType(small))
    made_stays(tmp_path / "icu2012", "a", 160)
    return made_stays(tmp_path / "icu2012", "b", 120, seed=1)


def said(*words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["predict", *map(str, words)])
    if code:
        assert result.exception is not None
        return str(result.exception)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_a_model_is_trained_judged_once_scores_explains_and_has_a_card(stays, tmp_path):
    model = tmp_path / "models" / "death"
    told = said("train", "--recipe", "icu_death", "--data", stays, "--out", model)
    assert "5-fold cross-validation by person: 160 rows of 160 people" in told
    assert "over LightGBM, regularised: AUROC" in told
    assert {one.name for one in model.iterdir()} == {
        "arrays.npz",
        "card.md",
        "contents.json",
        "data.json",
        "data_sheet.md",
        "model.json",
    }
    judged = json.loads(said("evaluate", model, "--data", stays, "--out", tmp_path / "b.json", "--json"))
    assert (judged["part"], judged["n"]) == ("set b", 120)
    assert "were opened on" in said("evaluate", model, "--data", stays, code=2)
    assert len((model.parent / "openings.jsonl").read_text().splitlines()) == 1
    card = said("card", model, "--evaluation", tmp_path / "b.json")
    assert "Performance: set b" in card
    assert "Performance: 5-fold" in card
    assert "120 rows" in said("score", model, "--data", stays, "--out", tmp_path / "scores.csv")
    who = (tmp_path / "scores.csv").read_text().splitlines()[1].split(",")[0]
    reasons = json.loads(said("explain", model, who, "--data", stays, "--json"))
    assert reasons["clinician"].startswith("Death in hospital: ")
    assert "no such row" in said("explain", model, "nobody", "--data", stays, code=2)


def test_what_cannot_be_is_said(stays, tmp_path):
    assert "reads its own data set" in said("train", "--recipe", "icu_death", "--out", tmp_path / "m", code=2)
    assert "no such recipe" in said("train", "--recipe", "x", "--data", stays, "--out", tmp_path / "m", code=2)
    assert "no learned model is here" in said("card", tmp_path / "m", code=2)
    assert not (tmp_path / "m").exists()
