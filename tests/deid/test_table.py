"""De-identified tables: every column has a treatment; pseudonyms and shifts belong to a person and a key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError
from vitruvian.deid import Known, deidentify_table, plan

KEY = b"0123456789abcdef"
ROWS = [
    {"patient_id": "a", "FirstName": "Ann", "birthDate": "1950-02-03", "visit_date": "2021-03-01", "age": "93"},
    {"patient_id": "a", "FirstName": "Ann", "birthDate": "1950-02-03", "visit_date": "2021-03-11T08:00", "age": "71"},
    {"patient_id": "b", "FirstName": "Bea", "birthDate": "1960-02-03", "visit_date": "2021-03-01", "age": "61"},
]
MORE = {"zip": "03601", "note": "Dr. Vogel saw Ann", "value": "5.4"}


def test_a_plan_names_a_treatment_for_each_column() -> None:
    found = plan([*ROWS[0], *MORE])
    assert found == {
        "patient_id": "pseudonym",
        "FirstName": "drop",
        "birthDate": "year",
        "visit_date": "shift",
        "age": "age",
        "zip": "region",
        "note": "text",
        "value": "keep",
    }
    with pytest.raises(DataError, match=r"nobody said.*shoe"):
        plan(["value", "shoe"])
    assert plan(["value", "shoe"], {"shoe": "keep"}) == {"value": "keep", "shoe": "keep"}
    with pytest.raises(DataError, match="no such column"):
        plan(["value"], {"shoe": "keep"})


def test_rows_lose_what_identifies_and_keep_what_belongs_together() -> None:
    rows = [row | MORE for row in ROWS]
    one, two, three = deidentify_table(rows, plan(list(rows[0])), key=KEY, person="patient_id", known=Known(["Ann"]))
    assert one["patient_id"] == two["patient_id"] != three["patient_id"]
    assert one["patient_id"] != "a"
    assert (one["birthDate"], one["age"], two["age"], one["zip"], one["value"]) == ("1950", "90+", "71", "000", "5.4")
    assert one["note"] == "Dr. [NAME] saw [NAME]"
    assert "FirstName" not in one
    days = [date.fromisoformat(row["visit_date"][:10]) for row in (one, two, three)]
    assert (days[1] - days[0]).days == 10
    assert days[0] != days[2] != date(2021, 3, 1) != days[0]
    assert two["visit_date"].endswith("T08:00")
    other = next(deidentify_table(rows, plan(list(rows[0])), key=b"another key of 16", person="patient_id"))
    assert other["patient_id"] != one["patient_id"]


def test_what_is_wrong_is_refused() -> None:
    columns = plan(list(ROWS[0]))
    with pytest.raises(DataError, match="key is too short"):
        next(deidentify_table(ROWS, columns, key=b"short", person="patient_id"))
    with pytest.raises(DataError, match="columns that the plan has not; got shoe"):
        next(deidentify_table([{**ROWS[0], "shoe": "43"}], columns, key=KEY, person="patient_id"))
    with pytest.raises(DataError, match="not a date"):
        next(deidentify_table([{**ROWS[0], "visit_date": "soon"}], columns, key=KEY, person="patient_id"))


def test_the_command_treats_a_table_or_refuses_it_whole(tmp_path: Path) -> None:
    table = tmp_path / "lab.csv"
    table.write_text("mrn,name,date,kalium\nL1,Anna Lab,2025-03-01,4.1\nL1,Anna Lab,2025-03-05,4.4\n")
    out, run = tmp_path / "out", CliRunner().invoke
    refused = run(app, ["deid", str(table), "--out", str(out)])
    assert "--person" in str(refused.exception)
    open_ = run(app, ["deid", str(table), "--out", str(out), "--person", "mrn"])
    assert "kalium" in str(open_.exception)
    assert list(out.iterdir()) == []
    done = run(app, ["deid", str(table), "--out", str(out), "--person", "mrn", "--column", "kalium=keep"])
    assert done.exit_code == 0, done.output
    written = next(out.iterdir()).read_text()
    assert "Anna" not in written
    assert "L1" not in written
    assert "4.4" in written
    days = [line.split(",")[1] for line in written.splitlines()[1:]]
    assert (date.fromisoformat(days[1]) - date.fromisoformat(days[0])).days == 4


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A note.")
    done = CliRunner().invoke(app, ["deid", str(tmp_path / "a.txt"), "--out", str(tmp_path / "o"), "--key-file", "k1"])
    assert isinstance(done.exception, InputError)
    assert "urandom" in str(done.exception)
