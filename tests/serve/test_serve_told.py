"""Nothing of an answer leaves before its reads are in the audit; readers wait for no writer; science comes later."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from served import Served
from sqlalchemy import Connection, Engine, text
from starlette.types import Message, Receive, Scope, Send

from vitruvian.core import StoreError
from vitruvian.record import Record
from vitruvian.record.auditing import AuditChain
from vitruvian.record.group_commit import GroupCommit
from vitruvian.record.notes import Notes
from vitruvian.serve import science
from vitruvian.serve.trace import Traced

FACTS = "/api/v1/patients/sample-b/facts"
READS = ("/api/v1/patients/sample-b", FACTS, "/fhir/Patient/sample-b", "/patients/sample-b", "/")


def rows(record: Record) -> int:
    return len(record.audit_log())


def counted(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit")).scalar_one())


@pytest.mark.parametrize("path", READS)
def test_an_answer_is_in_the_audit_before_its_first_byte(
    own_served: Served, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, engine = own_served.client("clinician"), own_served.server.record.engine
    before, there = counted(engine), []
    traced = Traced.__call__

    async def outermost(self: Traced, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            there.append(counted(engine))
            await send(message)

        await traced(self, scope, receive, sending)

    monkeypatch.setattr(Traced, "__call__", outermost)
    assert client.get(path).status_code == 200
    assert there[0] >= before + (1 if path == "/" else 2)
    assert {*there} == {counted(engine)}  # and nothing comes after it


def test_reads_of_one_answer_share_one_commit(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, commits = own_served.client("clinician"), []
    run = GroupCommit.run

    def counting(group: GroupCommit, work: Callable[[Connection], object]) -> object:
        commits.append(1)
        return run(group, work)

    monkeypatch.setattr(GroupCommit, "run", counting)
    assert client.get(FACTS).status_code == 200
    assert len(commits) == 1


@pytest.mark.parametrize("path", READS)
def test_where_the_audit_cannot_be_written_nothing_is_told(
    own_served: Served, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = own_served.client("clinician")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(AuditChain, "append_all", fails)
    answer = client.get(path)
    assert answer.status_code == 503
    assert "sample-b" not in answer.text.replace(path, "")
    monkeypatch.undo()
    assert client.get(path).status_code == 200


def test_what_is_read_after_the_answer_is_kept_at_once(own_served: Served) -> None:
    record = own_served.server.record.answering()
    assert record.notes is not None
    before = rows(record)
    record.patient("sample-b")
    assert rows(own_served.server.record) == before + 1  # the look at the audit itself
    record.keep(record.notes.taken())
    assert rows(own_served.server.record) == before + 3
    record.patient("sample-b")
    assert not record.notes.taken()
    assert rows(own_served.server.record) == before + 5
    assert own_served.server.record.verify_audit() > before


def test_what_cannot_be_kept_after_the_answer_is_not_given() -> None:
    def fails(_: object) -> None:
        raise StoreError("the disk is full")

    notes = Notes(fails)
    notes.taken()
    with pytest.raises(StoreError, match="full"):
        notes.add([])


def test_a_reader_waits_for_no_writer(own_served: Served) -> None:
    record, found = own_served.server.record.answering(), []
    with record.engine.begin():  # a writer, for as long as it takes
        reader = threading.Thread(target=lambda: found.append(record.patient("sample-b").facts()))
        reader.start()
        reader.join(30)
        assert found
        assert found[0]


def test_who_needs_science_waits_for_the_one_thread_that_loads_it(own_served: Served) -> None:
    """Within a running server everything is loaded once; without one nobody waits."""
    science.needed(own_served.server)
    with own_served.client("clinician") as client:
        assert client.get("/patients/sample-b/twins").status_code == 200
        science.needed(own_served.server)
