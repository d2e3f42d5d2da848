"""Broken glass: who, whom, until when and why. Person and reason are sealed: the store says nothing of anybody."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text, insert, select

from vitruvian.core import now_ms
from vitruvian.serve.identity.seal import opened, sealed
from vitruvian.serve.server import Server
from vitruvian.serve.store import metadata

emergencies = Table(
    "emergency",
    metadata,
    Column("emergency", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)


@dataclass(frozen=True)
class Emergency:
    """One time that the glass was broken."""

    account: str
    person: str
    reason: str
    at_ms: int
    until_ms: int


def keep_emergency(server: Server, account: str, person: str, reason: str, until_ms: int) -> None:
    """Keep it for those who audit."""
    key = secrets.token_hex(8)
    row = {"emergency": key, "account": account, "at_ms": now_ms(), "until_ms": until_ms}
    kept = sealed(server, f"emergency:{key}", account, f"{person}\n{reason}")
    with server.store.transaction() as connection:
        connection.execute(insert(emergencies).values(**row, sealed=kept))


def all_emergencies(server: Server) -> list[Emergency]:
    """Every one, newest first."""
    with server.store.transaction() as connection:
        rows = connection.execute(select(emergencies).order_by(emergencies.c.at_ms.desc())).all()
    found = []
    for row in rows:
        person, _, reason = opened(server, f"emergency:{row.emergency}", row.account, row.sealed).partition("\n")
        found.append(Emergency(row.account, person, reason, row.at_ms, row.until_ms))
    return found
