"""Content decides the format, not the name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from vitruvian.core import DataError
from vitruvian.ingest import FORMATS
from vitruvian.ingest.detect import name_of
from vitruvian.record import RawFile
from vitruvian.record.formats import recognise


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"resourceType": "Patient"}', "fhir"),
        (b'\xef\xbb\xbf \n{"a": 1}', "fhir"),
        (b"[1]", "fhir"),
        (b'{"received_ms":[1],"batches":[]}', "stream"),
        (b"##fileformat=VCFv4.2\n", "vcf"),
        (b"%PDF-1.7", "unknown"),
        (b"\0" * 128 + b"DICM", "dicom"),
        (b'<Bundle xmlns="http://hl7.org/fhir">', "unknown"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_recognise(tmp_path: Path, content: bytes, name: str, zipped: bool) -> None:
    path = tmp_path / "anything.bin"
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert recognise(RawFile(path), FORMATS).name == name


def test_what_cannot_be_named_is_refused_with_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a b\nhttp://hl7.org/fhir 1\n")
    with pytest.raises(DataError, match="a b"):
        recognise(RawFile(path), FORMATS)
    assert name_of(b"PK\x03\x04") == "a zip archive"


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitruvian.record.formats.LIMIT", 10_000)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b'{"a": "' + b" " * 50_000 + b'"}'))
    with pytest.raises(DataError, match="too large"):
        _ = RawFile(path).content
