"""The same record on SQLite and on PostgreSQL: what goes in comes out, twice and by two writers; the schema is one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from vitruvian.ingest import samples
from vitruvian.record import Record, schema
from vitruvian.record.opening import REVISION, _migrate, _parse, make_engine


def test_what_goes_in_comes_out(record_url: str) -> None:
    with Record.open(record_url) as record:
        for name, files in samples().items():
            report = record.ingest(*files, patient=name)
            assert (report.quarantined, report.duplicate) == (0, 0)
            assert record.ingest(*files, patient=name).duplicate == report.records_in
        assert record.people() == ["sample-a", "sample-b", "sample-c", "sample-d", "sample-e"]
        person = record.patient("H-A-0001")
        creatinine = person.latest("creatinine")
        assert creatinine is not None
        assert (creatinine.value, creatinine.unit) == (1.63, "mg/dL")
        assert person.resource(creatinine)["resourceType"] == "Observation"
        with record.open_blob(person.facts(kind="genome")[0]) as path:
            assert path.read_bytes() == samples()["sample-a"][1].read_bytes()
        assert record.verify_audit() > 6


def test_both_databases_give_the_same_facts(postgres_url: str, tmp_path: Path) -> None:
    found = []
    for url in (str(tmp_path / "a.db"), postgres_url):
        with Record.open(url) as record:
            record.ingest(*samples()["sample-b"])
            found.append([replace(one, known_ms=None) for one in record.patient("sample-b").facts(void=True)])
    assert found[0] == found[1]
    assert len(found[0]) == 22


def test_text_that_a_database_cannot_hold_is_rejected(record_url: str, tmp_path: Path) -> None:
    path = tmp_path / "nul.json"
    path.write_text(
        '{"resourceType": "Bundle", "type": "collection", "entry": ['
        '{"resource": {"resourceType": "Patient", "id": "p1", "gender": "fe\\u0000male"}},'
        '{"resource": {"resourceType": "Patient", "id": "p\\u00002"}},'
        '{"resource": {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"},'
        '"code": {"coding": [{"system": "s", "code": "a\\u0000b"}]}}}]}'
    )
    with Record.open(record_url) as record:
        report = record.ingest(path)
        assert (report.records_in, report.stored, report.quarantined) == (3, 1, 2)
        assert all("NUL" in one.reason for one in record.quarantined())
        assert record.patient("p1").facts(code="sex")[0].value_code == "fe\x00male"  # a sealed value may be anything


WRITER = """
import sys
from vitruvian.record import Record
record = Record.open(sys.argv[1])
for path in sys.argv[2:]:
    record.ingest(path)
"""


def test_two_writers_of_the_same_files(record_url: str, tmp_path: Path) -> None:
    text_ = samples()["sample-b"][0].read_text()
    paths = []
    for k in range(6):
        paths.append(tmp_path / f"w{k}.json")
        paths[-1].write_text(text_.replace("sample-b", f"w{k}").replace("urn:uuid:", f"urn:uuid:w{k}"))
    orders = (paths, paths[::-1])
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, record_url, *map(str, one)]) for one in orders]
    assert [one.wait(120) for one in writers] == [0, 0]
    with Record.open(record_url) as record:
        assert record.people() == [f"w{k}" for k in range(6)]
        assert all(len(person.facts()) == 22 for person in record.patients())
        record.verify_audit()


@pytest.mark.parametrize("made", ["at once", "by migrations"])
def test_the_schema_is_what_the_migrations_make(record_url: str, made: str) -> None:
    if made == "at once":
        Record.open(record_url).close()
        engine = make_engine(_parse(record_url))
    else:
        engine = make_engine(_parse(record_url))
        with engine.begin() as connection:
            _migrate(connection)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == REVISION
        indexes = {index["name"] for name in schema.metadata.tables for index in inspect(connection).get_indexes(name)}
        assert {index.name for table in schema.metadata.tables.values() for index in table.indexes} <= indexes
    engine.dispose()
    Record.open(record_url).close()
