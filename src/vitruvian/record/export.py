"""All that is known of one person, out again: FHIR resources verbatim, files byte for byte, streams, what was derived,
what was refused, and who read. The manifest counts everything against the record.

To take it in again: `vitruvian ingest OUT/bundle.json`, then `vitruvian ingest OUT/files --patient ID` (streams that
came a few at a time lie there as `stream.json`).
"""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, Row, func, select

from vitruvian.core import AccessError, DataError, InputError, now_ms, to_datetime
from vitruvian.record import schema
from vitruvian.record.blobs import BlobStore, file_hash
from vitruvian.record.fact import Fact
from vitruvian.record.faults import storage
from vitruvian.record.fhir_out import bundle, observation
from vitruvian.record.formats import RawFile
from vitruvian.record.keys import KeyRing
from vitruvian.record.rows import chunks
from vitruvian.record.verbatim import Verbatim

if TYPE_CHECKING:
    import polars as pl

    from vitruvian.record.patient import Patient

FHIR = "fhir"
_UNSAFE = re.compile(r"[:*?\"<>|\x00-\x1f]+")


@dataclass(frozen=True)
class Piece:
    """One original file of a person: its bytes under `owner`, the places of their records in it, and the (name, hash)
    of files that belong to it."""

    owner: str
    raw_hash: str
    format: str
    name: str
    places: tuple[str, ...]
    companions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Holdings:
    """All that the record holds of one person, as rows; streams by signal."""

    person: str
    facts: Sequence[Fact]
    pieces: Sequence[Piece]
    streams: Mapping[str, pl.DataFrame]
    quarantined: Sequence[Mapping[str, Any]]
    audit: Sequence[Mapping[str, Any]]
    states: Sequence[Mapping[str, Any]]


def write_export(held: Holdings, blobs: BlobStore, out: Path) -> dict[str, Any]:
    """Write the export as a new folder or .zip file, whole or not at all; gives the manifest.

    Raises `InputError` if `out` exists, `DataError` if what was written does not balance with the record.
    """
    if out.exists():
        raise InputError("the export needs a new name", got=str(out), todo="Name a folder or file that does not exist.")
    with storage():
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".export-", dir=out.parent))
        try:
            manifest = _Export(held, blobs, aside).write()
            if out.suffix == ".zip":
                packed = Path(shutil.make_archive(str(aside), "zip", aside))
                packed.replace(out)
            else:
                aside.replace(out)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return manifest


def export_patient(patient: Patient, out: str | Path) -> dict[str, Any]:
    """Write all that the record holds of a person to a new folder or .zip file; gives the manifest.

    Needs the right to read everything of them: raises `AccessError` where role, purpose or consent withhold a part.
    """
    patient.record._demand("export", patient.id)
    return write_export(_held(patient), patient.record.blobs, Path(out))


def _held(patient: Patient) -> Holdings:
    record, subjects = patient.record, patient.subjects
    record.seal_samples(subjects)
    prov, refused, states, audit = schema.provenance, schema.quarantine, schema.state, schema.audit
    waiting = select(refused).where(refused.c.subject.in_(subjects), refused.c.accepted_ms.is_(None))
    pseudonym = record.chain.pseudonym(patient.id)
    queries = [
        select(prov).where(prov.c.subject.in_(subjects)).order_by(prov.c.prov),
        waiting.order_by(refused.c.received_ms, refused.c.quarantine),
        select(states).where(states.c.person == patient.id).order_by(states.c.created_ms),
        select(audit).where(audit.c.person == pseudonym).order_by(audit.c.seq),
    ]
    files, waited, learned, told = record._reads(patient.id, {"export": True}, queries)
    facts = patient.facts(void=True)
    streams = {name: patient.samples(name) for name in patient.signals()}
    with record.engine.connect() as connection:
        counts = _counts(connection, subjects)
        pieces = _joined(one for row in files for one in _pieces(connection, record.keys, row))
    if not files or counts != (len(facts), sum(one.height for one in streams.values())):
        raise AccessError("an export is whole or not at all", got="a part that this actor may not read")
    return Holdings(
        patient.id,
        facts,
        pieces,
        streams,
        [_refused(row, record.keys) for row in waited],
        [_audited(row) for row in told],
        [_learned(row, record.keys) for row in learned],
    )


def _audited(row: Row[Any]) -> dict[str, Any]:
    """Who read, wrote and was refused."""
    return {"at": to_datetime(row.at_ms).isoformat()} | {
        name: getattr(row, name) for name in ("actor", "purpose", "action", "detail")
    }


def _counts(connection: Connection, subjects: Sequence[str]) -> tuple[int, int]:
    """Current facts and samples of a person in the record, whoever asks."""
    fact, head, chunk = schema.fact, schema.head, schema.chunk
    current = fact.join(head, head.c.resource == fact.c.resource)
    facts = select(func.count()).select_from(current).where(fact.c.subject.in_(subjects))
    samples = select(func.coalesce(func.sum(chunk.c.rows), 0)).where(chunk.c.subject.in_(subjects))
    return int(connection.execute(facts).scalar_one()), int(connection.execute(samples).scalar_one())


def _pieces(connection: Connection, keys: KeyRing, row: Row[Any]) -> Iterator[Piece]:
    """A file of the person; and what came with it about nobody (a Medication, an Organization), though another file
    may have brought it first."""
    prov, resource = schema.provenance, schema.resource
    yield _piece(connection, keys, row)
    if row.format != FHIR:
        return
    nobodys = select(prov).where(prov.c.subject == "", prov.c.origin_hash == row.origin_hash)
    for one in connection.execute(nobodys.order_by(prov.c.prov)).all():
        yield _piece(connection, keys, one)
    for some in chunks(_hidden(keys, row).get("shared", [])):
        shared = select(resource.c.path, prov).join_from(resource, prov, prov.c.prov == resource.c.prov)
        rows = connection.execute(shared.where(resource.c.resource.in_(some)).order_by(prov.c.prov)).all()
        for _, group in groupby(rows, lambda one: one.prov):
            members = list(group)
            yield replace(_piece(connection, keys, members[0]), places=tuple(one.path for one in members))


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Files as they are; of FHIR each place of the same bytes once, however many files of the person hold it."""
    files: list[Piece] = []
    fhir: dict[Piece, dict[str, None]] = {}
    for one in pieces:
        if one.format != FHIR:
            files.append(one)
        else:
            fhir.setdefault(replace(one, places=()), {}).update(dict.fromkeys(one.places))
    return [*(replace(one, places=tuple(places)) for one, places in fhir.items()), *files]


def _hidden(keys: KeyRing, row: Row[Any]) -> dict[str, Any]:
    """The sealed part of a row of table `provenance`."""
    found: dict[str, Any] = orjson.loads(keys.cipher(row.subject).open(row.sealed, b"provenance"))
    return found


def _piece(connection: Connection, keys: KeyRing, row: Row[Any]) -> Piece:
    resource = schema.resource
    hidden = _hidden(keys, row)
    companions = tuple((one["name"], one["hash"]) for one in hidden["companions"])
    query = select(resource.c.kind, resource.c.path).where(resource.c.prov == row.prov).order_by(resource.c.path)
    found = connection.execute(query).all()
    derived = bool(found) and all(kind == "derived" for kind, _ in found)
    form = "derived" if derived else row.format
    return Piece(row.subject, row.raw_hash, form, hidden["name"], tuple(path for _, path in found), companions)


def _refused(row: Row[Any], keys: KeyRing) -> dict[str, Any]:
    hidden = orjson.loads(keys.cipher(row.subject).open(row.sealed, row.quarantine.encode()))
    told = {name: hidden[name] for name in ("name", "place", "what", "reason")}
    return {"owner": row.subject, "raw_hash": row.raw_hash, **told, "parser": row.parser}


def _learned(row: Row[Any], keys: KeyRing) -> dict[str, Any]:
    summary = keys.cipher(row.subject).open(row.sealed, row.state.encode()).decode()
    told = {"model": row.model, "version": row.version, "cutoff_ms": row.cutoff_ms, "summary": summary}
    return {"owner": row.subject, "raw_hash": row.raw_hash or "", **told}


@dataclass
class _Export:
    held: Holdings
    blobs: BlobStore
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)

    def write(self) -> dict[str, Any]:
        self._fhir([one for one in self.held.pieces if one.format == FHIR])
        self._files([one for one in self.held.pieces if one.format != FHIR])
        self._streams()
        self._derived()
        self._quarantine()
        self._table("audit.csv", self.held.audit)
        self._learned()
        return self._manifest()

    def _fhir(self, pieces: Sequence[Piece]) -> None:
        """One Bundle of every resource as received."""
        with (self.folder / "bundle.json").open("wb") as stream:
            stream.writelines(bundle(self._resources(pieces)))

    def _resources(self, pieces: Sequence[Piece]) -> Iterator[tuple[str, bytes]]:
        for piece in pieces:
            with self.blobs.file(piece.owner, piece.raw_hash) as path:
                whole = Verbatim(RawFile(path).content)
            for place in piece.places:
                self.counts["fhir resources"] += 1
                yield _full_url(whole, place), whole.at(place)

    def _files(self, pieces: Sequence[Piece]) -> None:
        """Every other file byte for byte under its own name, with those that belong to it; a name that is taken goes
        into a folder of its own."""
        taken: set[str] = set()
        kept: set[tuple[str, str]] = set()
        for piece in pieces:
            self.counts["records in files"] += len(piece.places)
            if (piece.owner, piece.raw_hash) in kept:
                continue
            kept.add((piece.owner, piece.raw_hash))
            members = [(_plain(name), raw_hash) for name, raw_hash in ((piece.name, piece.raw_hash), *piece.companions)]
            room = _room([name for name, _ in members], taken)
            folder = self.folder / ("derived" if piece.format == "derived" else "files") / room
            folder.mkdir(parents=True, exist_ok=True)
            for name, raw_hash in members:
                self._copy(piece.owner, raw_hash, folder / name)

    def _copy(self, owner: str, raw_hash: str, target: Path) -> None:
        with self.blobs.file(owner, raw_hash) as path:
            shutil.copyfile(path, target)
        if file_hash(target) != raw_hash:
            raise DataError("a file came out other than it went in", got=target.name)
        self.counts["files"] += 1

    def _streams(self) -> None:
        for signal, rows in self.held.streams.items():
            folder = self.folder / "streams"
            folder.mkdir(exist_ok=True)
            rows.write_parquet(folder / f"{_UNSAFE.sub('_', signal)}.parquet")
            rows.write_csv(folder / f"{_UNSAFE.sub('_', signal)}.csv")
            self.counts["samples"] += rows.height

    def _derived(self) -> None:
        """What was not measured, marked so: never to be taken in again as if it were."""
        made = [one for one in self.held.facts if one.basis != "measured"]
        entries = ((f"urn:uuid:{one.id}", orjson.dumps(observation(one))) for one in made)
        (self.folder / "derived.json").write_bytes(b"".join(bundle(entries)))
        for one in self.held.facts:
            self.counts[f"{one.basis} facts"] += 1

    def _quarantine(self) -> None:
        self._table("quarantine.csv", self.held.quarantined)
        self.counts["quarantined"] = len(self.held.quarantined)
        self._bytes("quarantine", self.held.quarantined)

    def _learned(self) -> None:
        """What twins learned: summaries as a table, arrays as the npz files they are."""
        self._table("states.csv", self.held.states)
        self.counts["states"] = len(self.held.states)
        self._bytes("states", self.held.states)

    def _bytes(self, folder: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """The bytes that rows name, by hash."""
        for owner, raw_hash in sorted({(row["owner"], row["raw_hash"]) for row in rows if row["raw_hash"]}):
            (self.folder / folder).mkdir(exist_ok=True)
            (self.folder / folder / raw_hash).write_bytes(self.blobs.get(owner, raw_hash))

    def _table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            with (self.folder / name).open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

    def _manifest(self) -> dict[str, Any]:
        """Counts, hashes of every file, and the proof that nothing of the record is missing."""
        self.counts["audit rows"] = len(self.held.audit)
        came = sum(len(one.places) for one in self.held.pieces)
        out = self.counts["fhir resources"] + self.counts["records in files"]
        if out != came:
            raise DataError("the export does not balance with the record", got=f"{out} records", allowed=f"{came}")
        every = sorted(path for path in self.folder.rglob("*") if path.is_file())
        manifest = {
            "person": self.held.person,
            "made": to_datetime(now_ms()).isoformat(),
            "counts": dict(sorted(self.counts.items())),
            "kinds": dict(sorted(Counter(one.kind for one in self.held.facts).items())),
            "records": {"in the record": came, "in the export": out},
            "files": {str(path.relative_to(self.folder)): file_hash(path) for path in every},
        }
        (self.folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return manifest


def _full_url(whole: Verbatim, place: str) -> str:
    """The fullUrl of the entry that holds a resource; "" where it stood in no Bundle."""
    entry, found, _ = place.rpartition(".resource")
    if not found:
        return ""
    try:
        return str(orjson.loads(whole.at(f"{entry}.fullUrl")))
    except DataError:
        return ""


def _plain(origin: str) -> str:
    """The name of a file without folders, archives, or what a file system does not bear."""
    name = re.split(r"[!/\\]", origin)[-1]
    return _UNSAFE.sub("_", name).lstrip(".") or "file"


def _room(names: Sequence[str], taken: set[str]) -> str:
    """The first folder ("", "2", "3" …) in which none of the names is taken; takes them."""
    number = 1
    while any(f"{_folder(number)}/{name}" in taken for name in names):
        number += 1
    taken.update(f"{_folder(number)}/{name}" for name in names)
    return _folder(number)


def _folder(number: int) -> str:
    return "" if number == 1 else str(number)
