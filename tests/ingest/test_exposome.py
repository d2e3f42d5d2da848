"""Exposures by place and day: units, spans, unknown measures, rows that are refused alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitruvian.core import DataError
from vitruvian.core.units import is_tabled
from vitruvian.ingest import EXPOSOME
from vitruvian.record import Draft, Parsed, RawFile, Told
from vitruvian.tables.codes import exposures

HEADER = "date,place,measure,value,unit,source\n"


def parse(folder: Path, text: str) -> Parsed:
    path = folder / "e.csv"
    path.write_text(text)
    assert EXPOSOME.claims(RawFile(path).head)
    return Parsed.of(EXPOSOME.read(RawFile(path), Told("p")))


def fact(folder: Path, row: str) -> Draft:
    parsed = parse(folder, HEADER + row + "\n")
    assert not parsed.rejected, parsed.rejected
    return parsed.records[0].facts[0]


@pytest.mark.parametrize(
    ("row", "code", "value", "unit", "flags"),
    [
        ("2025-03-01,A,pm2_5,12.5,ug/m3,net", "pm2_5", 12.5, "ug/m3", ()),
        ("2025-03-01,A,PM2_5,0.0125,mg/m3,net", "pm2_5", 12.5, "ug/m3", ()),
        ("2025-03-01,A,no2,40,µg/m3,net", "no2", 40.0, "ug/m3", ()),
        ("2025-03-01,A,o3,-5,ug/m3,net", "o3", -5.0, "ug/m3", ("implausible",)),
        ("2025-03-01,A,o3,5,kg,net", "o3", None, None, ("wrong_unit",)),
        ("2021,A,deprivation_decile,4,,SNEP", "deprivation_decile", 4.0, "1", ()),
        ("2025-03-01,,smoking,140,1/wk,self", "smoking", 20.0, "1/d", ()),
        ("2025-03-01,,alcohol,84,g/wk,self", "alcohol", 12.0, "g/d", ()),
        ("2025-03-01,A,radon,55,Bq/m3,net", "radon", 55.0, "Bq/m3", ("unknown_code",)),
        ("2025-03-01,A,radon,55,,net", "radon", None, None, ("unknown_code", "no_unit")),
    ],
)
def test_values(
    tmp_path: Path, row: str, code: str, value: float | None, unit: str | None, flags: tuple[str, ...]
) -> None:
    one = fact(tmp_path, row)
    assert (one.kind, one.code, one.unit, one.flags) == ("exposure", code, unit, flags)
    assert one.value == (None if value is None else pytest.approx(value))


def test_time_place_and_text(tmp_path: Path) -> None:
    one = fact(tmp_path, "2025-03-01/2025-03-31,CH-4056,occupation,carpenter,,self")
    assert (one.value_text, one.value, str(one.start), str(one.end)) == ("carpenter", None, "2025-03-01", "2025-03-31")
    assert one.detail == {"place": "CH-4056", "source": "self"}
    year = fact(tmp_path, "2021,CH-4056,deprivation,0.31,1,SNEP")
    assert year.start is not None
    assert year.start.precision == "year"


def test_columns_in_any_order_and_others_kept(tmp_path: Path) -> None:
    text = "Source;Value;Unit;Measure;Place;Date;station\nnet;12;ug/m3;pm10;A;2025-03-01;B7\n"
    (record,) = parse(tmp_path, text).records
    assert record.facts[0].detail == {"place": "A", "source": "net", "station": "B7"}
    assert (record.subject, record.source, record.place) == ("p", "net", "line 2")


def test_a_corrected_row_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    old, new = (parse(tmp_path, f"{HEADER}2025-03-01,A,pm10,{value},ug/m3,net\n").records[0] for value in (12, 13))
    assert old.source_id == new.source_id
    assert old.version != new.version


def test_bad_rows_are_refused_alone(tmp_path: Path) -> None:
    rows = [
        "2025-03-01,A,pm10,12,ug/m3,net",
        "2025-03-01,A,pm10,12,,net",
        "2025-03-01,A,pm10,many,ug/m3,net",
        "soon,A,pm10,12,ug/m3,net",
        "2025-03-05/2025-03-01,A,pm10,12,ug/m3,net",
        "2025-03-01,A,pm10,12,ug/m3,",
        "2025-03-01,A,pm10,nan,ug/m3,net",
        "2025-03-01,A,pm10,12",
    ]
    parsed = parse(tmp_path, HEADER + "\n".join(rows) + "\n")
    assert len(parsed.records) == 1
    assert [one.place for one in parsed.rejected] == [f"line {k}" for k in range(3, 10)]
    reasons = " ".join(one.reason for one in parsed.rejected)
    for words in ("has no unit", "a number is not one", "not a date", "ends before", "source is empty", "finite"):
        assert words in reasons
    with pytest.raises(DataError, match="twice"):
        parse(tmp_path, HEADER.replace("source", "source,place") + "1,2,3,4,5,6,7\n")
    assert not EXPOSOME.claims(b"date,place,value,unit\n")


def test_the_table() -> None:
    for one in exposures().values():
        assert one.source
        assert not one.unit or is_tabled(one.unit) or one.unit == "dB"
        assert one.low is None or one.high is None or one.low < one.high
