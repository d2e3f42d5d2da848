"""Which subjects (ids of sources) are one person: linked, unlinked, merged, unmerged, with a log that is only added to.

Facts name subjects, so nothing here touches a fact. A candidate is a suggestion: no two persons are ever made one by
the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import ColumnElement, Connection, insert, select, update

from vitruvian.core import InputError, UnknownNameError, now_ms
from vitruvian.record.demographics import contradictions, demographic_rows, demographic_value
from vitruvian.record.keys import KeyRing
from vitruvian.record.schema import identifier, identity, subject

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


def link(
    connection: Connection, actor: str, keys: KeyRing, one: str, person: str, reason: str, despite: bool = False
) -> None:
    """Say that the subject `one` is `person`.

    Raises `UnknownNameError` where either is not in the record, `InputError` where sexes or birth dates contradict
    (unless `despite` is given, which the log says).
    """
    before = _person_of(connection, one)
    _members(connection, person)
    found = () if before == person else contradictions(connection, keys, subject.c.subject == one, _is(person))
    _move(connection, actor, "link", [(one, before)], person, _weighed(reason, found, despite))


def unlink(connection: Connection, actor: str, one: str, reason: str) -> str:
    """Take back the last link of the subject `one`; gives the person whose it is again.

    Raises `InputError` where it was not linked, or where it or its former person went elsewhere since.
    """
    now = _person_of(connection, one)
    links: list[IdentityEntry] = []
    for entry in entries(connection, [one]):
        if entry.action == "link" and entry.person_before != entry.person_after:
            links.append(entry)
        elif entry.action == "unlink" and links:
            links.pop()
    if not links:
        raise InputError("this id was not linked to another person", got=one, todo="See the log of identities.")
    last = links[-1]
    if now != last.person_after:
        todo = f"Take that back first: `vitruvian identity unmerge {last.person_after}`."
        raise InputError(f"it was linked to {last.person_after}, which became {now} since", got=one, todo=todo)
    query = select(subject.c.person).where(subject.c.subject == last.person_before, subject.c.subject != one)
    elsewhere = connection.execute(query).scalar()
    if elsewhere not in (None, last.person_before):
        todo = f"Take that back first, or link {one} to whose it is."
        raise InputError(f"it was {last.person_before}'s, who became {elsewhere} since", got=one, todo=todo)
    _move(connection, actor, "unlink", [(one, now)], last.person_before, reason)
    return last.person_before


def merge(
    connection: Connection, actor: str, keys: KeyRing, kept: str, other: str, reason: str, despite: bool = False
) -> None:
    """Make two persons one: all subjects of `other` become `kept`; raises `InputError` as `link` does."""
    if kept == other:
        raise InputError("a person is merged with another one", got=kept)
    _members(connection, kept)
    moved = [(one, other) for one in _members(connection, other)]
    found = contradictions(connection, keys, _is(other), _is(kept))
    _move(connection, actor, "merge", moved, kept, _weighed(reason, found, despite))


def _weighed(reason: str, found: Sequence[str], despite: bool) -> str:
    """The reason as it is logged; raises `InputError` where what contradicts was not said to be known."""
    if not found:
        return reason
    told = " and ".join(found)
    if not despite:
        todo = "If it is one person all the same, say --despite-differences (despite_differences=True in Python)."
        raise InputError("they cannot be one person", got=f"{told} that contradict", todo=todo)
    return f"{reason} (despite {told} that contradict)" if reason.strip() else reason


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
    for row in connection.execute(demographic_rows("name", "birth_date")):
        told.setdefault(row.person, {})[row.code] = demographic_value(row, keys)
    people: dict[tuple[str, ...], set[str]] = {}
    for person, each in told.items():
        words = tuple(sorted(each.get("name", "").casefold().split()))
        if words and each.get("birth_date"):
            people.setdefault((each["birth_date"], *words), set()).add(person)
    yield from (("birth date and name", found) for found in people.values())


def _is(person: str) -> ColumnElement[bool]:
    return subject.c.person == person


def _person_of(connection: Connection, one: str) -> str:
    found = connection.execute(select(subject.c.person).where(subject.c.subject == one)).scalar()
    if found is None:
        raise UnknownNameError("no such subject", got=repr(one), todo="Name an id that a source uses.")
    return str(found)


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
