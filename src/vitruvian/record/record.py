"""The record: opening it, taking files in, reading people, keeping what twins derive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.exc import IntegrityError

from vitruvian.core import Actor, DataError, InputError, UnknownNameError, now_ms
from vitruvian.record import schema
from vitruvian.record.access import allowed, permitted_subjects, scope_of, visible_people
from vitruvian.record.account import IngestReport
from vitruvian.record.analytic import Analytic
from vitruvian.record.archives import opened
from vitruvian.record.asking import rows_of
from vitruvian.record.auditing import AuditChain, AuditNote, told
from vitruvian.record.blobs import BlobStore
from vitruvian.record.demographics import demographics_of
from vitruvian.record.derived import derivation
from vitruvian.record.fact import Draft, Fact, Rejected
from vitruvian.record.fact_rows import fact_id, resource_id
from vitruvian.record.faults import storage
from vitruvian.record.finding import near_people, one_person, persons_named, subjects_of, unknown
from vitruvian.record.formats import Format, RawFile, Told, installed_formats, recognise, time_zone
from vitruvian.record.governing import Governing
from vitruvian.record.group_commit import GroupCommit
from vitruvian.record.intake import Refused, Store, Taken, files_under, hash_of, items_of, take_in
from vitruvian.record.keys import KeyRing
from vitruvian.record.notes import Notes
from vitruvian.record.opening import open_parts
from vitruvian.record.patient import Patient
from vitruvian.record.places import at_place, load_container
from vitruvian.record.quarantine import Quarantined, not_dismissed, open_quarantined, put_aside, raw_file, waiting_rows
from vitruvian.record.scratch import sweep
from vitruvian.record.states import TwinState, open_state, states_of, write_state
from vitruvian.record.streaming import Streaming
from vitruvian.record.telling import Telling

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_TRIES = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Record(Governing, Streaming, Telling):
    """Everything known of people, append-only, behind one actor's rights. Use `Record.open`."""

    engine: Engine
    keys: KeyRing
    blobs: BlobStore
    chain: AuditChain
    actor: Actor
    commits: GroupCommit
    notes: Notes | None = None
    """What was read for the answer that is being made; None where each read is durable in the audit by itself."""

    @classmethod
    def open(
        cls,
        url: str | Path = "vitruvian.db",
        actor: Actor | None = None,
        *,
        blobs: Path | str | None = None,
        keys: Path | str | None = None,
        create: bool = True,
    ) -> Record:
        """Open or make a record: a file name (SQLite) or a URL ("sqlite:///clinic.db", "postgresql://…").

        Without `actor` it acts as the local owner. Raw bytes lie encrypted in `blobs`, a folder or a URL (s3://…;
        default: NAME.blobs beside the file), keys in `keys`, a file or a URL (default: VITRUVIAN_KEYS, else NAME.keys
        beside the file). Raises `InputError` for a URL or file that is not a record, or that is absent where `create`
        is false.
        """
        with storage():
            parts = open_parts(str(url), blobs, create, keys)
        commits = GroupCommit(partial(parts.chain.transaction, parts.engine))
        return cls(parts.engine, parts.keys, parts.blobs, parts.chain, actor or Actor.owner(), commits)

    def close(self) -> None:
        """Let go of the database and the key ring."""
        self.engine.dispose()
        self.keys.engine.dispose()

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- taking in ------------------------------------------------------------------------------------------------

    def ingest(
        self,
        *paths: str | Path,
        patient: str | None = None,
        zone: str | None = None,
        samples: Mapping[str, str] | None = None,
        mapping: Path | None = None,
        formats: Sequence[Format] | None = None,
        on_file: Callable[[Path, IngestReport], None] | None = None,
    ) -> IngestReport:
        """Take files and folders in; each file is one transaction, each record in it is accounted for.

        `patient` says whose the files are that do not say so themselves (a genome); it must be known to the record,
        or come in another file of the same call. `zone` ("Europe/Berlin") is where local times without offset were
        taken; `samples` says whose each sample of a file with several is; `mapping` is a confirmed mapping of
        laboratory tables. `formats` default to those installed (entry points).
        """
        self._demand("ingest", "")
        sweep()
        with storage():
            self.blobs.sweep()
        known = tuple(formats) if formats is not None else installed_formats()
        told = Told(None, time_zone(zone), dict(samples or {}), mapping)
        total = IngestReport()
        with opened(files_under(paths)) as everything:
            found = [one if isinstance(one, tuple) else (one, _format(one, known)) for one in everything]
            belonging = {one for file, form in found if isinstance(form, Format) for one in form.companions(file)}
            files = [pair for pair in found if pair[0].path not in belonging]
            files.sort(key=lambda pair: isinstance(pair[1], Format) and pair[1].needs_patient)
            for file, form in files:
                report = self._ingest_file(RawFile(file.path, file.origin), form, told, patient)
                total += report
                if on_file is not None:
                    on_file(file.path, report)
        return total

    def _ingest_file(
        self, file: RawFile, form: Format | InputError, told: Told, patient: str | None, origin: str | None = None
    ) -> IngestReport:
        """One file in one transaction; where it is refused as a whole, its quarantine in another."""
        with storage():
            origin = origin or hash_of(file)
            for attempt in range(_TRIES):
                try:
                    try:
                        taken = self._write_file(file, form, told, patient, origin)
                    except Refused as refused:
                        taken = self._write_file(file, refused, told, None, origin, form)
                    break
                except IntegrityError:  # another writer stored the same records between our look and our write
                    if attempt == _TRIES - 1:
                        raise
            for owner, name in taken.obsolete:
                self.blobs.remove(owner, name)
        return taken.report

    def _write_file(
        self,
        file: RawFile,
        form: Format | InputError | Refused,
        told: Told,
        patient: str | None,
        origin: str,
        refusing: Format | InputError | None = None,
    ) -> Taken:
        with self.transaction() as connection:
            store = Store(connection, self.keys, self.blobs, self.actor.id, now_ms())
            reader = form if isinstance(form, Format) else refusing if isinstance(refusing, Format) else None
            named = (reader.name, reader.version) if reader else ("unknown", "")
            if isinstance(form, Format):
                whole = self._told(connection, told, patient if form.needs_patient else None, patient)
                items = items_of(file, form, whole)
            else:
                items = iter([Rejected(reader.name if reader else "file", "file", str(form))])
            taken = take_in(store, file, named, items, reader, origin)
            self._tell_of(connection, taken.report, origin)
        return taken

    def _tell_of(self, connection: Connection, report: IngestReport, origin: str) -> None:
        """The audit rows of a file: one for each person of whom it tells."""
        counts = {k: v for k, v in report.to_json().items() if isinstance(v, int)}
        detail = orjson.dumps({"origin": origin[:16], **counts}).decode()
        for person in sorted(self._persons(connection, report.people) or ("",), key=self.chain.shard):
            self.chain.append(connection, self.actor, "ingest", person, detail)

    def _told(self, connection: Connection, told: Told, needed: str | None, named: str | None) -> Told:
        """What was told, with the subject that `named` means, and a way to look others up."""

        def find(name: str) -> str | None:
            found = persons_named(connection, self.keys, name)
            return subjects_of(connection, found[0])[0] if len(found) == 1 else None

        subject = find(named) if named else None
        if needed and subject is None:
            try:
                one_person(connection, self.keys, needed, self.actor.permits("search"))
            except UnknownNameError as error:
                raise Refused(f"it belongs to nobody in this record: {error}") from error
        known = partial(demographics_of, connection, self.keys, subject or "")
        return Told(subject, told.zone, told.samples, told.mapping, find, known)

    def _persons(self, connection: Connection, subjects: Collection[str]) -> tuple[str, ...]:
        table = schema.subject
        found: dict[str, None] = {}
        for one in subjects:
            person = connection.execute(select(table.c.person).where(table.c.subject == one)).scalar()
            found[person or one] = None
        return tuple(found)

    def quarantined(self, *, dismissed: bool = False) -> list[Quarantined]:
        """What was kept but not accepted, oldest first, less what was accepted later; or what was `dismissed`."""
        self._demand("quarantine", "")
        with self.transaction() as connection:
            rows = waiting_rows(connection)
            self.chain.append(connection, self.actor, "search", "", '{"of":"quarantine"}')
        found = [open_quarantined(row, self.keys) for row in rows]
        return [one for one in found if bool(one.dismissed) == dismissed]

    def dismiss(self, ids: Collection[str], reason: str) -> None:
        """What need not be tried again leaves quarantine with a reason; its bytes stay. Raises as `put_aside` does."""
        self._demand("quarantine", "")
        with self.transaction() as connection:
            put_aside(connection, ids, reason, self.actor.id, self.keys)
            detail = orjson.dumps({"dismissed": sorted(ids)}).decode()
            self.chain.append(connection, self.actor, "quarantine", "", detail)

    def replay(
        self,
        ids: Collection[str] | None = None,
        *,
        patient: str | None = None,
        zone: str | None = None,
        samples: Mapping[str, str] | None = None,
        mapping: Path | None = None,
        formats: Sequence[Format] | None = None,
    ) -> IngestReport:
        """Try what is in quarantine again (all, or some ids), after a fix of the parser or with what was missing.

        The account is of the files behind it: what is accepted now is stored, what is not stays in quarantine.
        Raises `UnknownNameError` for an id that is not there.
        """
        self._demand("ingest", "")
        known = tuple(formats) if formats is not None else installed_formats()
        told, total = Told(None, time_zone(zone), dict(samples or {}), mapping), IngestReport()
        with self.transaction() as connection:
            waiting = waiting_rows(connection, ids)
            chosen = not_dismissed(waiting, self.keys) if ids is None else waiting
            rows = {(row.subject, row.raw_hash): row for row in chosen}
            self.chain.append(connection, self.actor, "search", "", '{"of":"quarantine"}')
        for row in rows.values():
            with raw_file(row, self.keys, self.blobs) as file:
                total += self._ingest_file(file, _format(file, known), told, patient, row.origin_hash)
        return total

    # -- reading --------------------------------------------------------------------------------------------------

    def people(self) -> list[str]:
        """Ids of all persons of whom this actor may see anything."""

        people = None
        with self._audited() as (connection, note):
            if self.actor.permits("search"):
                people = visible_people(connection, self.keys, self.actor, now_ms())
            note("search", "", {"people": people})
        return self._granted(people, "search")

    def permitted_subjects(self, purpose: str, category: str) -> list[str]:
        """Subjects (ids of sources) whose facts of a category this actor may see for a purpose now; sorted.

        `category` is one of `tables/categories`, or "everything". Ask again before every use: a consent may be
        withdrawn at any time.
        """
        record, found = self.acting(purpose), None
        with record._audited() as (connection, note):
            if record.actor.permits("search"):
                found = permitted_subjects(connection, self.keys, record.actor, category, now_ms())
            note("search", "", {"category": category, "people": found})
        return record._granted(found, "search")

    def patients(self) -> list[Patient]:
        """All persons of whom this actor may see anything."""
        return [self.patient(one) for one in self.people()]

    def patient(self, name: str) -> Patient:
        """The person with this id (the record's, a source's, or an identifier such as a hospital number).

        Raises `AccessError`, or `UnknownNameError` with near ids; an identifier that two persons share is refused.
        Whom the actor may not see does not exist.
        """
        self._demand("read", name)
        return Patient(self, *self._subjects(name))

    def source(self, fact: Fact) -> Any:
        """The source record (JSON) that states a fact, as received; raises `DataError` for other formats."""
        table, place = schema.resource, schema.fact.alias()
        query = (
            select(schema.fact, table.c.path.label("place"))
            .join_from(schema.fact, table, table.c.resource == schema.fact.c.resource)
            .join(place, place.c.resource == schema.fact.c.resource)
            .where(place.c.fact == fact.id, place.c.subject == fact.subject)
        )
        rows = self._reads(fact.person, {"source": fact.id}, [query], whole=True)[0]
        if not rows:
            raise UnknownNameError("no such fact", got=fact.id)
        with self.blobs.file(fact.subject, fact.raw_hash) as path:
            return at_place(load_container(path), rows[0].place)

    def open_blob(self, fact: Fact) -> AbstractContextManager[Path]:
        """The raw file behind a fact as a private temporary file under its name, for readers of its format (a genome);
        what belongs to it (the signals of a WFDB header) lies beside it.

        Raises `UnknownNameError` where this actor may not see all that the file states.
        """
        prov = schema.provenance
        query = select(schema.fact).join_from(schema.fact, prov, prov.c.prov == schema.fact.c.prov)
        query = query.where(prov.c.subject == fact.subject, prov.c.raw_hash == fact.raw_hash)
        if not self._reads(fact.person, {"blob": fact.raw_hash}, [query], whole=True)[0]:
            raise UnknownNameError("no such fact", got=fact.id)
        sealed = select(prov.c.sealed).where(prov.c.subject == fact.subject, prov.c.raw_hash == fact.raw_hash)
        with self.engine.connect() as connection:
            row = connection.execute(sealed.order_by(prov.c.prov).limit(1)).scalar_one()
        told = orjson.loads(self.keys.cipher(fact.subject).open(row, b"provenance"))
        beside = [(one["name"], one["hash"]) for one in told["companions"]]
        return self.blobs.file(fact.subject, fact.raw_hash, told["name"], beside)

    # -- everybody ------------------------------------------------------------------------------------------------

    def cohort(self, view: Mapping[str, Any] | str | Path) -> pl.DataFrame:
        """The rows of a ViewDefinition (SQL-on-FHIR v2) over the FHIR resources of all whom this actor may see.

        `view` is its JSON, a file of it, or the name of one that comes with the package ("patients").
        Raises `InputError` for a view that is wrong, `DataError` for one that the data do not fit.
        """
        from vitruvian.record.cohort import run_view

        return run_view(self, view)

    def query(self, sql: str) -> pl.DataFrame:
        """The rows of one SELECT over the tables people, facts, resources and samples, as far as they may be seen."""
        from vitruvian.record.cohort import run_sql

        return run_sql(self, sql)

    def analytic(self) -> Analytic:
        """The copy that `cohort` and `query` read, to refresh or rebuild it by hand."""
        self._demand("derive", "")
        return Analytic.of(self.engine, self.keys, self.blobs)

    # -- the gate -------------------------------------------------------------------------------------------------

    def acting(self, purpose: str) -> Record:
        """The same record for the same actor with another purpose."""
        return replace(self, actor=replace(self.actor, purpose=purpose))

    def _read(self, person: str, detail: Mapping[str, Any], query: Any) -> Sequence[Row[Any]]:
        """Rows of one person that may be seen; see `_reads`."""
        return self._reads(person, detail, [query])[0]

    def _reads(
        self, person: str, detail: Mapping[str, Any], queries: Sequence[Any], *, whole: bool = False
    ) -> list[Sequence[Row[Any]]]:
        """The rows of several queries about one person that may be seen: one read, one transaction, one audit row.

        A query is a statement, or a statement that was made once, with its values: that one is not compiled again.
        Role and purpose are judged before anything is asked, consents in the transaction of the read. With `whole`,
        all rows of a query or none.
        """

        found: list[Sequence[Row[Any]]] | None = None
        with self._audited() as (connection, note):
            if not allowed(connection, self.actor, "read", person):
                note("refused", person, {"action": "read"})
            else:
                scope = scope_of(connection, self.keys, self.actor, person, now_ms())
                found = []
                for query in queries:
                    made_once = isinstance(query, tuple)
                    rows = rows_of(connection, *query) if made_once else connection.execute(query).all()
                    found.append(scope.seen(rows, whole))
                emergency = scope.emergency or None
                note("read", person, {**detail, "rows": sum(map(len, found)), "emergency": emergency})
        return self._granted(found, "read", person)

    def _subjects(self, name: str) -> tuple[str, tuple[str, ...]]:
        """The person whom `name` means, and all subjects linked to them, as far as the actor may see them."""
        with self._audited() as (connection, note):
            named = persons_named(connection, self.keys, name)
            scopes = [scope_of(connection, self.keys, self.actor, one, now_ms()) for one in named]
            seen = [one for one in scopes if one.anything]
            found = [one.person for one in seen]
            note("search", found[0] if len(found) == 1 else name, {"people": found})
            if len(seen) == 1:
                return seen[0].person, tuple(sorted(seen[0].subjects))
            sees = partial(self._sees, connection)
            near = near_people(connection, name, sees) if self.actor.permits("search") else []
        raise unknown(name, found, near)

    def _demand(self, action: str, person: str) -> None:
        """Raise `AccessError` unless role and purpose allow it; a refusal is audited, and nothing else is asked."""
        if self.actor.permits(action, [person]):
            return
        with self.transaction() as connection:
            granted = allowed(connection, self.actor, action, person)
            if not granted:
                self._note(connection, "refused", person, {"action": action})
        if not granted:
            raise self.actor.refusal(action)

    def _granted(self, found: T | None, action: str, person: str = "") -> T:
        """What was found, or `AccessError` where it was refused."""
        if found is None:
            raise self.actor.refusal(action)
        return found

    def note(self, action: str, person: str = "", **detail: Any) -> None:
        """One audit row of an act of this actor beside reading and writing, such as signing in; durable on return."""
        self.keep([AuditNote(self.actor, action, person, told(detail), now_ms())])

    def _note(self, connection: Connection, action: str, person: str, detail: Mapping[str, Any]) -> None:
        """One audit row: of what was asked, what can be told without telling of anybody; of lists, how many."""
        self.chain.append(connection, self.actor, action, person, told(detail))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction with its audit; raises `StoreError` where the disk or the server fails."""
        with storage(), self.chain.transaction(self.engine) as connection:
            yield connection

    # -- what twins keep ------------------------------------------------------------------------------------------

    def derive(
        self, person: str, drafts: Sequence[Draft], *, method: str, version: str, inputs: Sequence[str] = ()
    ) -> list[str]:
        """Keep facts that `method` (with `version`) derived from the facts `inputs`; gives their ids.

        The same result again changes nothing; a new result of the same method supersedes the old one.
        """
        self._demand("derive", person)
        person, subjects = self._subjects(person)
        now = now_ms()
        with derivation(person, subjects[0], drafts, method, version, inputs, now) as (file, one):
            origin = hash_of(file)
            with self.transaction() as connection:
                store = Store(connection, self.keys, self.blobs, self.actor.id, now)
                take_in(store, file, (method, version), [one], None, origin)
                detail = orjson.dumps({"method": method, "version": version, "facts": len(one.facts)}).decode()
                self.chain.append(connection, self.actor, "derive", person, detail)
        return [fact_id(resource_id(one), draft, k) for k, draft in enumerate(one.facts)]

    def save_state(
        self,
        person: str,
        model: str,
        version: str,
        *,
        cutoff_ms: int,
        summary: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> TwinState:
        """Keep what a twin learned; `cutoff_ms` is the time of the newest data used."""
        self._demand("derive", person)
        person, subjects = self._subjects(person)
        state = TwinState("", person, model, version, cutoff_ms, 0, summary, arrays or {})
        with self.transaction() as connection:
            kept = write_state(connection, self.keys, self.blobs, subjects[0], state)
            self.chain.append(connection, self.actor, "derive", person, orjson.dumps({"state": kept.id}).decode())
        return kept

    def load_state(
        self, person: str, model: str, *, version: str | None = None, until_ms: int | None = None
    ) -> TwinState | None:
        """The newest state of a person for a model (data cut-off, then time kept); None if there is none.

        `version` and `until_ms` (of the newest data used) leave others out: what was learned later is not known then.
        """
        self._demand("read", person)
        person, _ = self._subjects(person)
        rows = self._read(person, {"state": model}, states_of(person, model, version, until_ms))
        return open_state(rows[0], self.keys, self.blobs) if rows else None

    def take_in_for(self, person: str, path: Path) -> IngestReport:
        """Take in a file that this program wrote on behalf of a person: their consents. Raises `DataError`."""
        self._demand("consent", person)
        file = RawFile(path)
        report = self._ingest_file(file, _format(file, installed_formats()), Told(person), person)
        if report.quarantined:
            raise DataError("the file was not accepted", got="; ".join(report.problems))
        return report


def _format(file: RawFile, known: Sequence[Format]) -> Format | InputError:
    try:
        return recognise(file, known)
    except DataError as error:
        return error
