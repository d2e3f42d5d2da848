"""The recipe for heart failure runs on any record's events; where nobody was readmitted it claims nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from made_events import Event, frame

from vitruvian.core import DataError, UnsupportedError
from vitruvian.learn.table import Growth, Mix
from vitruvian.study.events import write_events
from vitruvian.study.learning import only, task_of, train

TASK = task_of("chf_readmission_30d")
MIX = Mix(Growth(trees=20, min_data_in_leaf=5, feature_fraction=0.5, learning_rate=0.1), ridge=50.0, most=10)


def people(folder: Path, count: int, readmitted: bool = True) -> Path:
    """A stay of each, an illness known before, a visit in the year after; those with a high value come again."""
    draw, told = np.random.default_rng(2), []
    for k in range(count):
        who, begin = f"p{k}", float(draw.uniform(100, 1000))
        high = draw.random() < 0.4
        told += [
            Event(who, begin - 50, begin - 50, "SNOMED//84114007"),
            Event(who, begin, begin, "ENCOUNTER//IMP"),
            Event(who, begin + 40, begin + 40, "LOINC//2160-0", float(draw.normal(2.5 if high else 1.0, 0.2)), "mg/dL"),
            Event(who, begin + 72, begin + 72, "END//ENCOUNTER//IMP", 72.0, "h"),
            Event(who, begin + 9000, begin + 9000, "ENCOUNTER//AMB"),
        ]
        if readmitted and high and draw.random() < 0.9:
            told.append(Event(who, begin + 72 + 240, begin + 72 + 240, "ENCOUNTER//IMP"))
    write_events([frame(told)], folder, parts=2)
    return folder


def test_a_record_with_outcomes_gives_a_model(tmp_path):
    examples = TASK.read(people(tmp_path / "events", 90), "train")
    assert (len(examples), set(examples.data)) == (90, {"part-00000.parquet", "part-00001.parquet"})
    done = train(TASK, examples, tmp_path / "model", mix=MIX, folds=3, draws=50)
    assert done.judged.measures["auroc"].value > 0.85
    newest = TASK.read(people(tmp_path / "later", 30), "score")
    risk = done.model.predict(only(newest.rows, done.model.features)).probability[:, 1]
    assert risk[newest.label].mean() > risk[~newest.label].mean() + 0.3


def test_a_record_without_readmissions_is_said_to_teach_nothing(tmp_path):
    folder = people(tmp_path / "events", 25, readmitted=False)
    with pytest.raises(
        DataError, match=r"no outcome to learn from or to judge by; got 0 of 25 moments.*nothing is claimed"
    ):
        TASK.read(folder, "train")
    assert len(TASK.read(folder, "score")) == 25
    with pytest.raises(UnsupportedError, match="no test part"):
        TASK.read(folder, "test")


def test_a_record_of_nobody_with_heart_failure_is_refused(tmp_path):
    write_events(
        [frame([Event("p", 1, 1, "ENCOUNTER//IMP"), Event("p", 9, 9, "END//ENCOUNTER//IMP", 8.0, "h")])], tmp_path / "e"
    )
    with pytest.raises(DataError, match="nobody is in the cohort chf_readmission_30d; got not: heart failure known: 1"):
        TASK.read(tmp_path / "e", "score")
    assert pl.read_parquet(tmp_path / "e" / "part-*.parquet").height == 2
