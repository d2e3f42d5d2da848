"""The readmission table: a small one in its form, broken ones, and the real one where it is."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.study.features import readmission_table
from vitruvian.study.features.diabetes130_columns import CATEGORIES, DRUGS, MEASURED, NUMBERS, diagnosis_group

COLUMNS = ["encounter_id", "patient_nbr", "age", *NUMBERS, *CATEGORIES, *MEASURED, *DRUGS, "diag_1", "diag_2", "diag_3"]


def row(encounter: int, patient: int, readmitted: str, **more: str) -> dict[str, str]:
    base = dict.fromkeys(COLUMNS, "1") | dict.fromkeys(DRUGS, "No") | dict.fromkeys(MEASURED, "None")
    base |= {"age": "[70-80)", "race": "Caucasian", "diag_1": "428", "diag_2": "250.83", "diag_3": "?", "weight": "?"}
    return base | {"encounter_id": str(encounter), "patient_nbr": str(patient), "readmitted": readmitted} | more


ROWS = [
    row(30, 1, "NO", time_in_hospital="4", race="?"),
    row(10, 1, "<30", time_in_hospital="3", insulin="Up", number_inpatient="2"),
    row(20, 2, ">30", A1Cresult=">8"),
    row(40, 2, "NO", discharge_disposition_id="11"),
    row(25, 1, "<30", time_in_hospital="7"),
]


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "diabetic_data.csv"
    path.write_text("\n".join([",".join(rows[0]), *(",".join(one.values()) for one in rows)]) + "\n")
    return path


def test_the_columns_of_a_small_table(tmp_path: Path) -> None:
    found = readmission_table(written(tmp_path, ROWS))
    assert found.rows.ids == ("10", "20", "25", "30")
    assert found.outcome.tolist() == [1, 2, 1, 0]
    assert found.label.tolist() == [True, False, True, False]
    assert found.group == ("1", "2", "1", "1")
    assert found.left_out == {"death or hospice": 1}
    of = {one.name: (one, found.rows.values[:, k].tolist()) for k, one in enumerate(found.rows.features)}
    assert of["time_in_hospital"][1] == [3, 1, 7, 4]
    assert of["age"][1] == [75] * 4
    assert of["drugs_changed"][1] == [1, 0, 0, 0]
    assert of["any_heart_failure"][1] == [1] * 4
    assert of["any_stroke"][1] == [0] * 4
    assert (of["A1Cresult"][0].categories, of["A1Cresult"][1]) == ((">8", "None"), [1, 0, 1, 1])
    np.testing.assert_array_equal(of["race"][1], [0, 0, 0, np.nan])
    assert of["race"][0].about == "social"
    assert of["diag_2_group"][0].categories == ("diabetes",)
    np.testing.assert_array_equal(of["diag_3_group"][1], [np.nan] * 4)


def test_history_is_of_earlier_rows_of_the_same_patient_only(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    found = readmission_table(path)
    of = {one.name: found.rows.values[:, k].tolist() for k, one in enumerate(found.rows.features)}
    assert of["earlier"] == [0, 0, 1, 2]
    assert of["earlier_days"] == [0, 0, 3, 10]
    np.testing.assert_array_equal(of["previous_days"], [np.nan, np.nan, 3, 7])
    assert of["earlier_soon"] == [0, 0, 1, 2]
    without = readmission_table(path, history=False).rows
    assert not {one.name for one in without.features} & {"earlier", "earlier_soon", "previous_soon"}
    later = [
        one | {"readmitted": "NO", "time_in_hospital": "9"} if one["encounter_id"] == "30" else one for one in ROWS
    ]
    changed = readmission_table(written(tmp_path, later))
    np.testing.assert_array_equal(changed.rows.values[:3], found.rows.values[:3])


def test_from_a_zip_and_what_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(path, "folder/diabetic_data.csv")
    assert readmission_table(tmp_path / "d.zip").rows.ids == ("10", "20", "25", "30")
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.write(path, "other.csv")
    with pytest.raises(DataError, match="holds no diabetic_data"):
        readmission_table(tmp_path / "e.zip")
    with pytest.raises(DataError, match=r"readmissions that are none; got 1 rows"):
        readmission_table(written(tmp_path, [*ROWS, row(50, 3, "maybe")]))
    with pytest.raises(DataError, match=r"Needed: .*insulin"):
        readmission_table(written(tmp_path, [{k: v for k, v in one.items() if k != "insulin"} for one in ROWS]))


@pytest.mark.parametrize(
    ("code", "group"),
    [("428", "circulatory"), ("250.13", "diabetes"), ("V57", "supplementary"), ("E909", "external"),
     ("786", "respiratory"), ("038", "infection"), ("996", "injury"), ("789", "symptoms"), ("276", "endocrine")],
)  # fmt: skip
def test_groups_of_diagnoses(code: str, group: str) -> None:
    assert diagnosis_group(code) == group


@pytest.mark.slow
def test_the_table_as_it_is(shared: Path) -> None:
    found = readmission_table(shared / "data" / "readmission" / "dataset_diabetes.zip")
    assert len(found.rows) == 99_343
    assert found.left_out == {"death or hospice": 2_423}
    assert len(set(found.group)) == 69_990
    assert int(found.label.sum()) == 11_314
