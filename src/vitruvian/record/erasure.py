"""Erasing a person: their keys first, so that nothing of them can be read from then on, then all that lay under them.

Every step may be done twice: an erasure that was interrupted is completed by erasing again. The audit keeps its rows,
which name nobody. On PostgreSQL freed pages are vacuumed; what they still hold is sealed under keys that are gone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import Connection, Engine, Table, delete, or_, select, text, update

from vitruvian.core import DataError, StoreError
from vitruvian.record import schema
from vitruvian.record.analytic import Analytic
from vitruvian.record.finding import persons_named, subjects_of, unknown
from vitruvian.record.keys import QUARANTINE
from vitruvian.record.quarantine import opened, raw_file, seal_told, unneeded
from vitruvian.record.rows import chunks

if TYPE_CHECKING:
    from vitruvian.record.record import Record

_LONGEST = 128
_WORD = re.compile(rb"[\w.:/-]{2,%d}" % _LONGEST)
_PIECE = 1 << 20
_OWNED = (
    schema.fact, schema.resource, schema.provenance, schema.chunk, schema.journal, schema.identifier, schema.identity,
)  # fmt: skip


@dataclass(frozen=True)
class Erased:
    """What was erased of a person: ids of sources, facts, pieces of streams, files in quarantine."""

    subjects: int
    facts: int
    chunks: int
    quarantined: int


def erase_person(record: Record, name: str) -> Erased | None:
    """Erase whom `name` means (an id or identifier), with all their subjects; None if there is no such person now.

    Raises `UnknownNameError` where it means several, `StoreError` where another program keeps the old pages in use.
    """
    with record.engine.begin() as connection:
        people = persons_named(connection, record.keys, name)
        subjects = subjects_of(connection, people[0]) if len(people) == 1 else ()
    if len(people) > 1:
        raise unknown(name, people, ())
    erased = _erase(record, people[0], subjects) if people else None
    _scrub(record.engine)
    return erased


def _erase(record: Record, person: str, subjects: Sequence[str]) -> Erased:
    record.keys.drop(subjects)
    for one in subjects:
        record.blobs.drop_owner(one)
    copy = Analytic.existing(record.engine, record.keys, record.blobs)
    if copy is not None:
        copy.erase(subjects)
    named = list(_naming(record, subjects))
    with record.engine.begin() as connection:
        obsolete = unneeded(connection, named, record.keys)
    for owner, name in obsolete:
        record.blobs.remove(owner, name)
    with record.transaction() as connection:
        _unsay(connection, record, subjects, {row.quarantine for row in named})
        erased = _rows(connection, person, subjects, [row.quarantine for row in named])
        _forget(connection, [person, *subjects], record.chain.pseudonym(person))
        record._note(connection, "erase", person, asdict(erased))
    return erased


def _rows(connection: Connection, person: str, subjects: Sequence[str], quarantined: Sequence[str]) -> Erased:
    """Delete every row of the subjects; gives how many there were."""
    resource, head, state, waiting = schema.resource, schema.head, schema.state, schema.quarantine
    lines = select(resource.c.line).where(resource.c.subject.in_(subjects))
    connection.execute(delete(head).where(head.c.line.in_(lines)))
    counts = {table.name: _delete(connection, table, subjects) for table in _OWNED}
    connection.execute(delete(state).where(or_(state.c.subject.in_(subjects), state.c.person == person)))
    refused = _delete(connection, waiting, subjects)
    for some in chunks(quarantined):
        refused += connection.execute(delete(waiting).where(waiting.c.quarantine.in_(some))).rowcount
    _delete(connection, schema.subject, subjects)
    return Erased(len(subjects), counts["fact"], counts["chunk"], refused)


def _delete(connection: Connection, table: Table, subjects: Sequence[str]) -> int:
    return int(connection.execute(delete(table).where(table.c.subject.in_(subjects))).rowcount)


def _forget(connection: Connection, names: Collection[str], pseudonym: str) -> None:
    """In the log of identities of others the person becomes a pseudonym."""
    table = schema.identity
    for column in (table.c.person_before, table.c.person_after):
        connection.execute(update(table).where(column.in_(names)).values({column.name: pseudonym}))


def _naming(record: Record, subjects: Sequence[str]) -> Iterator[Any]:
    """What lies in quarantine of no known owner and names the person: by an id or an identifier in its words.

    Words of the refusal do not count: they may list people who only have similar ids.
    """
    with record.engine.begin() as connection:
        names = _namer(connection, record, subjects)
        query = select(schema.quarantine).where(schema.quarantine.c.subject == QUARANTINE)
        rows = connection.execute(query).all()
    seen: dict[str, bool] = {}
    for row in rows:
        if row.raw_hash not in seen:
            try:
                seen[row.raw_hash] = any(map(names, _words(record, row)))
            except DataError:  # its bytes are gone: an erasure that was interrupted here
                seen[row.raw_hash] = True
        if seen[row.raw_hash]:
            yield row


def _namer(connection: Connection, record: Record, subjects: Sequence[str]) -> Callable[[bytes], bool]:
    """Whether a word is an id or an identifier of the subjects."""
    table = schema.identifier
    known = set(connection.execute(select(table.c.value).where(table.c.subject.in_(subjects))).scalars())
    ids = {one.encode() for one in subjects}
    return lambda word: word in ids or record.keys.blind(word.decode("utf-8", "replace")) in known


def _unsay(connection: Connection, record: Record, subjects: Sequence[str], gone: Collection[str]) -> None:
    """Take the person's ids out of the reasons why files of others were refused."""
    names, table = _namer(connection, record, subjects), schema.quarantine

    def unsaid(match: re.Match[bytes]) -> bytes:
        word = match[0].rstrip(b".")
        return match[0].replace(word, b"(erased)") if names(word) else match[0]

    for row in connection.execute(select(table).where(table.c.subject == QUARANTINE)).all():
        told = opened(row, record.keys)
        reason = _WORD.sub(unsaid, told["reason"].encode()).decode()
        if row.quarantine not in gone and reason != told["reason"]:
            sealed = seal_told(told | {"reason": reason}, row, record.keys)
            connection.execute(update(table).where(table.c.quarantine == row.quarantine).values(sealed=sealed))


def _words(record: Record, row: Any) -> Iterator[bytes]:
    """Each word of what is kept behind a row of table `quarantine`, gzip undone too, of its name and its place."""
    told = opened(row, record.keys)
    yield from _split(" ".join(str(value) for name, value in told.items() if name != "reason").encode())
    with raw_file(row, record.keys, record.blobs) as file:
        with file.path.open("rb") as stream:
            yield from _words_in(stream)
        if file.compressed:
            with suppress(OSError, EOFError, zlib.error), file.open() as stream:  # as far as it can be read
                yield from _words_in(stream)


def _words_in(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(_PIECE):
        yield from _split(rest + piece)
        rest = piece[-_LONGEST:]


def _split(data: bytes) -> set[bytes]:
    """Words as they stand, without the stop of a sentence, and their parts at slashes and colons ("Patient/p1")."""
    whole = {form for word in _WORD.findall(data) for form in (word, word.rstrip(b"."))}
    return whole | {part for word in whole for part in re.split(rb"[/:]", word) if len(part) > 1}


def _scrub(engine: Engine) -> None:
    """See that no file of the database still holds what was deleted."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in (*_OWNED, schema.subject, schema.head, schema.state, schema.quarantine):
                connection.execute(text(f"VACUUM {table.name}"))
        return
    raw = engine.raw_connection()
    try:
        busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        raw.close()
    if busy:
        todo = "Close the other programs that read this record, and erase again."
        raise StoreError("the person is erased, but a log of the database still holds old pages", todo=todo)
