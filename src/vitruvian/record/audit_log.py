"""The audit, read: who did what to whose data, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from vitruvian.core import to_datetime
from vitruvian.record.schema import audit


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


def audit_entries(
    connection: Connection, people: Sequence[str] | None = None, actor: str | None = None, since: int | None = None
) -> list[AuditEntry]:
    """Rows in order of time: about some people (their pseudonyms), by one actor, from a moment on."""
    columns = [audit.c[name] for name in AuditEntry.__dataclass_fields__]
    query = select(*columns).order_by(audit.c.at_ms, audit.c.shard, audit.c.seq)
    if people is not None:
        query = query.where(audit.c.person.in_(people))
    if actor is not None:
        query = query.where(audit.c.actor == actor)
    if since is not None:
        query = query.where(audit.c.at_ms >= since)
    return [AuditEntry(*row) for row in connection.execute(query)]
