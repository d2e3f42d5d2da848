"""Drills: a backup taken under load restores to the same record and store; an old record migrates and serves."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import orjson
import pytest
from served import ANYTHING, NAME, serving, wait_until
from sqlalchemy import text
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import AccessError, Actor, DataError, InputError, stable_id
from vitruvian.ingest import samples
from vitruvian.record import Record, back_up

API = "/api/v1"


def hashes(record: Record) -> dict[str, str]:
    """A hash of everything that a record tells of each person."""
    found: dict[str, str] = {}
    for patient in record.patients():
        facts = [repr(fact) for fact in patient.facts(void=True)]
        streams = [repr(patient.samples(name).rows()) for name in patient.signals()]
        in_fhir = [fact for fact in patient.facts() if fact.parser.startswith("fhir")]
        sources = [repr(patient.resource(fact)) for fact in in_fhir[:3]]
        found[patient.id] = stable_id(*facts, *streams, *sources)
    return found


def restored(backup: Path, place: Path) -> Path:
    """What the documentation says: the content of both folders in one."""
    for part in ("data", "keys"):
        shutil.copytree(backup / part, place, dirs_exist_ok=True)
    return place / NAME


def test_a_backup_restores_record_and_server(own_record: Path, tmp_path: Path) -> None:
    saved = {"title": "mine", "twin": "dose", "question": "recommend", "values": {"drug": "vancomycin"}}
    with serving(own_record) as one:
        secret = one.people.token("owner", scopes=ANYTHING)
        session = one.client("owner")
        session.post(f"{API}/patients/sample-a/scenarios", json=saved)
        done = CliRunner().invoke(app, ["backup", str(tmp_path / "backup"), "--record", str(own_record)])
        assert done.exit_code == 0, done.output
        before = hashes(one.server.record)
    place = restored(tmp_path / "backup", tmp_path / "new")
    with Record.open(place, create=False) as again:
        assert again.audit_findings()[1] == ()
        assert hashes(again) == before
        assert len(before) == len(samples())
    with serving(place) as two:
        headers = {"authorization": f"Bearer {secret}"}
        (found,) = two.anybody.get(f"{API}/patients/sample-a/scenarios", headers=headers).json()
        assert found["what"]["title"] == "mine"


def test_a_backup_under_load_holds_what_was_acknowledged(own_record: Path, tmp_path: Path) -> None:
    bundle = orjson.loads(samples()["sample-b"][0].read_bytes())
    entry = next(one for one in bundle["entry"] if one["resource"]["resourceType"] == "Observation")
    entry["resource"]["subject"] = {"reference": "Patient/sample-b"}
    acknowledged: list[str] = []
    end = threading.Event()

    def write() -> None:
        with Record.open(own_record) as writer:
            number = 0
            while not end.is_set():
                number += 1
                entry["fullUrl"], entry["resource"]["id"] = f"urn:uuid:{number:032x}", f"load-{number}"
                file = tmp_path / f"load-{number}.json"
                file.write_bytes(orjson.dumps(bundle | {"entry": [entry]}))
                acknowledged.extend(writer.ingest(file, patient="sample-b").stored_ids)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        wait_until(lambda: len(acknowledged) >= 3)
        with Record.open(own_record) as record:
            told = list(acknowledged)
            back_up(record, tmp_path / "backup")
        more = len(acknowledged)
        wait_until(lambda: len(acknowledged) > more)  # writers go on
    finally:
        end.set()
        thread.join()
    with Record.open(restored(tmp_path / "backup", tmp_path / "new"), create=False) as again:
        assert again.audit_findings()[1] == ()
        with again.engine.connect() as connection:
            there = set(connection.execute(text("SELECT resource FROM resource")).scalars())
        assert set(told) <= there
        assert len(hashes(again)) == len(samples())


def test_data_without_keys_are_noise(own_record: Path, tmp_path: Path) -> None:
    with Record.open(own_record) as record:
        back_up(record, tmp_path / "backup")
    data = tmp_path / "backup" / "data"
    assert b"Anton" not in b"".join(one.read_bytes() for one in data.rglob("*") if one.is_file())
    with pytest.raises((InputError, DataError)), Record.open(data / NAME, create=False) as alone:
        alone.patient("sample-a").facts()


def test_what_cannot_be_backed_up_is_refused(own_record: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with Record.open(own_record) as record, pytest.raises(InputError, match="empty"):
        back_up(record, tmp_path / "full")
    loader = Actor("loader", frozenset({"data_loader"}), "treatment")
    with Record.open(own_record, loader) as record, pytest.raises(AccessError):
        back_up(record, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_an_old_record_migrates_and_serves(own_record: Path) -> None:
    """A record of the first revision: what later revisions made is not there, and comes."""
    with Record.open(own_record) as record:
        before = hashes(record)
        with record.engine.begin() as connection:
            connection.execute(text("DROP TABLE journal"))
            connection.execute(text("DROP INDEX ix_resource_source_id"))
            connection.execute(text("DROP INDEX audit_by_time"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with serving(own_record) as one:
        assert hashes(one.server.record) == before
        with one.server.record.engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() > "0001"
            assert connection.execute(text("SELECT count(*) FROM journal")).scalar() == 0
        assert one.client("clinician").get(f"{API}/patients/sample-a").status_code == 200
