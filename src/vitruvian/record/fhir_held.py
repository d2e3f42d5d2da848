"""What the record holds of people as FHIR: versions of resources as received, facts from elsewhere, states of twins.

One read of a person is judged by role, purpose and consent, and audited once; a resource is seen whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, Row, bindparam, or_, select

from vitruvian.core import DataError, now_ms
from vitruvian.record import schema
from vitruvian.record.access import Scope, allowed, scopes_of
from vitruvian.record.asking import rows_of, values_of
from vitruvian.record.fact import Fact
from vitruvian.record.fact_rows import open_fact
from vitruvian.record.faults import storage
from vitruvian.record.fhir_references import ids_of, refers_by_uuid, resolved
from vitruvian.record.formats import RawFile
from vitruvian.record.opening import reading
from vitruvian.record.states import TwinState
from vitruvian.record.verbatim import Verbatim

if TYPE_CHECKING:
    from vitruvian.record.record import Record

FHIR = "fhir"
_WHOSE = (
    select(schema.subject.c.person, schema.resource.c.line)
    .select_from(schema.resource.outerjoin(schema.subject, schema.subject.c.subject == schema.resource.c.subject))
    .where(schema.resource.c.source_id == bindparam("id"), schema.resource.c.kind == bindparam("of"))
    .distinct()
)
_WHOSE_FACT = (
    select(schema.subject.c.person)
    .select_from(schema.fact.join(schema.subject, schema.subject.c.subject == schema.fact.c.subject))
    .where(schema.fact.c.fact == bindparam("id"))
)
_WHOSE_STATE = select(schema.state.c.person).where(schema.state.c.state == bindparam("id"))
_CALLED = (
    select(schema.subject.c.person)
    .select_from(schema.identifier.join(schema.subject, schema.subject.c.subject == schema.identifier.c.subject))
    .where(schema.identifier.c.value == bindparam("value"))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a FHIR resource and where its bytes lie. All versions of a resource share `line`; `number` is
    what the source calls the version ("" if nothing), `digest` names its content. `subject` is "" if it is about
    nobody."""

    id: str
    line: str
    type: str
    subject: str
    number: str
    digest: str
    known_ms: int
    received_ms: int
    current: bool
    owner: str
    raw_hash: str
    origin: str
    place: str


@dataclass(frozen=True)
class Held:
    """Of one person: versions of resources; facts that no resource states; the newest state of each model (without
    arrays)."""

    person: str
    subjects: tuple[str, ...]
    versions: tuple[Version, ...] = ()
    facts: tuple[Fact, ...] = ()
    states: tuple[TwinState, ...] = ()


def held(
    record: Record,
    people: Sequence[str],
    types: Collection[str] = (),
    *,
    line: str = "",
    past: bool = False,
    made: bool = True,
    kinds: Collection[str] = (),
) -> list[Held]:
    """What this actor may see of each of `people` (ids of persons), in one transaction, audited for each.

    `types` and `line` narrow the resources; `past` adds versions that are not current; `made` adds what did not come
    as FHIR (of some `kinds` of facts alone, where they are given). Raises `AccessError` where role and purpose refuse
    one of them.
    """
    values: dict[str, Any] = {"types": sorted(types)} if types else {}
    values |= {"line": line} if line else {}
    shape = (bool(types), bool(line), past)

    with record._audited() as (connection, note):
        for person in people:
            if not allowed(connection, record.actor, "read", person):
                note("refused", person, {"action": "read"})
                break
        else:
            scopes = scopes_of(connection, record.keys, record.actor, people, now_ms())
            found = _Reading(record, connection, shape, values, made, sorted(kinds)).of(scopes)
            for scope, one in zip(scopes, found, strict=True):
                count = len(one.versions) + len(one.facts) + len(one.states)
                emergency = scope.emergency or None
                note("read", one.person, {"fhir": count, "rows": count, "emergency": emergency})
            return found
    raise record.actor.refusal("read")


def nobodys(record: Record, types: Collection[str] = (), *, line: str = "", past: bool = False) -> list[Version]:
    """Resources about nobody (practitioners, organizations, places, drugs): no consent speaks of them, and reading
    them is nobody's to know. What refers to people's resources is among them: it is for the asker to leave out."""
    values: dict[str, Any] = {"subjects": [""]}
    values |= ({"types": sorted(types)} if types else {}) | ({"line": line} if line else {})
    with storage(), reading(record.engine) as connection:
        rows = rows_of(connection, _versions(bool(types), bool(line), past), values)
    return [_version(row) for row in rows]


def whose(record: Record, kind: str, name: str) -> list[tuple[str, str]]:
    """(person, line) of every resource of this type and id, "" for nobody. It asks for no rights: what it tells is
    only to be looked for in `held`, never to be shown."""
    with reading(record.engine) as connection:
        rows = rows_of(connection, _WHOSE, {"id": record.keys.blind(name), "of": kind})
        return [(row.person or "", row.line) for row in rows]


def whose_fact(record: Record, key: str) -> str | None:
    """The person of a fact or of a state, by its id; it asks for no rights, as `whose`."""
    with reading(record.engine) as connection:
        found = values_of(connection, _WHOSE_FACT, {"id": key}) or values_of(connection, _WHOSE_STATE, {"id": key})
        return found[0] if found else None


def people_called(record: Record, identifier: str) -> list[str]:
    """Persons with an identifier of this value, whatever its system; it asks for no rights, as `whose`."""
    with reading(record.engine) as connection:
        return values_of(connection, _CALLED, {"value": record.keys.blind(identifier)})


def contents(record: Record, versions: Sequence[Version]) -> Iterator[tuple[Version, bytes]]:
    """The bytes of versions that `held` or `nobodys` gave, as received but for references inside their bundle, which
    are written as a server would ("Type/id"); file by file."""
    ordered = sorted(versions, key=lambda one: (one.owner, one.raw_hash))
    for (owner, raw_hash), members in groupby(ordered, key=lambda one: (one.owner, one.raw_hash)):
        some = list(members)
        with record.blobs.file(owner, raw_hash) as path:
            content = RawFile(path).content
        whole, ids = Verbatim(content), ids_of(content)
        pieces = [resolved(whole.at(one.place), ids) for one in some]
        if any(map(refers_by_uuid, pieces)):
            ids = _other_ids(record, some[0].origin, owner)
            pieces = [resolved(one, ids) for one in pieces]
        yield from zip(some, pieces, strict=True)


def full_url_of(record: Record, version: Version) -> str:
    """The fullUrl of the entry in which a version came, "" where it stood in no Bundle or under none."""
    entry, found, _ = version.place.rpartition(".resource")
    if not found:
        return ""
    with record.blobs.file(version.owner, version.raw_hash) as path:
        whole = Verbatim(RawFile(path).content)
    try:
        return str(orjson.loads(whole.at(f"{entry}.fullUrl")))
    except DataError:
        return ""


def _other_ids(record: Record, origin: str, owner: str) -> dict[str, str]:
    """Ids of what came in the same file and lies apart: about nobody, and for what is about nobody of its people."""
    prov = schema.provenance
    query = select(prov.c.subject, prov.c.raw_hash).where(prov.c.origin_hash == origin, prov.c.subject != owner)
    query = query if owner == "" else query.where(prov.c.subject == "")
    with reading(record.engine) as connection:
        parts = connection.execute(query.distinct()).all()
    found: dict[str, str] = {}
    for subject, raw_hash in parts:
        found |= ids_of(record.blobs.get(subject, raw_hash))
    return found


@dataclass(frozen=True)
class _Reading:
    """What is asked of people in one transaction: one query of each kind for all of them."""

    record: Record
    connection: Connection
    shape: tuple[bool, bool, bool]
    values: Mapping[str, Any]
    made: bool
    kinds: Sequence[str]

    def of(self, scopes: Sequence[Scope]) -> list[Held]:
        """What may be seen of each."""
        person = {subject: scope.person for scope in scopes for subject in scope.subjects}
        given = {"subjects": sorted(person)}
        stated = self._rows(_stated(*self.shape), {**self.values, **given}, lambda row: person[row.about])
        bare = self._rows(_bare(*self.shape), {**self.values, **given}, lambda row: person[row.about])
        facts: Mapping[str, list[Row[Any]]] = {}
        states: Mapping[str, list[Row[Any]]] = {}
        if self.made:
            narrowed = {**given, "kinds": self.kinds} if self.kinds else given
            facts = self._rows(_elsewhere(bool(self.kinds)), narrowed, lambda row: person[row.subject])
        if self.made and not self.kinds:
            states = self._rows(_learned(), {"people": [scope.person for scope in scopes]}, lambda row: str(row.person))
        parts = (stated, bare, facts, states)
        return [self._one(scope, *(part.get(scope.person, []) for part in parts)) for scope in scopes]

    def _one(
        self,
        scope: Scope,
        stated: Sequence[Row[Any]],
        bare: Sequence[Row[Any]],
        facts: Sequence[Row[Any]],
        states: Sequence[Row[Any]],
    ) -> Held:
        once = {row.resource: row for row in (*_whole(scope, stated), *scope.seen(bare))}
        cipher = self.record.keys.cipher
        return Held(
            scope.person,
            tuple(sorted(scope.subjects)),
            tuple(_version(row) for row in once.values()),
            tuple(open_fact(row, scope.person, cipher(row.subject)) for row in scope.seen(facts)),
            tuple(_states(self.record, scope.seen(states))),
        )

    def _rows(
        self, query: Any, values: Mapping[str, Any], whose: Callable[[Row[Any]], str]
    ) -> dict[str, list[Row[Any]]]:
        """Rows by person."""
        found: dict[str, list[Row[Any]]] = {}
        for row in rows_of(self.connection, query, values):
            found.setdefault(whose(row), []).append(row)
        return found


def _whole(scope: Scope, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Rows of the resources of which every fact may be seen."""
    seen = scope.seen(rows)
    if len(seen) == len(rows):
        return seen
    left = Counter(row.resource for row in rows)
    left.subtract(row.resource for row in seen)
    return [row for row in seen if not left[row.resource]]


def _states(record: Record, rows: Sequence[Row[Any]]) -> Iterator[TwinState]:
    for _, group in groupby(rows, key=lambda row: row.model):
        row = next(group)
        summary = orjson.loads(record.keys.cipher(row.subject).open(row.sealed, row.state.encode()))
        yield TwinState(row.state, row.person, row.model, row.version, row.cutoff_ms, row.created_ms, summary)


def _version(row: Any) -> Version:
    number, _, digest = row.version.rpartition("~")
    known = row.stated_ms if row.stated_ms is not None else row.received_ms
    return Version(
        row.resource, row.line, row.type, row.about, number, digest, known, row.received_ms,
        row.head is not None, row.owner, row.raw_hash, row.origin_hash, row.place,
    )  # fmt: skip


def _columns() -> list[Any]:
    resource, prov, head = schema.resource, schema.provenance, schema.head
    return [
        resource.c.kind.label("type"),
        resource.c.subject.label("about"),
        resource.c.known_ms.label("stated_ms"),
        *(resource.c.line, resource.c.version, resource.c.path.label("place")),
        *(prov.c.raw_hash, prov.c.origin_hash, prov.c.received_ms, prov.c.subject.label("owner")),
        head.c.resource.label("head"),
    ]


def _limited(query: Any, types: bool, line: bool, past: bool) -> Any:
    resource = schema.resource
    query = query.where(schema.provenance.c.format == FHIR)
    query = query.where(resource.c.kind.in_(bindparam("types", expanding=True))) if types else query
    query = query.where(resource.c.line == bindparam("line")) if line else query
    return query if past else query.where(schema.head.c.resource.is_not(None))


def _joined(start: Any) -> Any:
    resource, prov, head = schema.resource, schema.provenance, schema.head
    return start.join(prov, prov.c.prov == resource.c.prov).outerjoin(head, head.c.resource == resource.c.resource)


@lru_cache(maxsize=8)
def _stated(types: bool, line: bool, past: bool) -> Any:
    """A row for each fact of each version, facts first, so that they can be judged."""
    fact, resource = schema.fact, schema.resource
    joined = _joined(fact.join(resource, resource.c.resource == fact.c.resource))
    query = select(fact, *_columns()).select_from(joined)
    query = query.where(fact.c.subject.in_(bindparam("subjects", expanding=True)))
    return _limited(query, types, line, past).order_by(resource.c.prov, resource.c.path)


@lru_cache(maxsize=8)
def _bare(types: bool, line: bool, past: bool) -> Any:
    """Versions that state no fact."""
    fact, resource = schema.fact, schema.resource
    joined = _joined(resource.outerjoin(fact, fact.c.resource == resource.c.resource))
    query = select(resource.c.resource, *_columns()).select_from(joined).where(fact.c.fact.is_(None))
    query = query.where(resource.c.subject.in_(bindparam("subjects", expanding=True)))
    return _limited(query, types, line, past).order_by(resource.c.prov, resource.c.path)


@lru_cache(maxsize=8)
def _versions(types: bool, line: bool, past: bool) -> Any:
    """Versions whatever they state."""
    resource = schema.resource
    query = select(resource.c.resource, *_columns()).select_from(_joined(resource))
    query = query.where(resource.c.subject.in_(bindparam("subjects", expanding=True)))
    return _limited(query, types, line, past).order_by(resource.c.prov, resource.c.path)


@lru_cache(maxsize=2)
def _elsewhere(kinds: bool) -> Any:
    """Current facts that no FHIR resource states: measured ones of other formats, extracted and derived ones."""
    fact, prov, head = schema.fact, schema.provenance, schema.head
    joined = fact.join(prov, prov.c.prov == fact.c.prov).join(head, head.c.resource == fact.c.resource)
    query = select(fact, prov.c.raw_hash, prov.c.parser).select_from(joined)
    query = query.where(fact.c.subject.in_(bindparam("subjects", expanding=True)), prov.c.format != FHIR)
    query = query.where(fact.c.kind.in_(bindparam("kinds", expanding=True))) if kinds else query
    return query.where(or_(fact.c.basis != "measured", fact.c.kind == "observation")).order_by(fact.c.fact)


@lru_cache(maxsize=1)
def _learned() -> Any:
    table = schema.state
    newest = (table.c.cutoff_ms.desc(), table.c.created_ms.desc())
    mine = table.c.person.in_(bindparam("people", expanding=True))
    return select(table).where(mine).order_by(table.c.person, table.c.model, *newest)
