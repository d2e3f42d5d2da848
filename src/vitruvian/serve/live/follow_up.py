"""When to look what happened after an answer to an alert; the store holds times only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, delete, insert, select

from vitruvian.serve.live.alerts import Kept, alerts, kept_of
from vitruvian.serve.store import Store, metadata

follow_ups = Table(
    "alert_follow_up",
    metadata,
    Column("alert", String(32), primary_key=True),
    Column("since_ms", BigInteger, primary_key=True),
    Column("due_ms", BigInteger, nullable=False, index=True),
)


def look_later(store: Store, alert: str, since_ms: int, due_ms: int) -> None:
    """Look at `due_ms` what happened since."""
    with store.transaction() as connection:
        connection.execute(insert(follow_ups).values(alert=alert, since_ms=since_ms, due_ms=due_ms))


def due(store: Store, now: int) -> list[tuple[Kept, int]]:
    """Alerts at which it is time to look, each with the moment of the answer."""
    query = select(alerts, follow_ups.c.since_ms).join_from(alerts, follow_ups, alerts.c.alert == follow_ups.c.alert)
    with store.transaction() as connection:
        rows = connection.execute(query.where(follow_ups.c.due_ms <= now)).all()
    return [(kept_of(row), row.since_ms) for row in rows]


def finished(store: Store, alert: str, since_ms: int) -> None:
    """It was looked at."""
    mine = (follow_ups.c.alert == alert) & (follow_ups.c.since_ms == since_ms)
    with store.transaction() as connection:
        connection.execute(delete(follow_ups).where(mine))
