"""The audit, read: who did what to whose data, and when; a part of it at a time, cut by the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select, tuple_

from vitruvian.core import to_datetime
from vitruvian.record.schema import audit

AuditKey = tuple[int, int, int]
"""Where a row stands in the order of time: moment (ms), shard, number."""
_ORDER = (audit.c.at_ms, audit.c.shard, audit.c.seq)


@dataclass(frozen=True)
class AuditEntry:
    """One row of the audit; `person` is a pseudonym, "" where a row is about nobody or about many."""

    shard: int
    seq: int
    at_ms: int
    actor: str
    purpose: str
    action: str
    person: str
    detail: str

    @property
    def at(self) -> str:
        """When, as text (UTC)."""
        return to_datetime(self.at_ms).isoformat(timespec="seconds")

    @property
    def key(self) -> AuditKey:
        """Where it stands."""
        return self.at_ms, self.shard, self.seq


@dataclass(frozen=True)
class AuditPart:
    """Which rows: about some people (their pseudonyms), by one actor, of one action, from a moment on (ms); behind a
    row in order of time, at most so many; with `newest` from the end backwards."""

    people: Sequence[str] | None = None
    actor: str | None = None
    action: str | None = None
    since: int | None = None
    after: AuditKey | None = None
    limit: int | None = None
    newest: bool = False


def audit_entries(connection: Connection, part: AuditPart) -> list[AuditEntry]:
    """Rows in the order asked for."""
    columns = [audit.c[name] for name in AuditEntry.__dataclass_fields__]
    query = _those(select(*columns), part).order_by(*(one.desc() if part.newest else one for one in _ORDER))
    if part.after is not None:
        place = tuple_(*_ORDER)
        query = query.where(place < part.after if part.newest else place > part.after)
    return [AuditEntry(*row) for row in connection.execute(query.limit(part.limit))]


def audit_counts(connection: Connection, part: AuditPart) -> dict[str, int]:
    """How many rows there are of each action, whatever page is asked for."""
    query = _those(select(audit.c.action, func.count()), part).group_by(audit.c.action).order_by(audit.c.action)
    return {action: int(count) for action, count in connection.execute(query)}


def _those(query: Select[Any], part: AuditPart) -> Select[Any]:
    if part.people is not None:
        query = query.where(audit.c.person.in_(part.people))
    if part.actor is not None:
        query = query.where(audit.c.actor == part.actor)
    if part.action is not None:
        query = query.where(audit.c.action == part.action)
    if part.since is not None:
        query = query.where(audit.c.at_ms >= part.since)
    return query
