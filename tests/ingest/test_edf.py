"""EDF+ recordings: header facts, samples, annotations, and headers that lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from recordings import EEG, SPO2, write_edf

from vitruvian.core import DataError
from vitruvian.ingest import EDF, read_edf_annotations, read_edf_waveforms
from vitruvian.record import Parsed, RawFile, Record, Told

pytest.importorskip("edfio", reason="needs the extra waveforms")


def test_facts_of_a_night(tmp_path: Path) -> None:
    file = RawFile(write_edf(tmp_path))
    assert EDF.claims(file.head)
    (one,) = Parsed.of(EDF.read(file, Told(zone=ZoneInfo("Europe/Amsterdam")))).records
    assert (one.subject, one.identifiers) == ("MCH-0234567", (("", "MCH-0234567"),))
    facts = {one.path: one for one in one.facts}
    assert facts[".name"].value_text == "Haagse Harry"
    assert str(facts[".birth_date"].start) == "1951-05-02"
    assert facts[".sex"].value_code == "female"
    first, second = facts[".signals[0]"], facts[".signals[1]"]
    assert (first.value, first.unit, str(first.start)) == (10.0, "s", "2002-03-02T09:08:07+01:00")
    assert (first.detail["leads"], first.detail["rate_hz"], first.detail["samples"]) == (["EEG Fpz-Cz"], 256.0, 2560)
    assert (second.detail["leads"], second.detail["units"], second.detail["rate_hz"]) == (["SaO2"], ["%"], 1.0)
    assert first.detail["first_annotations"] == [[1.0, None, "Lights off"], [4.0, 2.0, "Apnea"]]


def test_samples_within_a_digital_step(tmp_path: Path) -> None:
    path = write_edf(tmp_path)
    eeg, oxygen = read_edf_waveforms(path)
    assert (eeg.leads, eeg.units, eeg.rate, eeg.duration) == (("EEG Fpz-Cz",), ("mV",), 256.0, 10.0)
    np.testing.assert_allclose(eeg.samples[0], EEG / 1000, atol=400 / 65535 / 1000)
    assert (oxygen.units, oxygen.rate) == (("%",), 1.0)
    np.testing.assert_allclose(oxygen.samples[0], SPO2, atol=100 / 65535)
    assert [one.text for one in read_edf_annotations(path)] == ["Lights off", "Apnea"]


def test_a_file_without_code_needs_a_person(tmp_path: Path) -> None:
    file = RawFile(write_edf(tmp_path, code="X"))
    with pytest.raises(DataError, match="whose it is"):
        list(EDF.read(file, Told()))
    (one,) = Parsed.of(EDF.read(file, Told(patient="p"))).records
    assert one.subject == "p"


def cut(data: bytes) -> bytes:
    return data[:-100]


def put(at: int, text: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + text.ljust(8) + data[at + 8 :]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (cut, "cut short"),
        (put(236, b"-1"), "number of data records"),
        (put(236, b"99999999"), "cut short"),
        (put(184, b"256"), "does not fit"),
        (put(184, b"4e9"), "header size"),
        (lambda data: data[:252] + b"-3  " + data[256:], "number of signals"),
        (lambda data: data[:252] + b"9999" + data[256:], "number of signals"),
    ],
)
def test_headers_that_lie(tmp_path: Path, change: Callable[[bytes], bytes], reason: str) -> None:
    path = write_edf(tmp_path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=reason):
        list(EDF.read(RawFile(path), Told()))


def test_through_the_record_and_out_again(tmp_path: Path) -> None:
    path = write_edf(tmp_path)
    with Record.open(tmp_path / "clinic.db") as record:
        first, again = record.ingest(path), record.ingest(path)
        assert (first.records_in, first.stored, again.duplicate) == (1, 1, 1)
        fact = record.patient("MCH-0234567").facts("waveform")[0]
        with record.open_blob(fact) as raw:
            assert raw.read_bytes() == path.read_bytes()
