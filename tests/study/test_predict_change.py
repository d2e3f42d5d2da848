"""`vitruvian predict compare` and `drift`: old against new on frozen people, and inputs against those of before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from made_risk import made_people, made_risk
from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError
from vitruvian.learn import Rows, save
from vitruvian.learn.trust import Platt
from vitruvian.study.learning import read_frozen

PLAN = """
name = "stays"
why = "more people"
frozen = "{hash}"
auroc_loss = 0.01
brier_loss = 0.005
slope = [0.5, 4.0]
ratio = [0.5, 2.0]
draws = 100
"""


def _table(rows: Rows, label: np.ndarray | None, path: Path) -> Path:
    columns: dict[str, object] = {"id": rows.ids}
    for j, one in enumerate(rows.features):
        values = rows.values[:, j]
        columns[one.name] = [one.categories[int(v)] for v in values] if one.kind == "category" else values
    if label is not None:
        columns |= {"came_true": label.astype(int), "person": [f"q{k // 2}" for k in range(len(rows))]}
    pl.DataFrame(columns).write_csv(path)
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An old model that is badly calibrated, a new one, four hundred frozen people, a plan."""
    found = tmp_path_factory.mktemp("change")
    made = made_risk()
    new = replace(made, manifest=replace(made.manifest, settings={"task": "icu_death"}))
    save(new, found / "new")
    save(replace(new, calibration=Platt(1.0, 0.4)), found / "old")
    frozen = _table(*made_people(400, 7), found / "frozen.csv")
    (found / "plan.toml").write_text(PLAN.format(hash=read_frozen(frozen).hash))
    return found


def _run(*words: str | Path) -> tuple[int, str, BaseException | None]:
    found = CliRunner().invoke(app, [str(one) for one in words])
    return found.exit_code, found.stdout, found.exception


def test_a_better_model_is_taken_and_a_worse_one_is_not(home: Path, tmp_path: Path) -> None:
    kept = ("--plan", home / "plan.toml", "--decisions", tmp_path / "d.jsonl")
    frozen = ("--frozen", home / "frozen.csv")
    code, said, _ = _run("predict", "compare", home / "old", home / "new", *kept, *frozen)
    assert (code, said.splitlines()[0]) == (0, "stays: the new model is taken."), said
    code, said, _ = _run("predict", "compare", home / "new", home / "old", *kept, *frozen, "--json")
    told = json.loads(said)
    assert (code, told["accepted"]) == (4, False)
    assert any(one.startswith("Brier score") for one in told["reasons"])
    lines = [json.loads(one) for one in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert [one["accepted"] for one in lines] == [True, False]


def test_only_the_frozen_people_of_the_plan_count(home: Path, tmp_path: Path) -> None:
    other = _table(*made_people(400, 8), tmp_path / "other.csv")
    code, _, error = _run("predict", "compare", home / "old", home / "new", "--plan", home / "plan.toml",
                          "--frozen", other)  # fmt: skip
    assert code != 0
    assert isinstance(error, DataError)
    assert "not the frozen set" in str(error)


def test_drift_names_the_input_that_is_not_what_it_was(home: Path, tmp_path: Path) -> None:
    rows, _ = made_people(500, 1)
    later, _ = made_people(400, 2)
    later.values[:, 1] += 15
    before, today = _table(rows, None, tmp_path / "before.csv"), _table(later, None, tmp_path / "today.csv")
    code, said, _ = _run("predict", "drift", home / "new", "--reference", before, "--current", today)
    assert code == 0
    assert said.splitlines()[0] == "1 of 6 inputs differ (500 and 400 rows)"
    assert said.splitlines()[1].startswith("  systolic_last_ever: PSI 0.")
    code, said, _ = _run("predict", "drift", home / "new", "--reference", before, "--current", before, "--json")
    assert all(one["p"] == 1.0 for one in json.loads(said)["inputs"])


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("came_true", [0, 1, 2], "neither 0 nor 1; got 1 of 3 rows"),
        ("came_true", [0, None, 1], "neither 0 nor 1; got 1 of 3 rows"),
        ("outcome", [0, 1, 1], "lacks columns; got came_true"),
    ],
)
def test_a_frozen_set_that_is_none_is_refused(tmp_path: Path, column: str, values: list[int | None], says: str) -> None:
    pl.DataFrame({"id": ["a", "b", "c"], column: values}).write_parquet(tmp_path / "f.parquet")
    with pytest.raises(DataError, match=says):
        read_frozen(tmp_path / "f.parquet")
    pl.DataFrame({"id": ["a", "a"], "came_true": [0, 1]}).write_parquet(tmp_path / "f.parquet")
    with pytest.raises(DataError, match="twice; got 1 rows"):
        read_frozen(tmp_path / "f.parquet")
    with pytest.raises(InputError, match=r"csv or \.parquet"):
        read_frozen(tmp_path / "f.txt")
