"""Scenarios and tables of people: what is read, what is sorted and told, what is refused; and runs of both."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError, UnknownNameError
from vitruvian.physiology.glucose import UVA_PADOVA_2008, read_persons, read_scenario, scenario_of
from vitruvian.study import simulate_glucose

MEAL = {"at": "08:30", "carbohydrates": 40, "minutes": 8}


def table(path: Path, **columns: list[Any]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.fixture
def people(tmp_path: Path) -> Path:
    balanced = UVA_PADOVA_2008.balanced({name: np.full(2, value) for name, value in UVA_PADOVA_2008.typical.items()})
    return table(
        tmp_path / "people.csv",
        Name=["one", "two"],
        CR=[10.0, 12.0],
        **{k: [float(x) for x in v] for k, v in balanced.items()},
    )


def test_a_scenario_as_arrays() -> None:
    found = scenario_of({"start": "2026-01-05T08:00", "minutes": 120, "meals": [MEAL, {"at": 100, "carbohydrates": 12}],
                         "exercise": [{"at": "2026-01-05T09:00", "minutes": 10, "heart_rate": 40},
                                      {"at": 65, "minutes": 10, "heart_rate": 60}]})  # fmt: skip
    assert found.minute_of_day == 480
    assert found.eaten()[30:38].tolist() == [5.0] * 8
    assert found.eaten()[100:104].tolist() == pytest.approx([5.0, 5.0, 2.0, 0.0])
    assert found.eaten().sum() == pytest.approx(52.0)
    assert np.flatnonzero(found.announced()).tolist() == [30, 100]
    assert found.heart_rate()[[59, 60, 65, 74, 75]].tolist() == [0, 40, 60, 60, 0]
    assert found.notes == ()


def test_sensitivity_by_time_of_day_goes_round_the_clock() -> None:
    parts = [{"at": "04:00", "factor": 0.8}, {"at": "16:00", "factor": 1.2}]
    found = scenario_of({"start": "22:00", "minutes": 1440, "sensitivity": parts}).sensitivity()
    assert found[[0, 360, 720, 1080]].tolist() == pytest.approx([1.0, 0.8, 1.0, 1.2])
    assert (scenario_of({}).sensitivity() == 1).all()


def test_events_out_of_order_and_twice_are_told() -> None:
    found = scenario_of({"meals": [{"at": "12:00", "carbohydrates": 30}, MEAL, MEAL]})
    assert [one.at for one in found.meals] == [510, 510, 720]
    assert "not in order" in found.notes[0]
    assert "twice" in found.notes[1]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"meals": [{"at": 0, "carbohydrates": -5}]}, r"meals\[0\].carbohydrates"),
    ({"meals": [{"at": 0, "carbohydrates": "40"}]}, r"meals\[0\].carbohydrates must be a number"),
    ({"meals": [{"at": 0, "carbohydrates": 4000}]}, "allowed: 0 to 300 g"),
    ({"meals": [{"at": 0, "carbs": 40}]}, "unknown fields"),
    ({"meals": [{"carbohydrates": 40}]}, r"meals\[0\].at must be a time"),
    ({"meals": [{"at": 1440, "carbohydrates": 40}]}, "outside the scenario"),
    ({"meals": {"at": 1}}, "meals must be a list"),
    ({"boluses": [{"at": 0, "units": 80}]}, "decimal point"),
    ({"basal": [{"at": "00:00", "rate": 12}]}, "U/h"),
    ({"basal": [{"at": "06:00", "rate": 1}]}, "begin at 00:00"),
    ({"basal": [{"at": "24:00", "rate": 1}]}, "time of day"),
    ({"start": "tomorrow"}, "start must be a time"),
    ({"minutes": 10, "sample_time": 3}, "whole sample times"),
    ({"sample_time": 0}, "sample_time must be a whole number"),
    ({"sensitivity": [{"at": "08:00", "factor": 0}]}, "above 0"),
    ({"seed": 1.5}, "seed"),
    ({"meal": []}, "unknown fields"),
    ({"controller": "pid", "boluses": [{"at": 0, "units": 1}]}, "a controller decides"),
    ({"exercise": [{"at": 0, "minutes": 30, "heart_rate": 500}]}, "heart_rate"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_what_is_wrong_is_refused_with_field_and_rule(content: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        scenario_of(content)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"meals": [')
    for name in ("broken.json", "absent.json"):
        with pytest.raises(InputError, match=name.split(".")[0]):
            read_scenario(tmp_path / name)
    with pytest.raises(InputError, match="absent"):
        read_persons(tmp_path / "absent.csv", UVA_PADOVA_2008)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"Name": ["a"], "Gb": [7.8]}, r"Gb of a is not possible.*18\.016"),
        ({"Name": ["a"], "BW": ["heavy"]}, "BW of a must be a number"),
        ({"Name": ["a"], "BW": ["nan"]}, "BW of a must be a number"),
        ({"Name": ["a", "a"], "BW": [70, 80]}, "same name"),
        ({"Name": ["a"], "kabs": [-0.1]}, "kabs of a"),
        ({"Name": []}, "row per person"),
    ],
)
def test_people_that_cannot_be(tmp_path: Path, columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_persons(table(tmp_path / "people.csv", **columns), UVA_PADOVA_2008)


def test_what_a_table_lacks_is_told(tmp_path: Path) -> None:
    found = read_persons(table(tmp_path / "p.csv", Name=["a"], BW=[70], eyes=[2]), UVA_PADOVA_2008)
    assert "eyes" in found.notes[0]
    assert "kabs" in found.notes[1]
    assert found.parameters["kabs"] == [0.057]


def test_ten_times_the_insulin_is_refused(people: Path) -> None:
    wrong = scenario_of({"minutes": 60, "basal": [{"at": "00:00", "rate": 9.9}]})
    with pytest.raises(DataError, match="more insulin than a person takes"):
        simulate_glucose(read_persons(people, UVA_PADOVA_2008), wrong)
    with pytest.raises(UnknownNameError, match="sensor"):
        simulate_glucose(read_persons(people, UVA_PADOVA_2008), scenario_of({"minutes": 60, "sensor": "no"}))


@pytest.mark.slow
def test_a_controller_with_sensor_and_pump(people: Path) -> None:
    """Settings that the table lacks are found; the meal is covered, and the day is the same for the same seed."""
    content = {"minutes": 480, "meals": [MEAL], "controller": "basal_bolus", "sensor": "vettoretti_2019",
               "pump": "insulet", "sample_time": 5, "start": "06:00"}  # fmt: skip
    told = read_persons(people, UVA_PADOVA_2008)
    first, again, other = (simulate_glucose(told, scenario_of(content | {"seed": seed})) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.sensor, again.sensor)
    assert np.nanmax(np.abs(first.sensor - other.sensor)) > 1
    assert np.isfinite(first.sensor).mean() > 0.9
    fasting = simulate_glucose(told, scenario_of(content | {"sensor": "perfect"}))
    bolus = 5 * (fasting.insulin[30] - fasting.insulin[0])
    np.testing.assert_allclose(bolus, [4.0, 3.3], atol=0.02)  # 40 g at 10 and 12 g/U, in steps of 0.05 U


def test_the_command_and_its_sample_time(people: Path, tmp_path: Path) -> None:
    """Rows at the same times agree whatever the sample time, and so do totals of meals and insulin."""
    out: dict[int, list[dict[str, str]]] = {}
    for every in (5, 15):
        profile = [{"at": "00:00", "rate": 1.2}, {"at": "09:00", "rate": 0.6}]
        scenario = {"start": "2026-01-05T08:00", "minutes": 120, "meals": [MEAL], "boluses": [{"at": 30, "units": 3.0}],
                    "basal": profile, "sample_time": every}  # fmt: skip
        (tmp_path / "s.json").write_bytes(orjson.dumps(scenario))
        result = CliRunner().invoke(app, ["glucose", "simulate", "--persons", str(people), "--scenario",
                                          str(tmp_path / "s.json"), "--out", str(tmp_path / "o.csv")])  # fmt: skip
        assert result.exit_code == 0, result.output
        with (tmp_path / "o.csv").open() as file:
            out[every] = list(csv.DictReader(file))
    assert list(out[5][0]) == ["person", "Time", "BG", "CGM", "CHO", "insulin", "LBGI", "HBGI", "Risk"]
    assert len(out[15]) == 2 * 9
    fine = {(row["person"], row["Time"]): row for row in out[5]}
    for row in out[15]:
        same = fine[row["person"], row["Time"]]
        assert (row["BG"], row["CGM"], row["Risk"]) == (same["BG"], same["CGM"], same["Risk"])
    for every, rows in out.items():
        own = [row for row in rows if row["person"] == "two" and row["CHO"]]
        assert sum(every * float(row["CHO"]) for row in own) == pytest.approx(40.0)
        assert sum(every * float(row["insulin"]) for row in own) == pytest.approx(3.0 + 1.2 + 0.6)
    assert own[-1]["Time"] == "2026-01-05 09:45:00"
