"""Whole exports through the record: Apple Health, Garmin FIT, and the 28 days of one person; archives and bombs."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.ingest import APPLE, GARMIN
from vitruvian.ingest.local_time import local_to_utc
from vitruvian.record import NO_OFFSET, Parsed, RawFile, Record, Told

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,(Record|Workout)*)>
<!ATTLIST Record type CDATA #REQUIRED unit CDATA #IMPLIED
   <!-- this comment is in the wrong place -->
>
]>
<HealthData locale="en_DE">
 <ExportDate value="2022-11-01 10:00:00 +0100"/>
 <Me HKCharacteristicTypeIdentifierDateOfBirth="1980-02-03" HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexFemale"/>
"""  # noqa: E501


def record(kind: str, value: str, unit: str, start: str, end: str = "", who: str = "Watch") -> str:
    kind = kind if kind.startswith("HK") else f"HKQuantityTypeIdentifier{kind}"
    return (
        f' <Record type="{kind}" sourceName="{who}" unit="{unit}" creationDate="{end or start}" '
        f'startDate="{start}" endDate="{end or start}" value="{value}"/>\n'
    )


EXPORT = (
    HEAD
    + record("HeartRate", "61", "count/min", "2022-10-30 02:30:00 +0200")
    + record("HeartRate", "62", "count/min", "2022-10-30 02:30:00 +0100")
    + record("HeartRate", "63", "count/min", "2022-10-30 12:00:00 -0700", who="Wat\x0bch")
    + record("StepCount", "120", "count", "2022-10-30 09:00:00 +0100", "2022-10-30 09:10:00 +0100")
    + record("StepCount", "100", "count", "2022-10-30 09:00:00 +0100", "2022-10-30 09:10:00 +0100", "Phone")
    + record("OxygenSaturation", "0.97", "%", "2022-10-30 09:00:00 +0100")
    + record("DietaryZinc", "5", "mg", "2022-10-30 09:00:00 +0100")
    + record("HeartRate", "64", "count/min", "half past nine")
    + record("HKCategoryTypeIdentifierSleepAnalysis", "HKCategoryValueSleepAnalysisAsleepDeep", "",
             "2022-10-30 01:00:00 +0200", "2022-10-30 01:30:00 +0200")
    + """ <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" durationUnit="min"
   sourceName="Watch" startDate="2022-10-30 08:00:00 +0100" endDate="2022-10-30 08:30:00 +0100">
  <WorkoutStatistics type="HKQuantityTypeIdentifierHeartRate" average="150" unit="count/min"/>
 </Workout>
 <ActivitySummary dateComponents="2022-10-30" activeEnergyBurned="300"/>
</HealthData>
"""
)  # fmt: skip


def test_apple_health(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(EXPORT)
    parsed = Parsed.of(APPLE.read(RawFile(path), Told("p")))
    found = {
        (s.signal, s.source, float(s.value[k]), int(s.offset[k])) for s in parsed.samples for k in range(len(s.start))
    }
    assert found == {
        ("heart_rate", "Watch", 61.0, 120),
        ("heart_rate", "Watch", 62.0, 60),
        ("heart_rate", "Watch", 63.0, -420),
        ("steps", "Watch", 120.0, 60),
        ("steps", "Phone", 100.0, 60),
        ("oxygen_saturation", "Watch", 0.97, 60),
        ("apple:DietaryZinc", "Watch", 5.0, 60),
        ("sleep", "Watch", 30.0, 120),
    }
    assert {s.unit for s in parsed.samples if s.signal == "oxygen_saturation"} == {"1"}  # a share, called "%"
    sleep = next(batch for batch in parsed.samples if batch.signal == "sleep")
    assert sleep.text == ("HKCategoryValueSleepAnalysisAsleepDeep",)
    beats = next(batch for batch in parsed.samples if batch.signal == "heart_rate")
    assert np.diff(np.sort(beats.start))[0] == 3600_000  # the hour that comes twice is two hours
    assert [one.kind for one in parsed.records] == ["Me", "Workout", "ActivitySummary"]
    assert (parsed.records[1].facts[0].display, parsed.records[1].facts[0].value) == ("Running", 30.0)
    assert [one.place for one in parsed.rejected] == ["record[9]"]


LAUGHS = '<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><HealthData>&b;</HealthData>'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "XML entities"),
        (HEAD, "not whole XML"),
        ("<HealthData><Record", "not whole XML"),
        ('<?xml version="1.0"?><!DOCTYPE HealthData [ <!ELEMENT', "does not end"),
        ("<HealthData>" + "<Workout>" * 30 + "</Workout>" * 30 + "</HealthData>", "too deep"),
    ],
)
def test_apple_exports_that_are_refused_whole(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(text)
    with pytest.raises(DataError, match=reason):
        Parsed.of(APPLE.read(RawFile(path), Told("p")))


MEMORY = """
import sys
from pathlib import Path
from vitruvian.ingest import APPLE
from vitruvian.record import RawFile, Samples, Told
import polars
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
n = sum(len(one.start) for one in APPLE.read(RawFile(Path(sys.argv[1])), Told("p")) if isinstance(one, Samples))
print(n, (peak() - before) // 1024)
"""


def test_apple_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    used = []
    for count in (30_000, 90_000):
        path = tmp_path / f"{count}.xml"
        lines = [
            record("HeartRate", "61", "count/min", f"2022-10-{k % 28 + 1:02d} 02:30:{k % 60:02d} +0200")
            for k in range(1000)
        ]
        path.write_text(HEAD + "".join(lines) * (count // 1000) + "</HealthData>")
        done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
        read, peak = map(int, done.stdout.split())
        assert read == count
        used.append(peak)
    assert used[1] < used[0] + 40


def fit_file(messages: list[tuple[int, list[tuple[int, int, str, int]]]]) -> bytes:
    """A FIT file of (message number, [(field number, base type, struct code, value)])."""
    body = b""
    for number, fields in messages:
        body += struct.pack("<BBBHB", 0x40, 0, 0, number, len(fields))
        body += b"".join(struct.pack("<BBB", field, struct.calcsize(code), base) for field, base, code, _ in fields)
        body += b"\x00" + b"".join(struct.pack("<" + code, value) for _, _, code, value in fields)
    head = struct.pack("<BBHI4s", 14, 0x20, 2100, len(body), b".FIT")
    head += struct.pack("<H", crc(head))
    return head + body + struct.pack("<H", crc(head + body))


def crc(data: bytes) -> int:
    """CRC-16 of the FIT protocol (polynomial 0xA001)."""
    found = 0
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ 0xA001 if found & 1 else found >> 1
    return found


def test_garmin_fit(tmp_path: Path) -> None:
    when = 1_017_000_000  # seconds since 1989-12-31
    monitoring = [(253, 0x86, "I", when), (27, 0x02, "B", 71)]
    info = [(253, 0x86, "I", when), (0, 0x86, "I", when + 7200)]
    session = [(253, 0x86, "I", when + 1800), (2, 0x86, "I", when), (7, 0x86, "I", 1_800_000), (5, 0x00, "B", 1)]
    path = tmp_path / "a.fit"
    path.write_bytes(fit_file([(103, info), (55, monitoring), (18, session)]))
    assert APPLE.claims(RawFile(path).head) is False
    assert GARMIN.claims(RawFile(path).head)
    parsed = Parsed.of(GARMIN.read(RawFile(path), Told("p")))
    beat = next(batch for batch in parsed.samples if batch.signal == "heart_rate")
    assert (beat.value.tolist(), beat.unit, beat.offset.tolist()) == ([71.0], "/min", [120])
    assert str(np.datetime64(int(beat.start[0]), "ms")) == "2022-03-23T20:00:00.000"
    assert (parsed.records[0].facts[0].display, parsed.records[0].facts[0].value) == ("running", 30.0)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged"):
        Parsed.of(GARMIN.read(RawFile(path), Told("p")))


# -- local times ----------------------------------------------------------------------------------------------------


def minutes(*clock: str) -> np.ndarray:
    return np.array([np.datetime64(text, "ms").astype(np.int64) for text in clock])


def test_the_hour_that_comes_twice_is_told_apart_by_order() -> None:
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    local = minutes(*(f"2022-10-30T{h:02d}:{m:02d}" for h, m in [(1, 45), (2, 0), (2, 30), (2, 5), (2, 35), (3, 0)]))
    utc, offset = local_to_utc(local, berlin)
    assert offset.tolist() == [120, 120, 120, 60, 60, 60]
    assert (np.diff(utc) > 0).all()
    back, offset_back = local_to_utc(local[::-1], berlin)  # newest first
    assert back[::-1].tolist() == utc.tolist()
    assert offset_back[::-1].tolist() == offset.tolist()
    gap, _ = local_to_utc(minutes("2022-03-27T01:59", "2022-03-27T02:30", "2022-03-27T03:31"), berlin)
    assert (np.diff(gap) > 0).all()
    same, none = local_to_utc(local, None)
    assert same is local or same.tolist() == local.tolist()
    assert set(none.tolist()) == {NO_OFFSET}


# -- archives -------------------------------------------------------------------------------------------------------

PATIENT = {"resourceType": "Patient", "id": "p"}


@pytest.fixture
def opened(tmp_path: Path) -> Record:
    (tmp_path / "p.json").write_text(json.dumps(PATIENT))
    one = Record.open(tmp_path / "a.db")
    one.ingest(tmp_path / "p.json")
    return one


def test_an_export_in_a_zip_counts_as_its_members(opened: Record, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("q.json", json.dumps(PATIENT | {"id": "q"}))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export.xml", EXPORT)
        archive.writestr("noise.bin", b"\x01\x02\x03")
        archive.writestr("more.zip", inner.getvalue())
    report = opened.ingest(path, patient="p")
    assert (report.records_in, report.stored, report.quarantined) == (14, 12, 2)
    assert {one.name for one in opened.quarantined()} == {
        "export.zip!noise.bin",
        "export.zip!apple_health_export/export.xml",
    }
    again = opened.ingest(path, patient="p")
    assert (again.stored, again.duplicate, again.quarantined) == (0, 12, 2)
    steps = opened.patient("p").daily("steps")
    assert steps["value"].to_list() == [120.0]  # the watch's, not the sum of watch and phone
    assert len(opened.patient("p").observations("steps")) == 2


def tar_with(member: tarfile.TarInfo, data: bytes = b"") -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with tarfile.open(path, "w:gz") as archive:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))

    return make


def link() -> tarfile.TarInfo:
    member = tarfile.TarInfo("link")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


def zip_with(name: str, data: bytes, times: int = 1) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for k in range(times):
                archive.writestr(name.format(k), data)

    return make


def nested(path: Path) -> None:
    data = b"{}"
    for _ in range(4):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.zip", data)
        data = stream.getvalue()
    path.write_bytes(data)


def damaged(path: Path) -> None:
    zip_with("a.json", b"{}" * 1000)(path)
    path.write_bytes(path.read_bytes()[:-30])


BAD = {
    "climbs out": (zip_with("../../evil.json", b"{}"), "leads outside"),
    "absolute": (tar_with(tarfile.TarInfo("/etc/evil"), b"x"), "leads outside"),
    "windows": (zip_with("C:\\evil.json", b"{}"), "leads outside"),
    "link": (tar_with(link()), "link or a device"),
    "bomb": (zip_with("{}.txt", b"\0" * (24 << 20), 4), "unpacks to too much"),
    "nested": (nested, "archive in an archive"),
    "damaged": (damaged, "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_archive_that_could_do_harm_is_quarantined_whole(name: str, opened: Record, tmp_path: Path) -> None:
    make, reason = BAD[name]
    path = tmp_path / "archive"
    make(path)
    report = opened.ingest(path, patient="p")
    assert (report.records_in, report.quarantined) == (1, 1)
    assert reason in opened.quarantined()[0].reason
    assert not list(tmp_path.parent.glob("evil*"))


# -- one real person ------------------------------------------------------------------------------------------------

# what the README of the data counts in each kind of file (skin_temperature: 29 lines, one of them twice)
COUNTS = {
    "heart_rate": 294_023, "steps": 21_828, "distance": 21_828, "active_energy": 40_320, "floors": 504,
    "active_zone_time": 374, "hrv_low_frequency": 2_675, "infrared_red_ratio": 14_926,
    "skin_temperature_change": 39_604, "skin_temperature": 28, "resting_heart_rate": 28, "vo2_max": 28,
    "stress_score": 28, "sleep_score": 27,
    "glucose": 3_981, "blood_glucose": 17, "carbohydrates": 314, "insulin_bolus": 146, "insulin_basal": 29,
}  # fmt: skip
SUMS = {"insulin_bolus": 748.0, "insulin_basal": 350.0, "carbohydrates": 4851.0}


def test_a_person_of_28_days(opened: Record, shared: Path) -> None:
    path = shared / "data" / "t1d_person" / "t1d_person_2022-02-07_2022-03-06.tar.gz"
    report = opened.ingest(path, patient="p", zone="Europe/Prague")
    assert report.quarantined == 0
    assert report.records_in == report.stored + report.duplicate
    assert report.duplicate == 52  # 51 wakes listed among the stages and again apart, 1 line that comes twice
    person = opened.patient("p")
    for signal, count in COUNTS.items():
        assert len(person.samples(signal)) == count, signal
    for signal, total in SUMS.items():
        assert person.samples(signal)["value_raw"].sum() == pytest.approx(total), signal
    weight = person.samples("weight")
    assert weight.filter(weight["source"] == "Fitbit")["value"].to_list() == pytest.approx([132.2 * 0.45359237])
    again = opened.ingest(path, patient="p", zone="Europe/Prague")
    assert (again.stored, again.records_in) == (0, report.records_in)
