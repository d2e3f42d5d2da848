"""The audit chain: what was done to it is found, and where; writers at once; heads outside the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from clinic import as_, clinic
from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import make_url

from vitruvian.core import Actor, DataError
from vitruvian.record import Patient, Record
from vitruvian.record.audit_heads import WIDTH, HeadStore
from vitruvian.record.auditing import GENESIS, SHARDS, AuditChain
from vitruvian.record.group_commit import GroupCommit
from vitruvian.record.opening import make_engine
from vitruvian.record.schema import audit, metadata

DOCTOR = Actor("d", frozenset({"clinician"}), "treatment")
PEOPLE = [f"p{k}" for k in range(20)]


class Audited:
    """A database with an audit of 60 rows about 20 people, opened as a record opens it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = make_engine(make_url(f"sqlite:///{folder / 'clinic.db'}"))
        with self.engine.begin() as connection:
            metadata.create_all(connection)
        (folder / "clinic.db.audit-key").write_text("key 0")  # with it the 20 people are in all shards
        self.chain = AuditChain.open(folder / "clinic.db.audit-key", "clinic.db", folder / "clinic.db.audit-head")

    def write(self, *people: str, actor: Actor = DOCTOR) -> None:
        with self.chain.transaction(self.engine) as connection:
            for one in people:
                self.chain.append(connection, actor, "read", one, '{"rows":1}')

    def found(self) -> list[str]:
        with self.engine.begin() as connection:
            return [str(one) for one in AuditChain(self.chain.key, self.chain.place).verify(connection)[1]]

    def run(self, statement: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def rows(self, shard: int) -> int:
        with self.engine.begin() as connection:
            return connection.execute(select(func.count()).where(audit.c.shard == shard)).scalar_one()


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    found = Audited(tmp_path)
    for _ in range(3):
        for one in PEOPLE:
            found.write(one)
    return found


def largest(audited: Audited) -> int:
    return max(range(SHARDS), key=audited.rows)


def test_a_whole_audit_has_no_findings(audited: Audited) -> None:
    with audited.engine.begin() as connection:
        assert audited.chain.verify(connection) == (60, ())
        people = set(connection.execute(select(audit.c.person)).scalars())
    assert len(people) == 20
    assert not people & set(PEOPLE)  # pseudonyms only
    assert sum(audited.rows(k) > 0 for k in range(SHARDS)) > 4


TAMPERINGS: dict[str, tuple[Callable[[int, int], list[object]], str]] = {
    "edit": (lambda s, n: [update(audit).where(audit.c.shard == s, audit.c.seq == 2).values(actor="x")],
             r"shard {s}, row 2: it was edited"),
    "edit of the last": (lambda s, n: [update(audit).where(audit.c.shard == s, audit.c.seq == n).values(at_ms=1)],
                         r"shard {s}, row {n}: it was edited"),
    "deletion": (lambda s, n: [delete(audit).where(audit.c.shard == s, audit.c.seq == 3)],
                 r"shard {s}, row 3: rows 3 to 3 are missing"),
    "deletion, renumbered": (
        lambda s, n: [delete(audit).where(audit.c.shard == s, audit.c.seq == 3), *(
            update(audit).where(audit.c.shard == s, audit.c.seq == k).values(seq=k - 1) for k in range(4, n + 1))],
        r"shard {s}, row 3: it does not follow"),
    "swap": (
        lambda s, n: [update(audit).where(audit.c.shard == s, audit.c.seq == a).values(seq=b)
                      for a, b in ((2, -1), (3, 2), (-1, 3))],
        r"shard {s}, row 2: it does not follow"),
    "last row cut": (lambda s, n: [delete(audit).where(audit.c.shard == s, audit.c.seq == n)],
                     r"shard {s}, row {n}: the last 1 rows were cut off"),
    "last rows cut": (lambda s, n: [delete(audit).where(audit.c.shard == s, audit.c.seq > n - 3)],
                      r"the last 3 rows were cut off"),
    "shard cut": (lambda s, n: [delete(audit).where(audit.c.shard == s)], r"shard {s}, row 1: the last {n} rows"),
    "all cut": (lambda s, n: [delete(audit)], r"shard {s}, row 1: the last {n} rows"),
    "moved to another shard": (
        lambda s, n: [update(audit).where(audit.c.shard == s, audit.c.seq == n).values(shard=(s + 1) % SHARDS, seq=99)],
        r"shard {s}, row {n}: the last 1 rows were cut off"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_with_its_place(audited: Audited, name: str) -> None:
    shard = largest(audited)
    count = audited.rows(shard)
    assert count > 4
    changes, expected = TAMPERINGS[name]
    for one in changes(shard, count):
        audited.run(one)
    assert any(expected.format(s=shard, n=count) in one for one in audited.found()), audited.found()


def test_rows_written_after_a_truncation_do_not_hide_it(audited: Audited) -> None:
    shard = largest(audited)
    person = next(one for one in PEOPLE if int(audited.chain.pseudonym(one)[:2], 16) % SHARDS == shard)
    count = audited.rows(shard)
    audited.run(delete(audit).where(audit.c.shard == shard, audit.c.seq > count - 2))
    for _ in range(5):
        audited.write(person)
    assert audited.rows(shard) == count + 3
    assert audited.found() == [f"shard {shard}, row {count}: it is not the row that the head tells of"]


def test_a_row_forged_without_the_key_is_found(audited: Audited) -> None:
    forger = AuditChain(b"another key", audited.chain.place)
    with audited.engine.begin() as connection:
        forger.append(connection, DOCTOR, "read", "p1", "{}")
    assert any("it was edited or put in another's place" in one for one in audited.found())


def test_heads(audited: Audited) -> None:
    shard = largest(audited)
    path = audited.folder / "clinic.db.audit-head"
    whole = path.read_bytes()
    assert len(whole) == SHARDS * WIDTH
    path.write_bytes(whole.replace(b'"count":', b'"count":1', 1))
    assert any("the head outside the database was altered" in one for one in audited.found())
    path.unlink()
    assert f"shard {shard}, row {audited.rows(shard)}: the head outside the database is missing" in audited.found()
    audited.write(*PEOPLE)  # begun anew: that is told for ever
    assert any("was begun anew" in one for one in audited.found())
    path.write_bytes(whole)  # an older head heals forward, as after a crash between commit and head
    assert audited.found() == []
    audited.write(*PEOPLE)
    assert path.read_bytes() != whole
    assert audited.found() == []


def test_a_transaction_that_fails_leaves_no_head(audited: Audited) -> None:
    path = audited.folder / "clinic.db.audit-head"
    before = path.read_bytes()
    with pytest.raises(AttributeError):
        audited.write("p1", 7)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    audited.write("p2")
    assert audited.found() == []


def test_heads_under_a_url_and_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k, told in enumerate((f"memory://{tmp_path.name}", str(tmp_path / "elsewhere"))):
        monkeypatch.setenv("VITRUVIAN_AUDIT_HEADS", told)
        folder = tmp_path / str(k)
        folder.mkdir()
        one = Audited(folder)
        one.write(*PEOPLE)
        assert not (folder / "clinic.db.audit-head").exists()
        assert one.found() == []
        one.run(delete(audit).where(audit.c.shard == largest(one)))
        assert any("were cut off" in found for found in one.found())
    assert HeadStore(f"memory://{tmp_path.name}/clinic.db").get(0)


def test_a_key_and_a_place_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="VITRUVIAN_AUDIT_KEY"):
        AuditChain.open(None, "clinic", None)
    monkeypatch.setenv("VITRUVIAN_AUDIT_KEY", "a long random text")
    with pytest.raises(DataError, match="VITRUVIAN_AUDIT_HEADS"):
        AuditChain.open(None, "clinic", None)


def test_many_writers_at_once_share_commits_and_break_nothing(audited: Audited) -> None:
    commits = [0]

    def begin():  # type: ignore[no-untyped-def]
        commits[0] += 1
        return audited.chain.transaction(audited.engine)

    group = GroupCommit(begin)
    start = threading.Barrier(8)

    def work(k: int) -> None:
        start.wait()
        for n in range(10):
            person = PEOPLE[(k + n) % 20]
            group.run(partial(audited.chain.append, actor=DOCTOR, action="read", person=person, detail="{}"))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with audited.engine.begin() as connection:
        assert audited.chain.verify(connection) == (140, ())
    assert commits[0] < 80


def test_what_fails_in_a_group_fails_alone(audited: Audited) -> None:
    entered, release = threading.Event(), threading.Event()
    group = GroupCommit(lambda: audited.chain.transaction(audited.engine))
    answers: dict[str, object] = {}

    def first(_: object) -> str:
        entered.set()
        release.wait(10)
        return "first"

    def bad(connection) -> None:  # type: ignore[no-untyped-def]
        audited.chain.append(connection, DOCTOR, "read", "p1", '{"lost":1}')
        raise KeyError("bad")

    def ask(name: str, work) -> None:  # type: ignore[no-untyped-def]
        try:
            answers[name] = group.run(work)
        except KeyError as error:
            answers[name] = error

    def good(connection) -> str:  # type: ignore[no-untyped-def]
        audited.chain.append(connection, DOCTOR, "read", "p2", '{"kept":1}')
        return "good"

    threads = [threading.Thread(target=ask, args=("first", first))]
    threads[0].start()
    entered.wait(10)
    threads += [threading.Thread(target=ask, args=pair) for pair in (("bad", bad), ("good", good))]
    for one in threads[1:]:
        one.start()
    while len(group._waiting) < 2:
        pass
    release.set()
    for one in threads:
        one.join()
    assert (answers["first"], answers["good"]) == ("first", "good")
    assert isinstance(answers["bad"], KeyError)
    with audited.engine.begin() as connection:
        details = set(connection.execute(select(audit.c.detail)).scalars())
    assert '{"kept":1}' in details
    assert '{"lost":1}' not in details
    assert audited.found() == []


def test_readers_of_one_record_in_threads_and_in_two_openings(record_url: str, tmp_path: Path) -> None:
    with clinic(record_url, tmp_path) as one, Record.open(record_url) as other:
        before = one.verify_audit()
        start = threading.Barrier(6)

        def work(k: int) -> None:
            record = as_((one, other)[k % 2], DOCTOR)
            start.wait()
            for _ in range(5):
                Patient(record, f"p{1 + k % 2}", ("p1", "p2")).facts()

        threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.verify_audit() == before + 30
        assert {row.person for row in one.audit_log(actor=DOCTOR.id)} == {one.chain.pseudonym(k) for k in ("p1", "p2")}


def test_the_chain_as_written_down() -> None:
    """A row's hash is told by a golden value: audits outlive releases."""
    chain = AuditChain(b"key", HeadStore("memory://golden"))
    assert chain._hash((3, 1, 5, "a", "TREAT", "read", "p", "{}", GENESIS)) == GOLDEN
    assert chain.pseudonym("p1") == PSEUDONYM


GOLDEN = "e5be1dd816c0337c99253f7bc28834de83fecb4a0c71831d476c35cbd8dfe8cb"
PSEUDONYM = "cc16dee1259a95b6888dd6b751c57e71"
