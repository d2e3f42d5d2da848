"""Accounting: records in = stored + duplicate + quarantined, in any order, any number of times."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from vitruvian.core import InputError
from vitruvian.ingest import FORMATS, ingest, samples
from vitruvian.record import Fact, Format, IngestReport, Item, RawFile, Record, Told, installed_formats, schema
from vitruvian.record.keys import QUARANTINE

HEADER = "##fileformat=VCFv4.2\n##reference=GRCh38\n"


def balanced(report: IngestReport) -> IngestReport:
    assert report.records_in == report.stored + report.duplicate + report.quarantined
    assert len(report.stored_ids) == report.stored == len(set(report.stored_ids))
    assert len(report.duplicate_ids) == report.duplicate
    assert len(report.quarantined_ids) == report.quarantined
    for name in ("records_in", "stored", "duplicate", "quarantined"):
        assert sum(counts[name] for counts in report.by_format.values()) == getattr(report, name)
    return report


def state(record: Record) -> dict[str, list[tuple[object, ...]]]:
    """Everything stored, without what depends on the clock and on the order of files."""
    tables = {
        "resource": ("resource", "line", "kind", "subject"),
        "head": ("line", "resource"),
        "subject": ("subject", "person"),
    }
    with record.engine.begin() as connection:
        found = {
            name: sorted(
                map(tuple, connection.execute(select(*[schema.metadata.tables[name].c[c] for c in columns]))), key=str
            )
            for name, columns in tables.items()
        }
    facts = [replace(one, raw_hash="") for person in record.patients() for one in person.facts(void=True)]
    return found | {"fact": sorted([(one,) for one in facts], key=str)}


def test_all_bundles_go_in_with_every_record_accounted_for(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "data" / "fhir").glob("*.json.gz"))
    assert len(files) == 12
    resources = [e["resource"] for f in files for e in orjson.loads(gzip.decompress(f.read_bytes()))["entry"]]
    with Record.open(tmp_path / "a.db") as record:
        report = balanced(ingest(record, *files))
        assert report.records_in == len(resources) == 5722
        assert report.quarantined == 0
        assert report.duplicate == 6  # organisations and practitioners that two bundles share, byte for byte
        assert len(report.people) == 12
        again = balanced(ingest(record, *files))
        assert (again.stored, again.duplicate) == (0, 5722)
        kinds = ("observation", "social")
        observations = sum(len(p.facts(kind=kind, void=True)) for p in record.patients() for kind in kinds)
        stated = [one for one in resources if one["resourceType"] == "Observation"]
        expected = sum(len(o.get("component", ())) + (not o.get("component") or "valueQuantity" in o) for o in stated)
        assert observations == expected
        first = state(record)
    random.Random(3).shuffle(files)
    with Record.open(tmp_path / "b.db") as record:
        for file in files:
            ingest(record, file)
        assert state(record) == first


def test_samples_go_in_twice_and_come_out(tmp_path: Path) -> None:
    with Record.open(tmp_path / "a.db") as record:
        for name, files in samples().items():
            once, again = (ingest(record, *files, patient=name) for _ in range(2))
            assert (once.stored, once.quarantined) == (once.records_in, 0)
            assert (again.stored, again.duplicate) == (0, once.records_in)
        assert record.people() == ["sample-a", "sample-b", "sample-c", "sample-d", "sample-e"]
        assert record.quarantined() == []
        for person in record.patients():
            assert not [fact for fact in person.facts() if fact.flags]


def test_a_genome_that_belongs_to_nobody(tmp_path: Path) -> None:
    bundle, genome = samples()["sample-a"]
    with Record.open(tmp_path / "a.db") as record:
        report = balanced(ingest(record, genome))
        assert report.quarantined == 1
        assert "does not say whose it is" in report.problems[0]
        assert "belongs to nobody" in balanced(ingest(record, genome, patient="sample-a")).problems[0]
        assert len(record.quarantined()) == 1
        assert balanced(ingest(record, genome, bundle, patient="sample-a")).quarantined == 0  # in one call, any order
        assert record.quarantined() == []
        fact = record.patient("sample-a").facts(kind="genome")[0]
        assert fact.detail["build"] == "GRCh38"
        assert _raw(record, fact) == genome.read_bytes()


def _raw(record: Record, fact: Fact) -> bytes:
    with record.open_blob(fact) as path:
        return path.read_bytes()


WHOLE = {
    "broken.json": ('{"resourceType": "Bundle", "entry": [', "malformed JSON"),
    "nan.json": ('{"resourceType": "Observation", "valueQuantity": {"value": NaN}}', "malformed JSON"),
    "other.json": ('{"hello": 1}', "not FHIR"),
    "list.json": ("[1, 2]", "not FHIR"),
    "response.json": ('{"resourceType": "Bundle", "type": "batch-response"}', "type of Bundle"),
    "r5.json": ('{"resourceType": "Encounter", "id": "e", "class": [{}]}', "R5"),
    "stu3.json": ('{"resourceType": "Condition", "id": "c", "clinicalStatus": "active"}', "STU3"),
    "noise.bin": ("\x01\x02\x03\x04\x05", "no known format"),
    "empty": ("", "no known format"),
    "message.hl7": ("MSH|^~\\&|LAB", "HL7 v2"),
    "cda.xml": ('<?xml version="1.0"?><ClinicalDocument>', "C-CDA"),
    "short.vcf": (HEADER + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tX\n", "no records"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_wrong_as_a_whole(name: str, tmp_path: Path) -> None:
    text, reason = WHOLE[name]
    path = tmp_path / name
    path.write_text(text)
    patient = tmp_path / "p.json"
    patient.write_text('{"resourceType": "Patient", "id": "p"}')
    with Record.open(tmp_path / "a.db") as record:
        ingest(record, patient)
        report = balanced(ingest(record, path, patient="p"))
        assert (report.records_in, report.quarantined) == (1, 1)
        kept = record.quarantined()
        assert reason in kept[0].reason
        assert kept[0].place == "file"
        assert record.blobs.get(QUARANTINE, kept[0].raw_hash) == path.read_bytes()
        balanced(ingest(record, path, patient="p"))
        assert len(record.quarantined()) == 1


def test_a_truncated_gzip_is_kept_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"resourceType": "Patient", "id": "p" * 5000}).encode())[:-12])
    with Record.open(tmp_path / "a.db") as record:
        assert "truncated" in balanced(ingest(record, path)).problems[0]


def test_a_missing_path_writes_nothing(tmp_path: Path) -> None:
    good = samples()["sample-b"][0]
    with Record.open(tmp_path / "a.db") as record:
        with pytest.raises(InputError, match="no such file"):
            ingest(record, good, tmp_path / "absent.json")
        assert record.people() == []


class _Crash(Format):
    """A format whose parser has a bug."""

    name, version, needs_patient = "crash", "1", False

    def claims(self, head: bytes) -> bool:
        return True

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        raise RuntimeError("bug")


def test_a_crash_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = samples()["sample-b"][0]
    with Record.open(tmp_path / "a.db") as record:
        refused = balanced(record.ingest(good, formats=[_Crash()]))
        assert "a fault of the parser crash/1: RuntimeError: bug" in refused.problems[0]
        assert record.people() == []

        def fail(*_: object) -> None:
            raise RuntimeError("power cut")

        with monkeypatch.context() as patched:
            patched.setattr(type(record.chain), "append", fail)  # the last write of the transaction
            with pytest.raises(RuntimeError, match="power cut"):
                ingest(record, good)
        assert record.people() == []
        assert ingest(record, good).stored == 20
        record.verify_audit()


def test_installed_formats_are_the_built_in_ones(tmp_path: Path) -> None:
    with Record.open(tmp_path / "a.db") as record:
        assert record.ingest(samples()["sample-b"][0]).stored == 20
    assert installed_formats() == FORMATS


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_bundles_never_crash(data: st.DataObject, shelf: Path) -> None:
    """Any part of a real bundle replaced by anything: every entry is stored, a duplicate, or in quarantine."""
    bundle = orjson.loads(samples()[data.draw(st.sampled_from(["sample-a", "sample-b"]))][0].read_bytes())
    empty = st.sampled_from([list, dict, lambda: [{}], lambda: [None]]).map(lambda make: make())
    junk = st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=4), empty)
    for _ in range(data.draw(st.integers(1, 3))):
        part = bundle["entry"]
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            key = data.draw(st.sampled_from(keys))
            inner = part[key]
            if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
                part[key] = data.draw(junk)
                break
            part = inner
    path = shelf / "m.json"
    path.write_bytes(orjson.dumps(bundle))
    with Record.open(shelf / "m.db") as record:
        report = balanced(ingest(record, path))
    assert report.records_in == (len(bundle["entry"]) if report.by_format["fhir"]["records_in"] != 1 else 1)
