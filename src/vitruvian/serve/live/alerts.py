"""Alerts in the server's store: who, what kind, when, in which state. Values and reasons are facts in the record.

Of one person, signal and kind there is one alert that is not over (`slot`). States: open, acknowledged, snoozed, over.
An alert that nobody acknowledged in time is escalated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vitruvian.core import InputError, UnknownNameError, now_ms, stable_id
from vitruvian.serve.store import Store, metadata
from vitruvian.twin.monitor import Alert, Kind, Over

alerts = Table(
    "alert",
    metadata,
    Column("alert", String(32), primary_key=True),
    Column("slot", String(32), nullable=False, unique=True),
    Column("person", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("signal", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("began_ms", BigInteger, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
    Column("acknowledged_ms", BigInteger),
    Column("acknowledged_by", Text),
    Column("escalated_ms", BigInteger),
    Column("snoozed_until_ms", BigInteger),
    Column("over_ms", BigInteger),
    Column("fact", Text),
)
MINUTE = 60_000
ESCALATE_MS: Mapping[str, int] = MappingProxyType({"urgent": 5 * MINUTE, "warning": 30 * MINUTE})
"""How long an alert may wait for somebody before it is escalated, by severity; technical ones are not."""
LONGEST_SNOOZE_MIN = 240
RANK: Mapping[str, int] = MappingProxyType({"urgent": 0, "warning": 1, "technical": 2})


@dataclass(frozen=True)
class Kept:
    """One alert as the store has it; times in ms since 1970 UTC."""

    id: str
    person: str
    subject: str
    signal: str
    kind: Kind
    severity: str
    state: str
    began_ms: int
    raised_ms: int
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    escalated_ms: int | None = None
    snoozed_until_ms: int | None = None
    over_ms: int | None = None
    fact: str | None = None

    @property
    def calls(self) -> bool:
        """Whether it calls for somebody now."""
        return self.state == "open"

    @property
    def order(self) -> tuple[int, int, int]:
        """Who needs attention first: what calls, escalated before others, by severity, oldest first."""
        return (0 if self.calls else 1, RANK[self.severity] - (10 if self.escalated_ms and self.calls else 0),
                self.raised_ms)  # fmt: skip


def raised(store: Store, person: str, subject: str, one: Alert) -> Kept | None:
    """Keep an alert; None where the same is there already (another process, or a replay after a restart)."""
    slot = stable_id(person, one.signal, one.kind)
    key = stable_id(slot, str(one.began_ms))
    kept = Kept(key, person, subject, one.signal, one.kind, one.severity, "open", one.began_ms, one.raised_ms)
    values = {name: value for name, value in vars(kept).items() if name != "id"} | {"alert": key, "slot": slot}
    with store.transaction() as connection:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        done = connection.execute(insert(alerts).values(**values).on_conflict_do_nothing())
    return kept if done.rowcount else None


def over(store: Store, person: str, one: Over) -> None:
    """What an alert was raised for is no longer so."""
    slot = stable_id(person, one.signal, one.kind)
    with store.transaction() as connection:
        end = {"state": "over", "over_ms": one.at_ms, "slot": alerts.c.alert}
        connection.execute(update(alerts).where(alerts.c.slot == slot).values(**end))


def told(store: Store, alert: str, fact: str) -> None:
    """Note which fact says what the alert is about."""
    with store.transaction() as connection:
        connection.execute(update(alerts).where(alerts.c.alert == alert).values(fact=fact))


def current(store: Store) -> list[Kept]:
    """All alerts that are not over, what needs attention first; snoozes that have ended call again."""
    with store.transaction() as connection:
        _wake(connection)
        rows = connection.execute(select(alerts).where(alerts.c.state != "over")).all()
    return sorted(map(kept_of, rows), key=lambda one: one.order)


def find(store: Store, alert: str) -> Kept:
    """An alert; raises `UnknownNameError`."""
    with store.transaction() as connection:
        row = connection.execute(select(alerts).where(alerts.c.alert == alert)).first()
    if row is None:
        raise absent(alert)
    return kept_of(row)


def absent(alert: str) -> UnknownNameError:
    """The error of an alert that is not there, or may not be seen."""
    return UnknownNameError("no such alert", got=repr(alert))


def acknowledge(store: Store, one: Kept, by: str) -> Kept:
    """Somebody looks at it: it calls no more."""
    return _changed(store, one, state="acknowledged", acknowledged_ms=now_ms(), acknowledged_by=by)


def snooze(store: Store, one: Kept, minutes: float) -> Kept:
    """It does not call for some minutes. Raises `InputError`."""
    if not 0 < minutes <= LONGEST_SNOOZE_MIN:
        raise InputError("not a time to snooze", got=f"{minutes:g} min", allowed=f"up to {LONGEST_SNOOZE_MIN} min")
    return _changed(store, one, state="snoozed", snoozed_until_ms=now_ms() + round(minutes * MINUTE))


def escalate(store: Store, now: int) -> int:
    """Escalate what nobody acknowledged in time; gives how many."""
    count = 0
    with store.transaction() as connection:
        _wake(connection)
        for severity, wait in ESCALATE_MS.items():
            due = (alerts.c.state == "open") & (alerts.c.severity == severity) & alerts.c.escalated_ms.is_(None)
            late = update(alerts).where(due, alerts.c.raised_ms <= now - wait).values(escalated_ms=now)
            count += connection.execute(late).rowcount
    return count


def _wake(connection: Connection) -> None:
    ended = (alerts.c.state == "snoozed") & (alerts.c.snoozed_until_ms <= now_ms())
    connection.execute(update(alerts).where(ended).values(state="open"))


def _changed(store: Store, one: Kept, **values: object) -> Kept:
    with store.transaction() as connection:
        live = (alerts.c.alert == one.id) & (alerts.c.state != "over")
        if not connection.execute(update(alerts).where(live).values(**values)).rowcount:
            raise InputError("the alert is over", got=one.id)
        return kept_of(connection.execute(select(alerts).where(alerts.c.alert == one.id)).one())


def kept_of(row: Row[Any]) -> Kept:
    """A row of the table."""
    names = (column.name for column in alerts.c if column.name not in ("alert", "slot"))
    return Kept(str(row.alert), **{name: row._mapping[name] for name in names})
