"""Reading one person: facts by kind, code and time; every read is audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, and_, or_, select

from vitruvian.core import to_ms
from vitruvian.record import schema
from vitruvian.record.fact import VOID_STATUS, Fact
from vitruvian.record.fact_rows import open_fact
from vitruvian.tables.codes import codes_of

if TYPE_CHECKING:
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
        where: list[ColumnElement[bool]] = [schema.fact.c.subject.in_(self.subjects)]
        if kind is not None:
            where.append(schema.fact.c.kind == kind)
        if code is not None:
            where.append(_matches(code))
        if since is not None:
            where.append(schema.fact.c.start_ms >= to_ms(since))
        if until is not None:
            where.append(schema.fact.c.start_ms <= to_ms(until))
        detail = {"kind": kind, "code": code, "since": _text(since), "until": _text(until), "known_by": _text(known_by)}
        rows = self.record._read(self.id, detail, _query(where, None if known_by is None else to_ms(known_by)))
        rows = rows if known_by is None else _newest(rows)
        facts = [open_fact(row, self.id, self.record.keys.cipher(row.subject)) for row in rows]
        return [one for one in facts if void or one.status not in VOID_STATUS]

    def latest(self, code: str, *, until: Moment | None = None) -> Fact | None:
        """The newest trusted fact of `code` with a value; a doubtful or future-dated fact never hides it."""
        for one in reversed(self.facts(code=code, until=until)):
            if one.trusted and not (one.value is None and one.value_code is None and one.value_text is None):
                return one
        return None

    def resource(self, fact: Fact) -> Any:
        """The source record behind a fact, exactly as received (JSON formats)."""
        return self.record.source(fact)

    def timeline(self) -> list[Fact]:
        """Every fact that has a start, in order."""
        return [one for one in self.facts() if one.start_ms is not None]


def _matches(code: str) -> ColumnElement[bool]:
    pairs = codes_of(code)
    if not pairs:
        return schema.fact.c.code == code
    exact = [and_(schema.fact.c.system == system, schema.fact.c.code == one) for system, one in pairs]
    return or_(schema.fact.c.code == code, *exact)


def _query(where: Sequence[ColumnElement[bool]], known_by: int | None) -> Any:
    fact, prov = schema.fact, schema.provenance
    columns: list[Any] = [fact, prov.c.raw_hash, prov.c.parser]
    joined = fact.join(prov, prov.c.prov == fact.c.prov)
    if known_by is None:
        joined = joined.join(schema.head, schema.head.c.resource == fact.c.resource)
        query = select(*columns).select_from(joined)
    else:
        version = schema.resource
        joined = joined.join(version, version.c.resource == fact.c.resource)
        query = select(*columns, version.c.line, version.c.version.label("rank")).select_from(joined)
        query = query.where(fact.c.known_ms <= known_by)
    return query.where(*where).order_by(fact.c.start_ms.nulls_first(), fact.c.known_ms, fact.c.fact)


def _newest(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Of each source record only the version that was known last."""
    best: dict[str, tuple[int, str]] = {}
    for row in rows:
        best[row.line] = max(best.get(row.line, (-1, "")), (row.known_ms or 0, row.resource))
    return [row for row in rows if best[row.line][1] == row.resource]


def _text(moment: Moment | None) -> str | None:
    return None if moment is None else str(moment)
