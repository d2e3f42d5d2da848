"""Archives that lie: the archive is quarantined or refused, the rest of the ingest goes on."""

from __future__ import annotations

import io
import json
import resource
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from vitruvian.core import StoreError
from vitruvian.record import Record
from vitruvian.record.archives import opened

ZEROS = bytes(40 << 20)


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def encrypted() -> bytes:
    """Bit 0 of the general purpose flags (APPNOTE 4.4.4) of the local and of the central header."""
    data = bytearray(zipped(("a.json", b"{}")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def tarred(names: Sequence[str], form: int = tarfile.PAX_FORMAT, headers: dict[str, str] | None = None) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.pax_headers = 2, headers or {}
            archive.addfile(member, io.BytesIO(b"{}"))
    return stream.getvalue()


LIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "encrypted": (encrypted, "archive is encrypted"),
    "a zip's member .": (lambda: zipped((".", b"{}")), "leads outside"),
    "a tar's member .": (lambda: tarred(["."]), "leads outside"),
    "a name that is no text": (lambda: zipped(("\xe9.json", b"{}")).replace(b"\xc3\xa9", b"\xff\xfe"), "damaged"),
    "a tar's name that is no text": (lambda: tarred(["\udcff.json"], tarfile.GNU_FORMAT), "damaged"),
    "a name that is too long": (lambda: zipped(("n" * 300, b"{}")), "damaged"),
    "a name twice": (lambda: tarred(["a.json", "b.json", "a.json"]), "same name twice"),
    "a file as folder": (lambda: zipped(("a", b"{}"), ("a/b.json", b"{}")), "same name twice"),
    "a long header": (lambda: tarred(["a.json"], headers={"comment": "x" * (1 << 20)}), "header of the archive"),
    "a long GNU name": (lambda: tarred(["n" * (2 << 20)], tarfile.GNU_FORMAT), "header of the archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_the_rest_of_the_ingest_goes_on(name: str, tmp_path: Path) -> None:
    make, reason = LIES[name]
    (tmp_path / "liar").write_bytes(make())
    (tmp_path / "p.json").write_text(json.dumps({"resourceType": "Patient", "id": "p"}))
    with Record.open(tmp_path / "a.db") as record:
        report = record.ingest(tmp_path / "liar", tmp_path / "p.json", patient="p")
        assert (report.records_in, report.stored, report.quarantined) == (2, 1, 1)
        assert [(one.name, reason in one.reason) for one in record.quarantined()] == [("liar", True)]
        assert record.people() == ["p"]


def test_archives_in_an_archive_share_its_bound(tmp_path: Path) -> None:
    """Each alone unpacks to less than the bound."""
    bomb = zipped(("zeros", ZEROS))
    (tmp_path / "a.zip").write_bytes(zipped(("1.zip", bomb), ("2.zip", bomb)))
    with opened([tmp_path / "a.zip"]) as found:
        names = [(one[0].origin, "unpacks to too much" in str(one[1])) if isinstance(one, tuple) else one.origin
                 for one in found]  # fmt: skip
    assert names == ["a.zip!1.zip!zeros", ("a.zip!2.zip", True)]


def test_a_full_disk_is_no_fault_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("zeros", bytes(3 << 20))))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(StoreError, match="could not be unpacked"), opened([tmp_path / "a.zip"]):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
