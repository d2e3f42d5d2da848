"""WFDB records: header facts, samples, annotations; headers that lie and signal files that are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings import ECG, write_wfdb

from vitruvian.core import DataError, UnsupportedError
from vitruvian.ingest import FORMATS, WFDB, read_wfdb_annotations, read_wfdb_waveform
from vitruvian.record import Parsed, RawFile, Record, Told
from vitruvian.record.formats import recognise

pytest.importorskip("wfdb", reason="needs the extra waveforms")


def test_facts_of_a_record(tmp_path: Path) -> None:
    file = RawFile(write_wfdb(tmp_path))
    assert recognise(file, FORMATS).name == "wfdb"
    assert [one.name for one in WFDB.companions(file)] == ["r100.dat", "r100.atr"]
    (one,) = Parsed.of(WFDB.read(file, Told("p"))).records
    (fact,) = one.facts
    assert (one.subject, fact.kind, fact.value, fact.unit) == ("p", "waveform", 10.24, "s")
    assert (fact.detail["leads"], fact.detail["units"], fact.detail["rate_hz"]) == (["I", "II"], ["mV", "uV"], 250.0)
    assert (fact.detail["comments"], str(fact.start)[:19]) == (["age: 69 sex: M"], "2020-01-02T03:04:05")
    with pytest.raises(DataError, match="whose it is"):
        list(WFDB.read(file, Told()))


def test_samples_in_millivolts(tmp_path: Path) -> None:
    path = write_wfdb(tmp_path)
    found = read_wfdb_waveform(path)
    assert (found.leads, found.units, found.rate) == (("I", "II"), ("mV", "mV"), 250.0)
    np.testing.assert_allclose(found.samples, ECG, atol=1e-4)
    assert read_wfdb_annotations(path) == ((10, "N"), (200, "V"))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("r100 2 250 2560", "r100 2 250 2560000000", "cut short"),
        ("r100 2 250", "r100 -2 250", "record line"),
        ("r100 2 250", "r100 3 250", "does not fit"),
        ("r100 2 250", "r100 999999999 250", "does not fit"),
        ("r100.dat", "gone.dat", "missing"),
        ("r100.dat", "../r100.dat", "signal line"),
        ("r100.dat", "/etc/passwd", "signal line"),
        (" 250 2560", " 0 2560", "sampling frequency|damaged"),
    ],
)
def test_headers_that_lie(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = write_wfdb(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=reason):
        list(WFDB.read(RawFile(path), Told("p")))


def test_several_segments_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "multi.hea"
    path.write_text("multi/2 2 250 5000\nr1 2500\nr2 2500\n")
    assert WFDB.claims(RawFile(path).head)
    with pytest.raises(UnsupportedError, match="several segments"):
        list(WFDB.read(RawFile(path), Told("p")))


def test_through_the_record_with_its_signal_file(tmp_path: Path) -> None:
    folder = tmp_path / "ecg"
    folder.mkdir()
    path = write_wfdb(folder)
    with Record.open(tmp_path / "clinic.db") as record:
        record.ingest(Path(__file__).parents[2] / "samples" / "sample-a" / "bundle.json")
        (person,) = record.people()
        report = record.ingest(folder, patient=person)
        assert (report.records_in, report.stored) == (1, 1), "the signal file is no record of its own"
        again = record.ingest(folder, patient=person)
        assert again.duplicate == 1
        fact = record.patient(person).facts("waveform")[0]
        with record.open_blob(fact) as raw:
            assert raw.read_bytes() == path.read_bytes()
            np.testing.assert_allclose(read_wfdb_waveform(raw).samples, ECG, atol=1e-4)
            assert read_wfdb_annotations(raw) == ((10, "N"), (200, "V"))


def test_a_signal_file_whose_name_no_file_can_have_is_refused(tmp_path: Path) -> None:
    header = write_wfdb(tmp_path)
    text = header.read_text().replace(header.stem + ".dat", "A" * 5000 + ".dat")
    header.write_text(text)
    assert WFDB.companions(RawFile(header)) is not None  # asked of every file of an ingest
    with pytest.raises(DataError):
        list(WFDB.read(RawFile(header), Told("p")))


def test_what_came_with_a_refused_header_does_not_outlive_the_person(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_wfdb(folder)
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p1"}')
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(tmp_path / "p.json")
        assert record.ingest(folder).quarantined == 1  # nobody says whose it is
        assert record.ingest(folder, patient="p1").quarantined == 0
        assert record.quarantined() == []
        record.erase("p1")
    assert [one for one in (tmp_path / "a.db.blobs").rglob("*") if one.is_file()] == []
