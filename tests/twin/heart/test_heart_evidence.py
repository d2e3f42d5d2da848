"""Evidence of a heart: what is taken, and what is refused with the field and the rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, UnitError
from vitruvian.record import Record
from vitruvian.twin.heart import Curve, evidence_of, read_evidence, read_table
from vitruvian.twin.heart.predict import SCALARS
from vitruvian.twin.heart.targets import aims

ROOT = Path(__file__).parents[3]
PLAIN = {"heart_rate": 70, "systolic": 120, "diastolic": 75, "edv": 120, "esv": 50, "ejection_fraction": 0.58}


def test_units_are_read() -> None:
    found = evidence_of(PLAIN | {"ejection_fraction": "58 %", "edv": "0.12 L", "lvot_diameter": "21 mm"})
    assert found.values["ejection_fraction"] == pytest.approx(0.58)
    assert found.values["edv"] == pytest.approx(120.0)
    assert found.values["lvot_diameter"] == pytest.approx(2.1)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ejection_fraction": 58}, "ejection_fraction"),
        ({"ejection_fraction": "130 %"}, "ejection_fraction"),
        ({"diastolic": 130}, "diastolic"),
        ({"diastolic": 120}, "diastolic"),
        ({"esv": 125}, "esv"),
        ({"edv": 0.12}, "edv"),
        ({"ejection_fraction": 0.40}, "ejection_fraction"),
        ({"heart_rate": 400}, "heart_rate"),
        ({"heart_rate": 1.1}, "heart_rate"),
        ({"systolic": float("nan")}, "systolic"),
        ({"mean_arterial": 121}, "mean_arterial"),
        ({"qt_interval": 0.42}, "qt_interval"),
        ({"heart_rate": 150, "qt_interval": 420}, "qt_interval"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, float], field: str) -> None:
    with pytest.raises(DataError, match=field):
        evidence_of(PLAIN | changed)


def test_other_refusals() -> None:
    with pytest.raises(UnitError):
        evidence_of(PLAIN | {"edv": "120 mmHg"})
    with pytest.raises(UnitError, match="systolic"):
        evidence_of(PLAIN | {"systolic": "high"})
    with pytest.raises(DataError, match="no such quantity"):
        evidence_of(PLAIN | {"ef": 0.5})
    with pytest.raises(DataError, match="heart rate"):
        evidence_of({"systolic": 120})
    with pytest.raises(DataError, match="error of systolic"):
        evidence_of(PLAIN, errors={"systolic": 0.0})
    for name in ("heart_rate", "e_wave"):
        with pytest.raises(DataError, match=f"error of {name} is of no use"):
            evidence_of(PLAIN, errors={name: 1.0})


def test_errors_of_doppler_widen_what_is_made_of_them() -> None:
    doppler = PLAIN | {"lvot_vti": 20.0, "lvot_diameter": 2.0, "e_wave": 80.0, "a_wave": 60.0}
    usual = aims(evidence_of(doppler), 0.0)[1]
    for name, told in (("lvot_vti", "stroke"), ("lvot_diameter", "stroke"), ("e_wave", "log_e"), ("a_wave", "log_e")):
        wide = aims(evidence_of(doppler, errors={name: 0.3 * doppler[name]}), 0.0)[1]
        changed = [SCALARS[k] for k in np.flatnonzero(wide < usual)]
        assert len(changed) == 1, name
        assert changed[0].startswith(told)


def test_curves_of_another_beat_are_refused() -> None:
    time = np.linspace(0.0, 60 / 70, 50)
    good = Curve(time, 90 + 20 * np.sin(7 * time))
    assert "pressure" in evidence_of(PLAIN, curves={"pressure": good}).curves
    for bad in (
        Curve(2 * time, good.value),
        Curve(time[:5], good.value[:5]),
        Curve(time[::-1], good.value),
        Curve(time, np.where(time > 0.5, np.nan, good.value)),
        Curve(time, good.value * 100),
        Curve(time, good.value, 0.0),
        Curve(time, good.value, float("nan")),
    ):
        with pytest.raises(DataError, match="pressure curve"):
            evidence_of(PLAIN, curves={"pressure": bad})


def test_the_example_table() -> None:
    found = read_table(ROOT / "examples" / "heart.csv")
    assert found.female is True
    assert found.values["ejection_fraction"] == pytest.approx(0.61)
    assert found.values["lvot_vti"] == 20.5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("quantity,value,unit\nheart_rate,x,/min\n", "not a number"),
        ("quantity,value,unit\nheart_rate,70,\n", "no unit"),
        ("quantity,value,unit\nheart_rate,70,/min\nheart_rate,71,/min\n", "twice"),
        ("quantity,value,unit\nsex,7,\n", "sex"),
        ("name,value\na,1\n", "no such table"),
        ("quantity,value,unit,sd\nheart_rate,70,/min,2\n", "nothing reads"),
        ("quantity,value,unit\nheart_rate,70\n", "no such table"),
        ("", "no such table"),
    ],
)
def test_broken_tables(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=what):
        read_table(file)


def test_a_table_of_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes("quantity,value,unit\nâge,70,a\n".encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        read_table(file)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    opened = Record.open(tmp_path_factory.mktemp("heart") / "record.db")
    report = opened.ingest(ROOT / "samples" / "sample-d" / "bundle.json", patient="sample-d")
    assert report.stored == report.records_in
    return opened


def test_the_record_gives_the_newest_study(record: Record) -> None:
    found = read_evidence(record.patient("sample-d"))
    assert found.values["edv"] == 178.0
    assert (found.values["systolic"], found.values["diastolic"]) == (128.0, 78.0)
    assert found.values["ejection_fraction"] == pytest.approx(0.41)
    assert found.values["lvot_vti"] == 20.6
    assert found.values["age"] == pytest.approx(67.4, abs=0.1)
    assert found.female is False
    assert any(line.name == "ejection fraction" and line.fact_id for line in found.used)


def test_the_record_at_an_earlier_moment(record: Record) -> None:
    found = read_evidence(record.patient("sample-d"), at="2025-04-01")
    assert found.values["edv"] == 196.0
    with pytest.raises(DataError, match="nothing of this person"):
        read_evidence(record.patient("sample-d"), at="2024-01-01")


def test_what_taught_an_earlier_twin_is_not_told_again(record: Record) -> None:
    patient = record.patient("sample-d")
    earlier = read_evidence(patient, at="2025-09-15T07:15:00Z")
    whole, found = read_evidence(patient), read_evidence(patient, after=earlier.at)
    told = {"systolic", "diastolic"}
    assert told <= set(earlier.values)
    assert told <= set(whole.values)
    assert set(whole.values) - set(found.values) == told
    assert found.values["heart_rate"] == whole.values["heart_rate"]
    assert len(found.used) == len(whole.used) - len(told)
    assert any(one.code == "told-before" for one in found.messages)
    again = read_evidence(patient, after=whole.at)
    assert not {"edv", "ejection_fraction", "lvot_vti"} & set(again.values)
