"""The record: opening it, taking files in, reading people, keeping what twins derive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Engine, Row, insert, select

from vitruvian.core import (
    AccessError,
    Actor,
    DataError,
    InputError,
    UnknownNameError,
    content_hash,
    now_ms,
    stable_id,
)
from vitruvian.record import schema
from vitruvian.record.auditing import AuditChain
from vitruvian.record.blobs import BlobStore
from vitruvian.record.fact import Draft, Fact, Parsed, Rejected, SourceRecord
from vitruvian.record.formats import Format, RawFile, installed_formats, recognise
from vitruvian.record.intake import IngestReport, fact_id, files_under, read, resource_id, store
from vitruvian.record.opening import blob_folder, make_engine, prepare
from vitruvian.record.patient import Patient
from vitruvian.record.places import at_place, load_container
from vitruvian.record.states import TwinState, pack, unpack

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Quarantined:
    """A record that was kept but not accepted: where it is, why, and when it came."""

    id: str
    name: str
    place: str
    what: str
    reason: str
    raw_hash: str
    parser: str
    received_ms: int


@dataclass(frozen=True)
class Record:
    """Everything known of people, append-only, behind one actor's rights. Use `Record.open`."""

    engine: Engine
    blobs: BlobStore
    chain: AuditChain
    actor: Actor

    @classmethod
    def open(
        cls,
        url: str | Path = "vitruvian.db",
        actor: Actor | None = None,
        *,
        blobs: Path | None = None,
        create: bool = True,
    ) -> Record:
        """Open or make a record: a file name (SQLite) or a URL ("sqlite:///clinic.db", "postgresql+psycopg://…").

        Without `actor` it acts as the local owner. Raw bytes lie in `blobs` (default: beside the file, NAME.blobs).
        Raises `InputError` for a URL or file that is not a record, or that is absent where `create` is false.
        """
        engine, file = make_engine(str(url))
        if file and not create and not Path(file).exists():
            raise InputError("there is no record", got=str(url), todo="Make one with `vitruvian ingest PATH`.")
        folder = blobs or (Path(f"{file}.blobs") if file else blob_folder())
        prepare(engine, str(url))
        chain = AuditChain.open(Path(f"{file}.audit-key") if file else None)
        return cls(engine, BlobStore(folder), chain, actor or Actor.owner())

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- taking in ------------------------------------------------------------------------------------------------

    def ingest(
        self,
        *paths: str | Path,
        patient: str | None = None,
        formats: Sequence[Format] | None = None,
        on_file: Callable[[Path, IngestReport], None] | None = None,
    ) -> IngestReport:
        """Take files and folders in; each file is one transaction, each record in it is accounted for.

        `patient` says whose the files are that do not say so themselves (a genome); it must be known to the record,
        or come in another file of the same call. `formats` default to those installed (entry points).
        """
        self.actor.demand("ingest")
        known = tuple(formats) if formats is not None else installed_formats()
        files = [(RawFile(path), _format(RawFile(path), known)) for path in files_under(paths)]
        files.sort(key=lambda pair: not isinstance(pair[1], DataError) and pair[1].needs_patient)
        total = IngestReport()
        for file, one in files:
            report = self._ingest_file(RawFile(file.path), one, patient)
            total += report
            if on_file is not None:
                on_file(file.path, report)
        return total

    def _ingest_file(self, file: RawFile, one: Format | DataError, patient: str | None) -> IngestReport:
        raw_hash = self.blobs.put(file.data)
        if isinstance(one, DataError):
            form, parsed = ("unknown", ""), Parsed(rejected=(Rejected("file", "file", str(one)),))
        else:
            form, parsed = (one.name, one.version), self._parse(file, one, patient)
        with self.engine.begin() as connection:
            report = store(connection, file, raw_hash, form, parsed, self.actor.id, now_ms())
            counts = {k: v for k, v in report.to_json().items() if isinstance(v, int)}
            detail = orjson.dumps({"raw_hash": raw_hash, **counts}).decode()
            self.chain.append(connection, self.actor, "ingest", " ".join(report.people[:5]), detail)
        return report

    def _parse(self, file: RawFile, one: Format, patient: str | None) -> Parsed:
        if not one.needs_patient or not patient:
            return read(file, one, patient)
        try:
            subject = self._subjects(patient)[1][0]
        except UnknownNameError as error:
            return Parsed(rejected=(Rejected(one.name, "file", f"it belongs to nobody in this record: {error}"),))
        return read(file, one, subject)

    def quarantined(self) -> list[Quarantined]:
        """What was kept but not accepted, oldest first; whole files that were accepted later are left out."""
        self.actor.demand("quarantine")
        table = schema.quarantine
        accepted = select(schema.provenance.c.raw_hash)
        open_ = (table.c.place != "file") | table.c.raw_hash.not_in(accepted)
        query = select(table).where(open_).order_by(table.c.received_ms, table.c.quarantine)
        with self.engine.begin() as connection:
            rows = connection.execute(query).all()
            self.chain.append(connection, self.actor, "search", "", '{"of":"quarantine"}')
        fields = ("name", "place", "what", "reason", "raw_hash", "parser", "received_ms")
        return [Quarantined(row.quarantine, *(getattr(row, one) for one in fields)) for row in rows]

    # -- reading --------------------------------------------------------------------------------------------------

    def people(self) -> list[str]:
        """Ids of all persons."""
        self.actor.demand("search")
        with self.engine.begin() as connection:
            found = connection.execute(select(schema.subject.c.person).distinct().order_by(schema.subject.c.person))
            people = list(found.scalars())
            self.chain.append(connection, self.actor, "search", "", orjson.dumps({"people": len(people)}).decode())
        return people

    def patients(self) -> list[Patient]:
        """All persons."""
        return [self.patient(one) for one in self.people()]

    def patient(self, name: str) -> Patient:
        """The person with this id (the record's, a source's, or an identifier such as a hospital number).

        Raises `AccessError`, or `UnknownNameError` with near ids; an identifier that two persons share is refused.
        """
        try:
            self.actor.demand("read", [name])
        except AccessError:
            self._audit("refused", name, {"action": "read"})
            raise
        person, subjects = self._subjects(name)
        return Patient(self, person, subjects)

    def source(self, fact: Fact) -> Any:
        """The source record (JSON) that states a fact, as received; raises `DataError` for other formats."""
        self._demand_read(fact.person)
        with self.engine.begin() as connection:
            joined = schema.fact.join(schema.resource, schema.resource.c.resource == schema.fact.c.resource)
            query = select(schema.resource.c.path).select_from(joined).where(schema.fact.c.fact == fact.id)
            place = connection.execute(query).scalar_one()
            self.chain.append(connection, self.actor, "read", fact.person, orjson.dumps({"source": fact.id}).decode())
        return at_place(load_container(self.blobs.path(fact.raw_hash)), place)

    def blob(self, fact: Fact) -> Path:
        """The raw file behind a fact, for readers of its format (a genome)."""
        self._demand_read(fact.person)
        self._audit("read", fact.person, {"blob": fact.raw_hash})
        return self.blobs.path(fact.raw_hash)

    def _demand_read(self, person: str) -> None:
        self.actor.demand("read", [person])

    def _read(self, person: str, detail: Mapping[str, Any], query: Any) -> Sequence[Row[Any]]:
        """Rows of one person, with the audit row of this read in the same transaction."""
        self._demand_read(person)
        with self.engine.begin() as connection:
            rows = connection.execute(query).all()
            shown = {k: v for k, v in detail.items() if v is not None} | {"rows": len(rows)}
            self.chain.append(connection, self.actor, "read", person, orjson.dumps(shown).decode())
        return rows

    def _subjects(self, name: str) -> tuple[str, tuple[str, ...]]:
        """The person whom `name` means, and all subjects linked to them."""
        table, names = schema.subject, schema.identifier
        with self.engine.begin() as connection:
            by_id = select(table.c.person).where((table.c.subject == name) | (table.c.person == name)).distinct()
            found = list(connection.execute(by_id).scalars())
            if not found:
                joined = table.join(names, names.c.subject == table.c.subject)
                by_name = select(table.c.person).select_from(joined).where(names.c.value == name).distinct()
                found = list(connection.execute(by_name).scalars())
            if len(found) != 1:
                known = list(connection.execute(select(table.c.person).distinct()).scalars())
                raise _unknown(name, found, known if self.actor.permits("search") else [])
            linked = select(table.c.subject).where(table.c.person == found[0]).order_by(table.c.subject)
            return found[0], tuple(connection.execute(linked).scalars())

    # -- what twins keep ------------------------------------------------------------------------------------------

    def derive(
        self, person: str, drafts: Sequence[Draft], *, method: str, version: str, inputs: Sequence[str] = ()
    ) -> list[str]:
        """Keep facts that `method` (with `version`) derived from the facts `inputs`; gives their ids.

        The same result again changes nothing; a new result of the same method supersedes the old one.
        """
        self.actor.demand("derive", [person])
        person, subjects = self._subjects(person)
        kept = tuple(Draft(**{**_fields(one), "basis": "derived"}) for one in drafts)
        content = {
            "method": method,
            "version": version,
            "inputs": sorted(inputs),
            "facts": [asdict(one) for one in kept],
        }
        data = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        now = now_ms()
        record = SourceRecord(
            "derived", method, person, content_hash(data)[:32], f"{now:016d}", subjects[0], "", kept, known_ms=now
        )
        raw_hash = self.blobs.put(data)
        with self.engine.begin() as connection:
            file = RawFile(Path(f"{method}.json"))
            store(connection, file, raw_hash, (method, version), Parsed((record,)), self.actor.id, now)
            detail = orjson.dumps({"method": method, "version": version, "facts": len(kept)}).decode()
            self.chain.append(connection, self.actor, "derive", person, detail)
        return [fact_id(resource_id(record), one, k) for k, one in enumerate(kept)]

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
        self.actor.demand("derive", [person])
        person, _ = self._subjects(person)
        now = now_ms()
        raw_hash = self.blobs.put(pack(arrays)) if arrays else None
        text = orjson.dumps(dict(summary), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS).decode()
        key = stable_id(person, model, version, str(cutoff_ms), str(now), text, raw_hash or "")
        row = {"state": key, "person": person, "model": model, "version": version, "cutoff_ms": cutoff_ms}
        with self.engine.begin() as connection:
            values = {**row, "created_ms": now, "summary": text, "raw_hash": raw_hash}
            connection.execute(insert(schema.state).values(**values))
            self.chain.append(connection, self.actor, "derive", person, orjson.dumps({"state": key}).decode())
        return TwinState(key, person, model, version, cutoff_ms, now, dict(summary), dict(arrays or {}))

    def load_state(self, person: str, model: str) -> TwinState | None:
        """The newest state of a person for a model (data cut-off, then time kept); None if there is none."""
        person, _ = self._subjects(person)
        table = schema.state
        query = select(table).where(table.c.person == person, table.c.model == model)
        rows = self._read(person, {"state": model}, query.order_by(table.c.cutoff_ms.desc(), table.c.created_ms.desc()))
        if not rows:
            return None
        row = rows[0]
        arrays = unpack(self.blobs.get(row.raw_hash)) if row.raw_hash else {}
        summary = orjson.loads(row.summary)
        return TwinState(row.state, person, row.model, row.version, row.cutoff_ms, row.created_ms, summary, arrays)

    def verify_audit(self) -> int:
        """Number of audit rows if the chain is whole; raises `DataError` at the first that was altered."""
        self.actor.demand("audit")
        with self.engine.begin() as connection:
            return self.chain.verify(connection)

    def _audit(self, action: str, person: str, detail: Mapping[str, Any]) -> None:
        with self.engine.begin() as connection:
            self.chain.append(connection, self.actor, action, person, orjson.dumps(detail).decode())


def _fields(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in Draft.__dataclass_fields__}


def _format(file: RawFile, known: Sequence[Format]) -> Format | DataError:
    try:
        return recognise(file, known)
    except DataError as error:
        return error


def _unknown(name: str, found: Sequence[str], known: Sequence[str]) -> UnknownNameError:
    if len(found) > 1:
        return UnknownNameError(f"{name!r} means several persons", got=", ".join(sorted(found)), todo="Use one id.")
    near = get_close_matches(name, known, n=3, cutoff=0.4) or sorted(known)[:5]
    hint = f"Nearest: {', '.join(near)}." if near else "The record is empty, or you may not list people."
    return UnknownNameError("no such patient", got=repr(name), todo=hint)
