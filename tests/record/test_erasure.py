"""Erasure: nothing of the person is left, backups stay closed, the audit still verifies, a crash is completed."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clinic import DOCTOR, as_, bundle, clinic, lab, person
from sqlalchemy import select

from vitruvian.core import AccessError, DataError, UnknownNameError
from vitruvian.record import Record, erasure, give_consent, schema
from vitruvian.record.fact_rows import hidden_of

WORDS = (b"Liebermann", b"MRN-1", b"p1-very-own", b"1961-05-06")
ID = "p1-very-own"


@pytest.fixture
def record(record_url: str, tmp_path: Path) -> Iterator[Record]:
    """The clinic, with one more person: known by an id that is found in no other text."""
    (tmp_path / "in").mkdir()
    with clinic(record_url, tmp_path / "in") as found:
        found.ingest(
            bundle(tmp_path / "in", "q.json", person(ID, "Liebermann", "1961-05-06", "MRN-77"), lab("z", ID, 3))
        )
        found.save_state(ID, "m", "1", cutoff_ms=1, summary={"name": "Liebermann"})
        give_consent(found, ID, "permit", "research")
        found.merge(ID, "p1", "same person")
        shutil.rmtree(tmp_path / "in")
        yield found


def rows_of(record: Record, *subjects: str) -> dict[str, int]:
    found: dict[str, int] = {}
    with record.engine.begin() as connection:
        for table in schema.metadata.tables.values():
            if "subject" in table.c:
                found[table.name] = len(connection.execute(select(table).where(table.c.subject.in_(subjects))).all())
    return found


def leaks(folder: Path) -> list[str]:
    """Files of the record that hold a word of the person (compressed ones are not expected: all is sealed)."""
    return [f"{path.name}: {word!r}" for path in folder.rglob("*") if path.is_file() for word in WORDS
            if word in path.read_bytes()]  # fmt: skip


def test_nothing_is_left(record: Record, tmp_path: Path) -> None:
    assert rows_of(record, ID, "p1")["fact"] > 5
    count = len(record.audit_log())
    if record.engine.dialect.name == "sqlite":
        assert leaks(tmp_path)  # ids lie open: this is what must go
    as_(record, DOCTOR).patient(ID).facts()
    erased = record.erase("MRN-1")
    assert erased is not None
    assert (erased.subjects, erased.quarantined) == (2, 0)
    assert set(rows_of(record, ID, "p1").values()) == {0}
    assert leaks(tmp_path) == []
    for owner in (ID, "p1"):
        assert not record.keys.holds(owner)
        assert not (tmp_path / "blobs" / record.keys.pseudonym(owner)).exists()
        assert not (tmp_path / "clinic.db.blobs" / record.keys.pseudonym(owner)).exists()
    assert record.people() == ["p2"]
    for name in (ID, "p1", "MRN-1", "MRN-77"):
        with pytest.raises(UnknownNameError):
            record.patient(name)
    assert record.patient("p2").facts()
    assert record.verify_audit() > count
    about = record.audit_log()
    assert [one.action for one in about if one.person == record.chain.pseudonym(ID)].count("erase") == 1
    assert record.erase("MRN-1") is None


def test_a_backup_without_the_ring_stays_closed(tmp_path: Path) -> None:
    with clinic(str(tmp_path / "clinic.db"), tmp_path) as record:
        with record.engine.begin() as connection:
            sealed = connection.execute(select(schema.fact)).all()
        record.erase("p1")
        for row in sealed:
            if row.subject == "p1":
                with pytest.raises(DataError, match="no key"):
                    record.keys.cipher(row.subject)
            else:
                assert hidden_of(row, record.keys.cipher(row.subject))
        wrapped = (tmp_path / "clinic.db.keys").read_bytes()
        assert b"p1" not in wrapped


class Crash(Exception):
    """The power goes out."""


@pytest.mark.parametrize("where", ["_naming", "_rows", "_forget", "_scrub"])
def test_an_interrupted_erasure_is_completed_by_another(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def crash(*_: Any) -> Any:
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(erasure, where, crash)
        with pytest.raises(Crash):
            record.erase(ID)
    assert not record.keys.holds(ID)  # unreadable from the first moment on
    assert record.people() == ["p2"]
    record.erase(ID)
    assert set(rows_of(record, ID, "p1").values()) == {0}
    assert leaks(tmp_path) == []
    assert record.verify_audit()


def test_what_names_them_in_quarantine_goes_too(record: Record, tmp_path: Path) -> None:
    texts = {
        "unread.txt": b"a letter about patient MRN-77, seen on Monday",
        "other.txt": b"a letter about patient MRN-2",
        "packed.txt.gz": gzip.compress(b"results of Patient/p1-very-own: none"),
    }
    folder = tmp_path / "letters"
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    assert record.ingest(folder).quarantined == 3
    shutil.rmtree(folder)
    erased = record.erase(ID)
    assert erased is not None
    assert erased.quarantined == 2
    assert [one.name for one in record.quarantined()] == ["other.txt"]
    assert record.replay().quarantined == 1


def test_a_file_of_another_whose_refusal_lists_them_stays(record: Record, tmp_path: Path) -> None:
    folder = tmp_path / "genomes"
    folder.mkdir()
    header = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1"
    row = "chr12\t21178615\trs4149056\tT\tC\t50\tPASS\t.\tGT\t0/1"
    (folder / "genome.vcf").write_text(f"##fileformat=VCFv4.2\n{header}\n{row}\n")
    (folder / "letter.txt").write_text("It is all about MRN-77.")
    assert record.ingest(folder, patient="p1-very-old").quarantined == 2
    refused = next(one for one in record.quarantined() if one.name == "genome.vcf")
    assert ID in refused.reason
    erased = record.erase(ID)
    assert erased is not None
    assert erased.quarantined == 1
    (kept,) = record.quarantined()
    assert kept.name == "genome.vcf"
    assert ID not in kept.reason  # of the erased nothing is told, though the file stays
    assert "no such patient" in kept.reason


def test_who_may_erase(record: Record) -> None:
    with pytest.raises(AccessError):
        as_(record, DOCTOR).erase(ID)
    assert record.patient(ID).facts()
    assert [one.detail for one in record.audit_log() if one.action == "refused"] == ['{"action":"erase"}']
