"""What an actor may see of a person now: rights by role and purpose, then the person's consents.

Nothing is remembered between two reads: each one looks at the consents that are in force when it is made, in its own
transaction, so that a withdrawal counts from the next read on. What is not permitted is absent, as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, literal_column, select

from vitruvian.core import Actor, DataError, InputError, stable_id
from vitruvian.record.asking import rows_of
from vitruvian.record.consent import Consent, Decision, Matter, decide, read_consent
from vitruvian.record.fact_rows import hidden_of
from vitruvian.record.keys import KeyRing
from vitruvian.record.schema import fact, head, subject
from vitruvian.record.statements import one_of
from vitruvian.tables.categories import CATEGORIES, categories_of

EVERYTHING = "everything"
_CONSENTS = (
    select(fact, subject.c.person)
    .select_from(fact.join(head, head.c.resource == fact.c.resource).join(subject, subject.c.subject == fact.c.subject))
    .where(fact.c.kind == literal_column("'consent'"))  # literal: so that the index of consents serves
)
_CONSENTS_OF = _CONSENTS.where(fact.c.subject.in_(bindparam("subjects", expanding=True)))
_LINKED = select(subject.c.person, subject.c.subject).where(
    subject.c.person.in_(select(subject.c.person).where(subject.c.subject == bindparam("name")))
)
_LINKED_MANY = select(subject.c.person, subject.c.subject).where(
    subject.c.person.in_(bindparam("people", expanding=True))
)
_EACH = {one: Matter(frozenset({one})) for one in CATEGORIES}
_EVERY = Matter(frozenset(CATEGORIES))
_DETAIL = 7  # of the sealed fields of a fact: see `fact_rows`


@dataclass(frozen=True)
class Scope:
    """What `actor` may see of one person (all their `subjects`) at the time `at`."""

    actor: Actor
    person: str
    subjects: frozenset[str]
    consents: tuple[Consent, ...]
    at: int
    keys: KeyRing
    _known: dict[Matter, bool] = field(default_factory=dict)

    def permits(self, matter: Matter) -> bool:
        """Whether facts of this kind may be seen."""
        found = self._known.get(matter)
        if found is None:
            found = self._known[matter] = self._decided(matter).permit
        return found

    @cached_property
    def _by_category(self) -> Mapping[str, bool]:
        return {one: self.permits(matter) for one, matter in _EACH.items()} if self.consents else _unsaid(self.actor)

    @cached_property
    def everything(self) -> bool:
        """Whether all that is known may be seen, whatever it is."""
        return bool(self.subjects) and all(self._by_category.values())

    @cached_property
    def anything(self) -> bool:
        """Whether anything may be seen: else the person does not exist for this actor."""
        return bool(self.subjects) and (any(self._by_category.values()) or self._some_kind)

    @cached_property
    def _some_kind(self) -> bool:
        """Whether a consent that names kinds or codes permits some of them."""
        terms = [one for consent in self.consents if consent.active for one in consent.terms()]
        return any(
            self.permits(Matter(frozenset({category}), kind, code))
            for one in terms
            for category in CATEGORIES
            for kind in one.kinds or {""}
            for code in one.codes or {""}
        )

    @cached_property
    def mark(self) -> str:
        """A name of all that is decided here: with the same mark the same actor may see the same."""
        found = [f"{one}:{self._by_category[one]}" for one in CATEGORIES]
        for one in (term for consent in self.consents if consent.active for term in consent.terms()):
            for kind in sorted(one.kinds or {""}):
                for code in sorted(one.codes or {""}):
                    permitted = [self.permits(Matter(frozenset({each}), kind, code)) for each in CATEGORIES]
                    found.append(f"{kind}:{code}:{permitted}")
        who = (self.actor.id, *sorted(self.actor.roles), self.actor.purpose_code)
        return stable_id(self.person, *sorted(self.subjects), *who, *sorted(set(found)))

    @cached_property
    def emergency(self) -> bool:
        """Whether a denial was passed over."""
        return self._decided(_EVERY).emergency

    def _decided(self, matter: Matter) -> Decision:
        if not self.consents:
            return _without_word(self.actor, matter)
        return decide(self.consents, self.actor, matter, self.at)

    def seen(self, rows: Sequence[Row[Any]], whole: bool = False) -> list[Row[Any]]:
        """Those rows that may be seen; with `whole`, all of them or none.

        Rows of facts are judged by kind and codes, rows of chunks as wearable, all others are seen only where
        everything is.
        """
        sees = self._judge(rows[0]._fields) if rows else None
        found = [row for row in rows if sees is not None and sees(row)]
        return [] if whole and len(found) < len(rows) else found

    def _judge(self, fields: Sequence[str]) -> Callable[[Row[Any]], bool]:
        if {"kind", "system", "code", "basis", "sealed"} <= set(fields):
            return self._sees_fact
        if "signal" in fields:
            return lambda row: (
                row.subject in self.subjects and self.permits(Matter(frozenset({"wearable"}), "sample", row.signal))
            )
        return lambda row: self.everything

    def _sees_fact(self, row: Row[Any]) -> bool:
        if row.subject not in self.subjects:
            return False
        if self.everything and not self.consents:
            return True
        return all(
            self.permits(Matter(categories_of(row.kind, system, code, row.basis), row.kind, code))
            for system, code in self._codes(row)
        )

    def _codes(self, row: Row[Any]) -> Iterable[tuple[str, str]]:
        """Every code of a fact: the one that it goes by, and those of other systems that came with it."""
        detail = hidden_of(row, self.keys.cipher(row.subject))[_DETAIL] or {}
        more = detail.get("codings") or ()
        return {(row.system, row.code), *((str(one[0] or ""), str(one[1] or "")) for one in more)}


@lru_cache(maxsize=4096)
def _without_word(actor: Actor, matter: Matter) -> Decision:
    """What is decided where nobody gave a consent: at any time the same."""
    return decide((), actor, matter, 0)


@lru_cache(maxsize=1024)
def _unsaid(actor: Actor) -> Mapping[str, bool]:
    """By category whether it may be seen where nobody gave a consent."""
    return {one: _without_word(actor, matter).permit for one, matter in _EACH.items()}


def allowed(connection: Connection, actor: Actor, action: str, person: str) -> bool:
    """Whether `actor` may do it to `person` (an id) by role and purpose; a patient to whom they are linked, too."""
    if actor.permits(action, [person]):
        return True
    if not actor.permits(action, actor.own):
        return False
    query = select(subject.c.person).where(subject.c.subject.in_(actor.own))
    return person in set(connection.execute(query).scalars())


def scope_of(connection: Connection, keys: KeyRing, actor: Actor, person: str, at: int) -> Scope:
    """What `actor` may see of `person`, by the consents of all their subjects that are in force."""
    linked = rows_of(connection, _LINKED, {"name": person})
    subjects = frozenset(row.subject for row in linked)
    values = {f"subject{k}": one for k, one in enumerate(subjects)}
    rows = rows_of(connection, _consents_of(len(values)), values) if values else ()
    name = linked[0].person if linked else person
    return Scope(actor, name, subjects, tuple(_consent(row, keys) for row in rows), at, keys)


@lru_cache(maxsize=64)
def _consents_of(subjects: int) -> Any:
    return _CONSENTS.where(one_of(fact.c.subject, "subject", subjects))


def scopes_of(connection: Connection, keys: KeyRing, actor: Actor, people: Sequence[str], at: int) -> list[Scope]:
    """What `actor` may see of each of `people` (ids of persons), in their order; `scope_of` for many at once."""
    linked = rows_of(connection, _LINKED_MANY, {"people": list(people)})
    subjects: dict[str, set[str]] = {one: set() for one in people}
    for row in linked:
        subjects[row.person].add(row.subject)
    every = [row.subject for row in linked]
    given: dict[str, list[Consent]] = {one: [] for one in people}
    for row in rows_of(connection, _CONSENTS_OF, {"subjects": every}) if every else ():
        given[row.person].append(_consent(row, keys))
    return [Scope(actor, one, frozenset(subjects[one]), tuple(given[one]), at, keys) for one in people]


def consent_resources(
    connection: Connection, keys: KeyRing, subjects: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """(subject, Consent resource) of all consents of some subjects, in the version that is current."""
    rows = connection.execute(_CONSENTS_OF, {"subjects": list(subjects)}).all()
    return [(row.subject, _resource(row, keys)) for row in rows]


def permitted_subjects(connection: Connection, keys: KeyRing, actor: Actor, category: str, at: int) -> list[str]:
    """Subjects of all persons whose facts of `category` `actor` may see, all of that category; sorted.

    Raises `InputError` for an unknown category.
    """
    if category not in (*CATEGORIES, EVERYTHING):
        raise InputError("no such category", got=category, allowed=", ".join((*CATEGORIES, EVERYTHING)))
    every = [category] if category != EVERYTHING else CATEGORIES
    matters = [Matter(frozenset({one})) for one in every]

    def permits(consents: Sequence[Consent]) -> bool:
        return all(decide(consents, actor, one, at).permit for one in matters)

    return _subjects_where(connection, keys, permits)


def visible_people(connection: Connection, keys: KeyRing, actor: Actor, at: int) -> list[str]:
    """Ids of all persons of whom `actor` may see anything; sorted."""
    given = consents_by_person(connection, keys)
    default = Scope(actor, "", frozenset({""}), (), at, keys).anything
    people = connection.execute(select(subject.c.person).distinct().order_by(subject.c.person)).scalars()
    return [
        one
        for one in people
        if (Scope(actor, one, frozenset({one}), tuple(given[one]), at, keys).anything if one in given else default)
    ]


def permitted_streams(
    connection: Connection, keys: KeyRing, actor: Actor, streams: Iterable[tuple[str, str]], at: int
) -> dict[tuple[str, str], str]:
    """Those of some (subject, signal) whose samples `actor` may see, each with the person's id."""
    wanted = list(streams)
    person = {row.subject: row.person for row in connection.execute(select(subject.c.subject, subject.c.person))}
    given = consents_by_person(connection, keys)
    known: dict[tuple[str, str], bool] = {}

    def sees(who: str, signal: str) -> bool:
        key = (who if who in given else "", signal)  # all without a consent alike
        if key not in known:
            matter = Matter(frozenset({"wearable"}), "sample", signal)
            known[key] = decide(given.get(who, ()), actor, matter, at).permit
        return known[key]

    everybody = actor.permits_all("read")
    mine = {person.get(one, one) for one in actor.own} if actor.permits("read", actor.own) else set()
    return {
        (one, signal): person[one]
        for one, signal in wanted
        if one in person and (everybody or person[one] in mine) and sees(person[one], signal)
    }


def _subjects_where(connection: Connection, keys: KeyRing, permits: Callable[[Sequence[Consent]], bool]) -> list[str]:
    judged = {person: permits(consents) for person, consents in consents_by_person(connection, keys).items()}
    default = permits(())
    if not default and not any(judged.values()):
        return []
    rows = connection.execute(select(subject.c.subject, subject.c.person).order_by(subject.c.subject))
    return [row.subject for row in rows if judged.get(row.person, default)]


def consents_by_person(connection: Connection, keys: KeyRing) -> dict[str, list[Consent]]:
    """Consents of everybody who has given one."""
    found: dict[str, list[Consent]] = {}
    for row in connection.execute(_CONSENTS):
        found.setdefault(row.person, []).append(_consent(row, keys))
    return found


def _consent(row: Any, keys: KeyRing) -> Consent:
    """The consent of a fact; one that does not open (its person is being erased) denies everything."""
    try:
        return read_consent(_resource(row, keys))
    except DataError:
        return read_consent({"status": "active", "provision": {"type": "deny"}})


def _resource(row: Any, keys: KeyRing) -> dict[str, Any]:
    detail = hidden_of(row, keys.cipher(row.subject))[_DETAIL] or {}
    return dict(detail.get("resource") or {})
