"""A person's wearable days from the record as a model of daily signs takes them."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from vitruvian.core import InputError
from vitruvian.learn.sequence import Usual
from vitruvian.record import Patient, Record
from vitruvian.study.wearables import CHANNELS, wearable_days

DAYS = 40
LAST = date(2022, 10, 29)
NAMES = [one.name for one in CHANNELS]


def apple(days: int) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<HealthData locale="en_DE">',
             ' <ExportDate value="2022-11-01 10:00:00 +0100"/>']  # fmt: skip

    def add(kind: str, value: object, unit: str, start: str, end: str = "") -> None:
        kind = kind if kind.startswith("HK") else f"HKQuantityTypeIdentifier{kind}"
        lines.append(
            f' <Record type="{kind}" sourceName="Watch" unit="{unit}" creationDate="{end or start}" '
            f'startDate="{start}" endDate="{end or start}" value="{value}"/>'
        )

    for k in range(days):
        day = LAST - timedelta(days=days - 1 - k)
        if k == 5:
            continue
        add("RestingHeartRate", 60 + k % 3, "count/min", f"{day} 23:30:00 +0200")
        add("HeartRateVariabilitySDNN", 40, "ms", f"{day} 04:00:00 +0200")
        add("OxygenSaturation", 0.96, "%", f"{day} 03:00:00 +0200")
        add("RespiratoryRate", 15, "count/min", f"{day} 03:00:00 +0200")
        add("StepCount", 4000, "count", f"{day} 09:00:00 +0200", f"{day} 09:30:00 +0200")
        add("StepCount", 1000 + k, "count", f"{day} 19:00:00 +0200", f"{day} 19:30:00 +0200")
        night = f"{day - timedelta(days=1)} 23:00:00 +0200", f"{day} 06:00:00 +0200"
        add("HKCategoryTypeIdentifierSleepAnalysis", "HKCategoryValueSleepAnalysisAsleepCore", "", *night)
    return "\n".join([*lines, "</HealthData>"])


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Patient:
    folder = tmp_path_factory.mktemp("record")
    entries = [
        {"resourceType": "Patient", "id": "p"},
        *(
            {"resourceType": "Observation", "id": f"o{k}", "status": "final", "subject": {"reference": "Patient/p"},
             "code": {"coding": [{"system": "urn:diary", "code": "puffs"}]}, "valueQuantity": {"value": 2, "code": "1",
             "system": "http://unitsofmeasure.org"}, "effectiveDateTime": f"2022-10-2{k}T08:00:00Z"}
            for k in (7, 8)
        ),
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}
    (folder / "p.json").write_text(json.dumps(bundle))
    (folder / "export.xml").write_text(apple(DAYS))
    record = Record.open(folder / "a.db")
    record.ingest(folder / "p.json")
    record.ingest(folder / "export.xml", patient="p")
    return record.patient("p")


def test_days_of_a_watch_are_channels(patient: Patient) -> None:
    found = wearable_days(patient, LAST, days=DAYS, diary={"reliever": "puffs"})
    values = dict(zip(NAMES, found.values.T, strict=True))
    assert found.dates[-1] == LAST
    assert np.isnan(found.values[5]).all()
    assert values["resting_heart_rate"][7] == 60 + 7 % 3
    assert values["steps"][-1] == 5000 + DAYS - 1
    assert values["oxygen_saturation"][-1] == pytest.approx(96)
    assert values["respiratory_rate"][-1] == 15
    assert values["sleep"][-1] == pytest.approx(7 * 60)
    assert found.signals["hrv_rmssd"] == "hrv_sdnn"
    np.testing.assert_array_equal(values["reliever"][-3:], [2, 2, np.nan])
    assert np.isnan(values["symptoms"]).all()
    assert "symptoms" not in found.signals


def test_days_become_windows_against_their_usual(patient: Patient) -> None:
    found = wearable_days(patient, LAST, days=DAYS)
    usual = Usual(np.ones(len(CHANNELS)), steps=14, span=20, least=7)
    some = usual.windows(found.values[None], np.zeros(1, int), np.array([DAYS - 1]), CHANNELS)
    assert some.fixed.values[0, NAMES.index("steps")] == pytest.approx(5000 + np.arange(6, 26).mean())
    assert np.isnan(some.values[0, :, NAMES.index("symptoms")]).all()
    assert some.values[0, -1, NAMES.index("steps")] > 1


def test_what_the_record_has_not_is_missing_and_what_cannot_be_asked_refused(patient: Patient) -> None:
    assert np.isnan(wearable_days(patient, date(2019, 1, 1), days=5).values).all()
    with pytest.raises(InputError, match="days of wearables"):
        wearable_days(patient, LAST, diary={"steps": "x"})
