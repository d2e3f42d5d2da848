"""Reading one person: facts by kind, code and time, measurements with the samples of streams, days, a timeline.

Every call is one read through the record's gate: it is decided by role, purpose and consent, and audited once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, and_, bindparam, exists, or_, select

from vitruvian.core import DataError, UnknownNameError, to_ms
from vitruvian.record import schema
from vitruvian.record.fact import VOID_STATUS, Fact
from vitruvian.record.fact_rows import open_fact
from vitruvian.record.statements import one_of
from vitruvian.record.streams import chunks_of, read_samples
from vitruvian.record.views import Kind, fact_table, given_as, sample_table, signals_of, united
from vitruvian.tables.codes import analytes, codes_of
from vitruvian.tables.signals import Signal, signals

if TYPE_CHECKING:
    import polars as pl

    from vitruvian.record.record import Record

Moment = datetime | str


@dataclass(frozen=True)
class Patient:
    """One person of a record; `id` is the person's id, `subjects` the ids that sources use for them."""

    record: Record
    id: str
    subjects: tuple[str, ...]

    def facts(
        self,
        kind: str | None = None,
        code: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        known_by: Moment | None = None,
        void: bool = False,
    ) -> list[Fact]:
        """Facts in order of start (those without one first).

        `code` is a code ("2160-0") or a name of `tables/codes` ("creatinine", "warfarin": all its codes). `since` and
        `until` bound the start, both included. `known_by` reads the past: only versions known then. Entered-in-error
        facts are left out unless `void`; flagged facts are included (see `Fact.trusted`).
        """
        asked = _Asked.of(since, until, known_by)
        query = self._fact_query(asked, kind, None if code is None else _pairs(code))
        (rows,) = self._read({"kind": kind, "code": code} | asked.said, query)
        return [fact for fact in self._facts(rows, asked) if void or fact.status not in VOID_STATUS]

    def latest(self, code: str, *, until: Moment | None = None) -> Fact | None:
        """The newest trusted fact of `code` with a value; a doubtful or future-dated fact never hides it."""
        for one in reversed(self.facts(code=code, until=until)):
            if one.trusted and not (one.value is None and one.value_code is None and one.value_text is None):
                return one
        return None

    def resource(self, fact: Fact) -> Any:
        """The source record behind a fact, exactly as received (JSON formats)."""
        return self.record.source(fact)

    def observations(
        self,
        name: str,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        known_by: Moment | None = None,
        sources: Sequence[str] = (),
        as_: Kind = "polars",
    ) -> Any:
        """Measurements of one kind as a table (`views.columns`): facts and samples, in order of start.

        `name` is a code, a name of `tables/codes` ("glucose") or a signal ("heart_rate"). A sample is known when it
        ends. `sources` keeps rows whose source holds one of these words. Doubtful rows stay, with their `flags`.
        """
        asked = _Asked.of(since, until, known_by)
        names = signals_of(name)
        pairs = [*_pairs(name), *(("", known.loinc) for one in names if (known := signals().get(one)) and known.loinc)]
        streams = self._streams(names, asked.since, asked.until)
        detail = {"observations": name} | asked.said
        rows, chunks = self._read(detail, self._fact_query(asked, "observation", pairs), streams)
        rows = rows if asked.known_by is None else _newest(rows)
        rows = [row for row in rows if row.status not in VOID_STATUS]
        samples = self._samples(chunks, asked, streams)
        tables = [fact_table(rows, self.record.keys), *(sample_table(*pair) for pair in samples.items())]
        return given_as(_of_sources(_found(united(tables), name), sources), as_)

    def samples(
        self, signal: str, since: Moment | None = None, until: Moment | None = None, *, as_: Kind = "polars"
    ) -> Any:
        """Samples of one signal of `tables/signals` as a table (`views.columns`), of all sources, in order of start."""
        asked = _Asked.of(since, until, None)
        streams = self._streams((signal,), asked.since, asked.until)
        (chunks,) = self._read({"samples": signal} | asked.said, streams)
        tables = [sample_table(*pair) for pair in self._samples(chunks, asked, streams).items()]
        return given_as(_found(united(tables), signal), as_)

    def daily(
        self,
        signal: str,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        priority: Sequence[str] = (),
        as_: Kind = "polars",
    ) -> Any:
        """A signal by the days that the person lived (see `days`): local dates, several sources never counted twice.

        `priority` names sources (or parts of their names), the one that counts first; by default worn devices before
        phones before others.
        """
        from vitruvian.record.days import days

        asked = _Asked.of(since, until, None)
        streams = self._streams((signal,), asked.since, asked.until)
        (chunks,) = self._read({"daily": signal} | asked.said, streams)
        samples = self._samples(chunks, asked, streams).get(signal)
        if samples is None:
            samples = _found(read_samples(self.record.blobs, ()), signal)
        return given_as(days(samples, _signal(signal), priority), as_)

    def signals(self) -> list[str]:
        """Names of the signals of which there are samples."""
        (chunks,) = self._read({"signals": True}, self._streams(()))
        return sorted({one.signal for one in chunks})

    def newest_samples(self) -> dict[str, tuple[dict[str, Any], int]]:
        """Of each signal the newest sample that nothing speaks against (a row as `samples` gives them), and how many
        samples there are; one chunk of each is opened, or a few where the newest are doubtful."""
        streams = self._streams(())
        (chunks,) = self._read({"newest": True}, streams)
        try:
            return self._newest(chunks)
        except DataError:  # an ingest joined chunks meanwhile
            (chunks,) = self._read({"again": True}, streams)
            return self._newest(chunks)

    def _newest(self, chunks: Sequence[Row[Any]]) -> dict[str, tuple[dict[str, Any], int]]:
        import polars as pl

        found: dict[str, tuple[dict[str, Any], int]] = {}
        for signal in sorted({one.signal for one in chunks}):
            mine = sorted((one for one in chunks if one.signal == signal), key=lambda one: -one.last_ms)
            best: dict[str, Any] | None = None
            for chunk in mine:
                if best is not None and chunk.last_ms < to_ms(best["start"]):
                    break
                table = sample_table(signal, read_samples(self.record.blobs, [chunk]))
                trusted = table.filter(pl.col("flags").is_in(["", "no_offset"]))
                last = trusted.row(-1, named=True) if trusted.height else None
                if last is not None and (best is None or last["start"] > best["start"]):
                    best = last
            if best is not None:
                found[signal] = (best, sum(one.rows for one in mine))
        return found

    def timeline(self, since: Moment | None = None, until: Moment | None = None) -> list[Fact]:
        """Everything that has a start, in order: facts, and a fact of kind "day" for each day of a signal."""
        from vitruvian.record.day_facts import day_facts
        from vitruvian.record.days import days

        asked = _Asked.of(since, until, None)
        streams = self._streams((), asked.since, asked.until)
        rows, chunks = self._read({"timeline": True} | asked.said, self._fact_query(asked, None, None), streams)
        found = [fact for fact in self._facts(rows, asked) if fact.start_ms is not None]
        found = [fact for fact in found if fact.status not in VOID_STATUS]
        for name, samples in self._samples(chunks, asked, streams).items():
            found += day_facts(self.id, name, days(samples, _signal(name)))
        return sorted(found, key=lambda one: one.start_ms or 0)

    # -- one gate -------------------------------------------------------------------------------------------------

    def _read(self, detail: Mapping[str, Any], *queries: Any) -> list[Sequence[Row[Any]]]:
        return self.record._reads(self.id, detail, queries)

    def _streams(self, names: Sequence[str], first: int | None = None, last: int | None = None) -> Any:
        """Statement and values of the chunks of some signals (all for ()); what waits in the journal becomes one."""
        self.record.seal_samples(self.subjects)
        return chunks_of(self.subjects, names, first, last)

    def _fact_query(self, asked: _Asked, kind: str | None, pairs: Sequence[tuple[str, str]] | None) -> Any:
        """Statement and values: a statement is made once for each shape of question."""
        pairs = pairs or ()
        values = {f"subject{k}": one for k, one in enumerate(self.subjects)}
        values |= {f"code{k}": code for k, (_, code) in enumerate(pairs)}
        values |= {f"system{k}": system for k, (system, _) in enumerate(pairs) if system}
        given = {"kind": kind, "since": asked.since, "until": asked.until, "known_by": asked.known_by}
        bounds = {name: one for name, one in given.items() if one is not None}
        systems = tuple(bool(system) for system, _ in pairs)
        return _fact_statement(len(self.subjects), systems, frozenset(bounds)), values | bounds

    def _facts(self, rows: Sequence[Row[Any]], asked: _Asked) -> list[Fact]:
        if asked.known_by is not None:
            rows = _newest(rows)
        keys = self.record.keys
        ciphers = {one: keys.cipher(one) for one in {row.subject for row in rows}}
        return [open_fact(row, self.id, ciphers[row.subject]) for row in rows]

    def _samples(self, chunks: Sequence[Row[Any]], asked: _Asked, query: Any) -> dict[str, pl.DataFrame]:
        """Samples by signal; where an ingest joined chunks meanwhile, `query` finds what they became."""
        try:
            return self._opened(chunks, asked)
        except DataError:
            (chunks,) = self._read({"again": True}, query)
            return self._opened(chunks, asked)

    def _opened(self, chunks: Sequence[Row[Any]], asked: _Asked) -> dict[str, pl.DataFrame]:
        import polars as pl

        found: dict[str, pl.DataFrame] = {}
        for signal in dict.fromkeys(one.signal for one in chunks):
            mine = [one for one in chunks if one.signal == signal]
            samples = read_samples(self.record.blobs, mine, asked.since, asked.until)
            found[signal] = samples if asked.known_by is None else samples.filter(pl.col("end") <= asked.known_by)
        return found


@dataclass(frozen=True)
class _Asked:
    """Bounds of a read in milliseconds, and as they were said."""

    since: int | None
    until: int | None
    known_by: int | None
    said: dict[str, Any]

    @classmethod
    def of(cls, since: Moment | None, until: Moment | None, known_by: Moment | None) -> _Asked:
        bounds = {"since": since, "until": until, "known_by": known_by}
        said: dict[str, Any] = {name: None if one is None else str(one) for name, one in bounds.items()}
        moments = {name: None if one is None else to_ms(one) for name, one in bounds.items()}
        return cls(moments["since"], moments["until"], moments["known_by"], said)


def _signal(name: str) -> Signal:
    """The signal of the table, or one that is only kept (its days are means)."""
    return signals().get(name) or Signal(name, "", name, "", "mean", float("-inf"), float("inf"), "not in the tables")


def _pairs(code: str) -> list[tuple[str, str]]:
    """(system, code) that a code or name means; system "" for any."""
    return [("", code), *codes_of(code)]


def _found(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table; raises `UnknownNameError` where it is empty because `name` is neither a code nor known by a table."""
    if table.height or any(one.isdigit() for one in name) or name in signals() or codes_of(name):
        return table
    names = [*signals(), *(one.name for one in analytes().values())]
    near = get_close_matches(name.lower(), names, 3, 0.5)
    todo = "Give a code (LOINC), a signal, or a name of tables/codes."
    raise UnknownNameError("no measurement is called so", got=name, allowed=", ".join(near) or None, todo=todo)


def _of_sources(table: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    if not sources:
        return table
    lowered = pl.col("source").str.to_lowercase()
    return table.filter(pl.any_horizontal([lowered.str.contains(one.lower(), literal=True) for one in sources]))


@lru_cache(maxsize=256)
def _fact_statement(subjects: int, systems: tuple[bool, ...], bounds: frozenset[str]) -> Any:
    """Facts of so many subjects; of codes, each with its system or of any; within bounds (kind, since …).

    Of the newest version of each source record; with "known_by" of all versions known then, and which is newest.
    """
    fact, prov = schema.fact, schema.provenance
    columns: list[Any] = [fact, prov.c.raw_hash, prov.c.parser]
    joined = fact.join(prov, prov.c.prov == fact.c.prov)
    if "known_by" in bounds:
        version = schema.resource
        joined = joined.join(version, version.c.resource == fact.c.resource)
        columns += [version.c.line]
    else:
        joined = joined.join(schema.head, schema.head.c.resource == fact.c.resource)
    limits = {
        "kind": fact.c.kind == bindparam("kind"),
        "since": fact.c.start_ms >= bindparam("since"),
        "until": fact.c.start_ms <= bindparam("until"),
        "known_by": fact.c.known_ms <= bindparam("known_by"),
    }
    where = [limits[name] for name in sorted(bounds)]
    codes = [
        and_(fact.c.code == bindparam(f"code{k}"), *([fact.c.system == bindparam(f"system{k}")] if named else []))
        for k, named in enumerate(systems)
    ]
    query = select(*columns).select_from(joined).where(one_of(fact.c.subject, "subject", subjects), *where)
    query = query.where(or_(*codes)) if codes else query
    query = query.where(~_known_later()) if "known_by" in bounds else query
    return query.order_by(fact.c.start_ms.nulls_first(), fact.c.known_ms, fact.c.fact)


def _known_later() -> Any:
    """Whether the source had said something later of the same record by then, whatever that was of: a corrected code
    or date takes the old one away."""
    this, other = schema.resource, schema.resource.alias()
    later = or_(
        this.c.known_ms.is_(None),
        this.c.known_ms > bindparam("known_by"),
        this.c.known_ms < other.c.known_ms,
        and_(this.c.known_ms == other.c.known_ms, this.c.resource < other.c.resource),
    )
    return exists().where(other.c.line == this.c.line, other.c.known_ms <= bindparam("known_by"), later).correlate(this)


def _newest(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Of each source record only the version that was known last."""
    best: dict[str, tuple[int, str]] = {}
    for row in rows:
        best[row.line] = max(best.get(row.line, (-1, "")), (row.known_ms or 0, row.resource))
    return [row for row in rows if best[row.line][1] == row.resource]
