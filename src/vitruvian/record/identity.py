"""Which subjects (ids of sources) are one person: linked, merged and unmerged, with a log that is only added to.

Facts name subjects, so nothing here touches a fact. A candidate is a suggestion: no two persons are ever made one by
the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from vitruvian.core import InputError, UnknownNameError, now_ms
from vitruvian.record.keys import KeyRing
from vitruvian.record.schema import fact, head, identifier, identity, subject

MANY = 20  # persons who share an identifier: such a one (a placeholder) says nothing


@dataclass(frozen=True)
class IdentityEntry:
    """One line of the log: when, who, what, of which subject, from which person to which, and why."""

    at_ms: int
    actor: str
    action: str
    subject: str
    person_before: str
    person_after: str
    reason: str


@dataclass(frozen=True)
class Candidate:
    """Two persons who may be one, and what speaks for it."""

    one: str
    other: str
    shared: tuple[str, ...]


def link(connection: Connection, actor: str, one: str, person: str, reason: str) -> None:
    """Say that the subject `one` is `person`; raises `UnknownNameError` where either is not in the record."""
    before = connection.execute(select(subject.c.person).where(subject.c.subject == one)).scalar()
    if before is None:
        raise UnknownNameError("no such subject", got=repr(one), todo="Name an id that a source uses.")
    _members(connection, person)
    _move(connection, actor, "link", [(one, before)], person, reason)


def merge(connection: Connection, actor: str, kept: str, other: str, reason: str) -> None:
    """Make two persons one: all subjects of `other` become `kept`."""
    if kept == other:
        raise InputError("a person is merged with another one", got=kept)
    _members(connection, kept)
    _move(connection, actor, "merge", [(one, other) for one in _members(connection, other)], kept, reason)


def unmerge(connection: Connection, actor: str, other: str, reason: str) -> tuple[str, ...]:
    """Take back the last merge by which `other` became part of another person; gives the subjects that go back.

    A subject that was linked elsewhere since stays where it is. Raises `InputError` where there was no such merge.
    """
    told = [one for one in entries(connection) if one.action in ("merge", "unmerge")]
    merges = [one for one in told if other == (one.person_before if one.action == "merge" else one.person_after)]
    if not merges or merges[-1].action == "unmerge":
        raise InputError("this person was not merged into another one", got=other, todo="See the log of identities.")
    last = [one for one in merges if one.at_ms == merges[-1].at_ms and one.person_after == merges[-1].person_after]
    now = {row.subject: row.person for row in connection.execute(select(subject.c.subject, subject.c.person))}
    back = [(one.subject, one.person_after) for one in last if now.get(one.subject) == one.person_after]
    _move(connection, actor, "unmerge", back, other, reason)
    return tuple(one for one, _ in back)


def entries(connection: Connection, subjects: Sequence[str] | None = None) -> list[IdentityEntry]:
    """The log, oldest first; of some subjects only."""
    columns = [identity.c[name] for name in IdentityEntry.__dataclass_fields__]
    query = select(*columns).order_by(identity.c.entry)
    if subjects is not None:
        query = query.where(identity.c.subject.in_(subjects))
    return [IdentityEntry(*row) for row in connection.execute(query)]


def candidates(connection: Connection, keys: KeyRing) -> list[Candidate]:
    """Pairs of persons who share an identifier, or birth date and name; those with more in common first."""
    found: dict[tuple[str, str], set[str]] = {}
    for what, people in (*_by_identifier(connection), *_by_name(connection, keys)):
        if 1 < len(people) <= MANY:
            for pair in combinations(sorted(people), 2):
                found.setdefault(pair, set()).add(what)
    pairs = [Candidate(*pair, tuple(sorted(shared))) for pair, shared in found.items()]
    return sorted(pairs, key=lambda one: (-len(one.shared), one.one, one.other))


def _by_identifier(connection: Connection) -> Iterator[tuple[str, set[str]]]:
    joined = identifier.join(subject, subject.c.subject == identifier.c.subject)
    people: dict[str, set[str]] = {}
    for row in connection.execute(select(identifier.c.pair, subject.c.person).select_from(joined)):
        people.setdefault(row.pair, set()).add(row.person)
    yield from (("identifier", found) for found in people.values())


def _by_name(connection: Connection, keys: KeyRing) -> Iterator[tuple[str, set[str]]]:
    """People by birth date and name (words in any order, case aside)."""
    told: dict[str, dict[str, str]] = {}
    for row in connection.execute(_demographics("name", "birth_date")):
        hidden = orjson.loads(keys.cipher(row.subject).open(row.sealed, row.fact.encode()))
        told.setdefault(row.person, {})[row.code] = str(hidden[6] or hidden[5] or "")
    people: dict[tuple[str, ...], set[str]] = {}
    for person, each in told.items():
        words = tuple(sorted(each.get("name", "").casefold().split()))
        if words and each.get("birth_date"):
            people.setdefault((each["birth_date"], *words), set()).add(person)
    yield from (("birth date and name", found) for found in people.values())


def demographics_of(connection: Connection, keys: KeyRing, one: str) -> dict[str, frozenset[str]]:
    """Names, birth dates and sexes that any source tells of the person to whom the subject `one` belongs."""
    person = select(subject.c.person).where(subject.c.subject == one).scalar_subquery()
    told: dict[str, set[str]] = {}
    for row in connection.execute(_demographics("name", "birth_date", "sex").where(subject.c.person == person)):
        hidden = orjson.loads(keys.cipher(row.subject).open(row.sealed, row.fact.encode()))
        told.setdefault(row.code, set()).add(str(hidden[6] or hidden[5] or ""))
    return {code: frozenset(values) for code, values in told.items()}


def _demographics(*codes: str) -> Any:
    joined = fact.join(head, head.c.resource == fact.c.resource).join(subject, subject.c.subject == fact.c.subject)
    columns = (fact.c.fact, fact.c.subject, fact.c.code, fact.c.sealed, subject.c.person)
    told = fact.c.code.in_(codes)
    return select(*columns).select_from(joined).where(fact.c.kind == "demographic", told).order_by(fact.c.fact)


def _members(connection: Connection, person: str) -> list[str]:
    query = select(subject.c.subject).where(subject.c.person == person).order_by(subject.c.subject)
    found = list(connection.execute(query).scalars())
    if not found:
        raise UnknownNameError("no such person", got=repr(person), todo="Name the id of a person of the record.")
    return found


def _move(
    connection: Connection, actor: str, action: str, moved: Sequence[tuple[str, str]], person: str, reason: str
) -> None:
    """Subjects (with the persons they were) become `person`, and the log says so."""
    if not reason.strip():
        raise InputError("a change of identity needs a reason", todo="Say how it is known that they are one person.")
    at = now_ms()
    for one, before in moved:
        connection.execute(update(subject).where(subject.c.subject == one).values(person=person))
        row = {"at_ms": at, "actor": actor, "action": action, "subject": one, "reason": reason}
        connection.execute(insert(identity).values(row | {"person_before": before, "person_after": person}))
