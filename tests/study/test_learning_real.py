"""The recipes on the public data they were made for: what the documentation says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitruvian.study.learning import evaluate, task_of, train

pytestmark = pytest.mark.slow


def test_death_in_intensive_care_from_set_a_to_set_b(shared: Path, tmp_path: Path) -> None:
    task = task_of("icu_death")
    done = train(task, task.read(shared / "data", "train"), tmp_path / "model", draws=200)
    assert done.judged.measures["auroc"].value > 0.858
    assert done.judged.measures["brier"].value < 0.0895
    floor = done.judged.gains[0]
    assert floor.auroc_gain.low > 0
    assert floor.brier_gain.high < 0
    assert all(0.88 <= one.value <= 0.92 for one in done.judged.coverage.by_event)
    test = evaluate(done.model, task, task.read(shared / "data", "test"), part="set b", draws=200)
    assert test.measures["auroc"].value > 0.856
    assert test.measures["brier"].value < 0.0905
    assert all(one.low < 0.92 and one.high > 0.88 for one in test.coverage.by_event)


def test_readmission_of_people_with_diabetes(shared: Path, tmp_path: Path) -> None:
    task = task_of("readmission_30d")
    examples = task.read(shared / "data", "train")
    assert not [one.name for one in examples.rows.features if "soon" in one.name]  # no earlier label
    done = train(task, examples, tmp_path / "model", folds=3, draws=100)
    assert done.judged.measures["auroc"].value > 0.675
    assert done.judged.measures["brier"].value < 0.0965
    assert {one.floor: one for one in done.judged.gains}["logistic"].auroc_gain.low > 0
