"""What stands beside a value in an export of a watch or sensor is kept; times without offset take the zone told."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from test_wearables import BERLIN, CLARITY, Line, point, read
from test_wearables_in_record import HEAD, fit_file, minutes
from test_wearables_in_record import record as apple_record

from vitruvian.ingest import APPLE, DEXCOM, FITBIT, GARMIN, GOOGLE, MYSUGR, NIGHTSCOUT, OPEN_MHEALTH
from vitruvian.ingest.local_time import local_to_utc
from vitruvian.record import Format, Parsed, RawFile, Samples, Told

UTC_ONLY = Told("p")
NAN = pytest.approx(np.nan, nan_ok=True)


def said(folder: Path, form: Format, content: Any, told: Told = BERLIN) -> list[Line]:
    """The samples of an export; nothing of it is rejected."""
    path = folder / "export"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    lines, parsed = read(form, path, told)
    assert parsed.rejected == ()
    return lines


# -- Garmin ---------------------------------------------------------------------------------------------------------

WHEN = 1_017_000_000  # seconds since 1989-12-31: 2022-03-23 20:00 UTC
FULL, SHORT = (253, 0x86, "I"), (26, 0x84, "H")  # the time of a message: all of it, or its lowest 16 bits
BEATS = struct.pack("<4H", 800, 800, 800, 0xFFFF)  # ms; the last is no value


def activity(local: int) -> tuple[int, list[tuple[int, int, str, Any]]]:
    return (34, [(*FULL, WHEN + 60), (5, 0x86, "I", local)])


def test_garmin_times_of_16_bits(tmp_path: Path) -> None:
    late = [(*SHORT, (WHEN + 65_000) & 0xFFFF), (27, 0x02, "B", 72)]
    later = [(*SHORT, (WHEN + 66_000) & 0xFFFF), (27, 0x02, "B", 73)]
    content = fit_file([(55, [(*FULL, WHEN), (27, 0x02, "B", 71)]), (55, late), (55, later)])
    assert [line[:3] for line in said(tmp_path, GARMIN, content)] == [
        ("heart_rate", "2022-03-23T20:00", 71.0),
        ("heart_rate", "2022-03-24T14:03", 72.0),
        ("heart_rate", "2022-03-24T14:20", 73.0),  # 16 bits went round between the two
    ]


def test_garmin_beats_of_equal_length_are_all_kept(tmp_path: Path) -> None:
    beats: list[tuple[int, int, str, Any]] = [(0, 0x84, "8s", BEATS)]
    content = fit_file([(20, [(*FULL, WHEN), (3, 0x02, "B", 75)]), (78, beats)])
    path = tmp_path / "a.fit"
    path.write_bytes(content)
    found = next(one for one in GARMIN.read(RawFile(path), BERLIN) if getattr(one, "signal", "") == "rr_interval")
    assert isinstance(found, Samples)
    assert found.value.tolist() == [0.8, 0.8, 0.8]
    assert (found.start - found.start[0]).tolist() == [0, 800, 1600]
    assert (found.end - found.start).tolist() == [800] * 3


@pytest.mark.parametrize(
    ("local", "told", "offset"),
    [(WHEN + 60 + 3600 * 5, BERLIN, 300), (0, BERLIN, 60), (0, UTC_ONLY, 0)],
    ids=["a late activity message", "the zone told", "neither"],
)
def test_the_offset_of_garmin(local: int, told: Told, offset: int, tmp_path: Path) -> None:
    beat = (20, [(*FULL, WHEN), (3, 0x02, "B", 75)])
    content = fit_file([beat, activity(local)] if local else [beat])
    assert said(tmp_path, GARMIN, content, told) == [("heart_rate", "2022-03-23T20:00", 75.0, "/min", offset, "")]


def test_garmin_numbers_that_nobody_knows_are_kept(tmp_path: Path) -> None:
    content = fit_file([(20, [(*FULL, WHEN), (3, 0x02, "B", 75), (4, 0x02, "B", 88), (240, 0x02, "B", 7)])])
    lines = [line[:4] for line in said(tmp_path, GARMIN, gzip.compress(content))]
    assert lines == [
        ("garmin:cadence", "2022-03-23T20:00", 88.0, "rpm"),
        ("garmin:unknown_240", "2022-03-23T20:00", 7.0, ""),
        ("heart_rate", "2022-03-23T20:00", 75.0, "/min"),
    ]


# -- sensors and diaries --------------------------------------------------------------------------------------------


def test_long_acting_insulin_is_basal(tmp_path: Path) -> None:
    text = CLARITY + "8,2022-10-30T22:00:00,Insulin,Long-Acting,,,iPhone,,18,,,,\n"
    found = [line for line in said(tmp_path, DEXCOM, text.encode()) if line[0].startswith("insulin")]
    assert [(line[0], line[2], line[5]) for line in found] == [
        ("insulin_basal", 18.0, "Long-Acting"),
        ("insulin_bolus", 3.5, "Fast-Acting"),
    ]


def test_nightscout_keeps_notes_beside_values_and_guesses_no_unit(tmp_path: Path) -> None:
    at = "2022-03-27T08:00:00Z"
    lines = said(tmp_path, NIGHTSCOUT, [
        {"_id": "1", "eventType": "Meal Bolus", "insulin": 4.2, "notes": "pizza", "created_at": at},
        {"_id": "2", "eventType": "BG Check", "glucose": 110, "created_at": at},
    ])  # fmt: skip
    assert ("insulin_bolus", "2022-03-27T08:00", 4.2, "[iU]", 0, "Meal Bolus; pizza") in lines
    assert ("blood_glucose", "2022-03-27T08:00", 110.0, "", 0, "") in lines


BARE = "2022-03-27T08:00:00"
CONNECTED = {"recordType": "StepsRecord", "count": 12, "startTime": BARE, "endTime": "2022-03-27T08:10:00"}
STEPS = {"step_count": 12, "effective_time_frame": {"date_time": BARE}}


@pytest.mark.parametrize(
    ("form", "content"),
    [
        (GOOGLE, {"records": [CONNECTED]}),
        (NIGHTSCOUT, [{"_id": "1", "eventType": "Meal Bolus", "insulin": 12, "created_at": BARE}]),
        (OPEN_MHEALTH, [point("step-count", STEPS)]),
    ],
    ids=["google", "nightscout", "open_mhealth"],
)
def test_a_time_without_offset_takes_the_zone_told(form: Format, content: Any, tmp_path: Path) -> None:
    (line,) = said(tmp_path, form, content)
    assert (line[1], line[2], line[4]) == ("2022-03-27T06:00", 12.0, 120)


@pytest.mark.parametrize("whole", [True, False])
def test_health_connect_blood_pressure(whole: bool, tmp_path: Path) -> None:
    values = {"systolic": 121.0, "diastolic": 79.0}
    parts = {name: {"inMillimetersOfMercury": value} if whole else value for name, value in values.items()}
    one = {"recordType": "BloodPressureRecord", "time": f"{BARE}Z", "zoneOffset": "+02:00", **parts}
    assert [(line[0], line[2], line[3]) for line in said(tmp_path, GOOGLE, [one])] == [
        ("diastolic_blood_pressure", 79.0, "mm[Hg]"),
        ("systolic_blood_pressure", 121.0, "mm[Hg]"),
    ]


def test_health_connect_without_an_app_is_of_health_connect(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text(json.dumps([{**CONNECTED, "metadata": {"dataOrigin": {}}}]))
    assert [batch.source for batch in Parsed.of(GOOGLE.read(RawFile(path), BERLIN)).samples] == ["Health Connect"]


def test_fitbit_with_the_value_before_the_time(tmp_path: Path) -> None:
    beat = {"value": {"bpm": 61, "confidence": 2}, "dateTime": "03/27/22 00:00:05"}
    assert said(tmp_path, FITBIT, [beat]) == [("heart_rate", "2022-03-27T00:00", 61.0, "/min", 60, "confidence 2")]


DIARY = """Date,Time,Tags,Blood Sugar Measurement (mg/dL),Insulin Injection Units (Pen),Basal Injection Units,Insulin (Meal),Insulin (Correction),Meal Carbohydrates (Grams),Meal Descriptions,Note,Blood pressure
"Mar 27, 2022",3:05:00 AM,Dinner,112,6,,4,2,30,soup,felt dizzy,131/84
"Mar 27, 2022",2:00:00 PM,,,5,,,,,a taste of soup,,
"Mar 26, 2022",11:50:00 PM,,,,18,,,,,,
"""  # noqa: E501


def test_mysugr_keeps_what_a_row_says_beside_its_values(tmp_path: Path) -> None:
    assert said(tmp_path, MYSUGR, DIARY.encode()) == [
        ("blood_glucose", "2022-03-27T01:05", 112.0, "mg/dL", 120, ""),
        ("carbohydrates", "2022-03-27T01:05", 30.0, "g", 120, "soup"),
        ("insulin_basal", "2022-03-26T22:50", 18.0, "[iU]", 60, "injection"),
        ("insulin_bolus", "2022-03-27T01:05", 2.0, "[iU]", 120, "correction"),
        ("insulin_bolus", "2022-03-27T01:05", 4.0, "[iU]", 120, "meal"),
        ("insulin_bolus", "2022-03-27T12:00", 5.0, "[iU]", 120, "pen"),
        ("note", "2022-03-27T01:05", NAN, "", 120, "Tags: Dinner; Note: felt dizzy; Blood pressure: 131/84"),
        ("note", "2022-03-27T12:00", NAN, "", 120, "Meal Descriptions: a taste of soup"),
    ]


# -- Apple Health ---------------------------------------------------------------------------------------------------


def test_what_stands_inside_an_apple_record_is_kept(tmp_path: Path) -> None:
    at = "2022-10-30 12:00:00 +0100"
    inside = """<HeartRateVariabilityMetadataList>
   <InstantaneousBeatsPerMinute bpm="61" time="12:00:01,5"/>
   <InstantaneousBeatsPerMinute bpm="63" time="12:00:02,4"/></HeartRateVariabilityMetadataList>
  <MetadataEntry key="HKAlgorithmVersion" value="2"/></Record>"""
    variability = apple_record("HeartRateVariabilitySDNN", "41.5", "ms", at).rstrip()[:-2] + f">{inside}\n"
    beat = apple_record("HeartRate", "61", "count/min", at, who="Wat&#11;ch&#x1F;")
    (tmp_path / "export").write_text(f"{HEAD}{variability}{beat}</HealthData>")
    lines, parsed = read(APPLE, tmp_path / "export", BERLIN)
    text = "HeartRateVariabilityMetadataList; 61=12:00:01,5; 63=12:00:02,4; HKAlgorithmVersion=2"
    assert [(line[2], line[5]) for line in lines] == [(61.0, ""), (41.5, text)]
    assert {batch.source for batch in parsed.samples} == {"Watch"}


def test_few_apple_records_wait_however_many_kinds_there_are(tmp_path: Path) -> None:
    """No kind fills a batch, and yet each is handed on before the end."""
    line = [apple_record(f"Dietary{k}", "5", "mg", "2022-10-30 09:00:00 +0100") for k in range(7)]
    (tmp_path / "export.xml").write_text(HEAD + "".join(line) * 9_500 + "</HealthData>")
    batches = [
        len(one.start) for one in APPLE.read(RawFile(tmp_path / "export.xml"), BERLIN) if isinstance(one, Samples)
    ]
    assert len(batches) == 14
    assert sum(batches) == 7 * 9_500


# -- local times ----------------------------------------------------------------------------------------------------


def test_the_hour_that_comes_twice_in_a_file_in_no_order_is_of_its_first_pass() -> None:
    clock = ["2022-10-30T05:00", "2022-10-30T02:30", "2022-10-30T01:00", "2022-10-30T02:05", "2022-10-30T06:00"]
    _, offset = local_to_utc(minutes(*clock), ZoneInfo("Europe/Berlin"))
    assert offset.tolist() == [60, 120, 120, 120, 60]
