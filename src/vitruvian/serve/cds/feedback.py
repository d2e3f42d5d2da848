"""What became of cards: accepted or overridden, and by which reason. No patient, drug or word of anybody is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Table, Text, func, insert, select, update

from vitruvian.core import now_ms
from vitruvian.serve.cds.hook import BadCall, Json
from vitruvian.serve.store import Store, metadata

cards = Table(
    "cds_card",
    metadata,
    Column("card", Text, primary_key=True),
    Column("service", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("weight", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
_OUTCOMES = ("accepted", "overridden")
_MOST = 100


def remember(store: Store, service: str, account: str, made: Iterable[Json]) -> None:
    """Note that cards were shown."""
    rows = [
        {"card": one["uuid"], "service": service, "topic": one["source"]["topic"]["code"], "weight": one["indicator"],
         "account": account, "made_ms": now_ms(), "outcome": "", "reason": ""}
        for one in made
    ]  # fmt: skip
    if rows:
        with store.transaction() as connection:
            connection.execute(insert(cards), rows)


def take_feedback(store: Store, service: str, account: str, body: Json) -> int:
    """Note outcomes of cards of this caller; gives how many are known. Raises `BadCall`."""
    told = body.get("feedback")
    if not isinstance(told, list) or not told or len(told) > _MOST:
        raise BadCall("feedback is no list of outcomes", allowed=f"1 to {_MOST}")
    rows = [_row(one) for one in told]
    mine = (cards.c.service == service) & (cards.c.account == account)
    with store.transaction() as connection:
        changed = [
            connection.execute(update(cards).where(mine, cards.c.card == card).values(outcome=outcome, reason=reason))
            for card, outcome, reason in rows
        ]
    return sum(one.rowcount for one in changed)


def outcomes(store: Store) -> list[dict[str, Any]]:
    """How many cards of each service, topic and weight were shown, accepted, and overridden, by reason."""
    columns = (cards.c.service, cards.c.topic, cards.c.weight, cards.c.outcome, cards.c.reason)
    query = select(*columns, func.count().label("cards")).group_by(*columns).order_by(*columns)
    with store.transaction() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def _row(one: Any) -> tuple[str, str, str]:
    card, outcome = (one.get("card"), one.get("outcome")) if isinstance(one, dict) else (None, None)
    if not isinstance(card, str) or outcome not in _OUTCOMES:
        raise BadCall("an outcome names no card, or is none", allowed=", ".join(_OUTCOMES))
    why = one.get("overrideReason") or {}
    reason = (why.get("reason") or {}) if isinstance(why, dict) else {}
    code = reason.get("code") if isinstance(reason, dict) else ""
    return card, str(outcome), str(code or "")[:40]
