"""ICU 2012 stays as events: a small table in its form, broken ones, and the real sets where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from vitruvian.core import DataError
from vitruvian.study.cohorts import label_events, read_cohort
from vitruvian.study.events import ICU_ADMISSION, icu2012_events
from vitruvian.study.features import features_of, read_recipe

SERIES = """record_id,minute,variable,value
1,0,Age,54
1,0,Gender,0
1,0,Height,-1
1,0,ICUType,4
1,0,Weight,-1
1,7,HR,73
1,67,HR,79
1,2880,HR,80
1,30,Temp,-17.8
1,30,Temp,36.5
1,30,MechVent,1
2,0,Age,80
2,0,Gender,-1
2,0,ICUType,1
2,2000,GCS,3
3,0,Age,30
3,0,ICUType,3
3,1500,GCS,8
"""
OUTCOMES = """RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death
1,6,1,5,-1,0
2,16,8,8,1,1
3,-1,-1,-1,20,0
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    series, outcomes = tmp_path / "set.csv", tmp_path / "outcomes.csv"
    series.write_text(SERIES)
    outcomes.write_text(OUTCOMES)
    return series, outcomes


def test_stays_become_events(files: tuple[Path, Path]) -> None:
    (rows,) = icu2012_events(*files).frames()
    assert rows.filter(code=ICU_ADMISSION).height == 3
    assert rows.filter(pl.col("code").is_in(["ICU2012//Height", "ICU2012//Weight"])).height == 0
    assert rows.filter(code="ICU2012//Gender").height == 1
    heart = rows.filter(code="ICU2012//HR")
    assert heart["numeric_value"].to_list() == [73, 79, 80]
    assert heart["time"].diff().dt.total_minutes().to_list() == [None, 60, 2813]
    assert heart["unit"].cast(pl.String).unique().to_list() == ["/min"]
    assert (rows["known"] == rows["time"]).all()
    last = rows.filter(pl.col("code").is_in(["ICU2012//DEATH_IN_HOSPITAL", "ICU2012//DISCHARGED_ALIVE"])).sort(
        "subject_id"
    )
    hours = (last["time"] - rows["time"].min()).dt.total_minutes() / 60
    assert hours.to_list() == pytest.approx([144, 48 + 1 / 60, 48 + 1 / 60])
    assert last["text"].to_list() == [None, None, "day not recorded"]


def test_labels_and_features_of_small_stays(files: tuple[Path, Path]) -> None:
    events = icu2012_events(*files)
    died = label_events(read_cohort("icu2012_death"), events)
    assert (died.moments.subject, died.label.tolist()) == (("1", "2", "3"), [False, True, False])
    worse = label_events(read_cohort("icu2012_deterioration"), events)
    assert (worse.moments.subject, worse.outcome.tolist()) == (("2", "3"), [1, 1])
    assert worse.left_out == {"deteriorated already": 1}
    found = features_of(read_recipe("icu2012_48h"), events, died.moments)
    told = dict(zip([one.name for one in found.rows.features], found.rows.values[0], strict=True))
    expected = {
        "Age_first_all": 54, "Gender_first_all": 0, "ICUType_first_all": 3, "HR_mean_all": 77.333333, "HR_n_all": 3,
        "HR_last_last12": None, "HR_mean_last12": 80, "HR_since_all": 0, "Temp_n_all": 1, "Temp_min_all": 36.5,
        "MechVent_any_all": 1, "MechVent_any_last12": 0, "Lactate_n_all": 0, "Lactate_mean_all": np.nan,
    }  # fmt: skip
    for name, value in expected.items():
        if value is not None:
            assert told[name] == pytest.approx(value, nan_ok=True), name
    assert found.notes["Temp: impossible value"] == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("HR,73", "Pulse,73", "does not have; got 1 rows, Pulse"),
        ("HR,73", "HR,fast", "set.csv is not as the challenge has it"),
        ("record_id,", "stay,", "not as the challenge has it"),
    ],
)
def test_another_table_is_refused(files: tuple[Path, Path], old: str, new: str, message: str) -> None:
    files[0].write_text(SERIES.replace(old, new))
    with pytest.raises(DataError, match=message):
        icu2012_events(*files)


@pytest.mark.slow
def test_set_a_as_it_is(shared: Path) -> None:
    folder = shared / "data" / "icu2012"
    events = icu2012_events(folder / "set_a.csv.gz", folder / "outcomes_a.csv")
    found = label_events(read_cohort("icu2012_death"), events)
    assert np.bincount(found.outcome).tolist() == [0, 554, 3446]
    rows = features_of(read_recipe("icu2012_48h"), events, found.moments).rows
    assert len(rows) == 4000
    table = pl.read_csv(folder / "set_a.csv.gz")
    hourly = table.filter((pl.col("variable") == "Lactate") & (pl.col("minute") <= 2880))
    means = dict(hourly.group_by("record_id").agg(pl.col("value").mean()).iter_rows())
    column = [one.name for one in rows.features].index("Lactate_mean_all")
    expected = [means.get(int(who), np.nan) for who in found.moments.subject]
    np.testing.assert_allclose(rows.values[:, column], expected)
