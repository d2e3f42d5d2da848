"""Browser sessions: a random cookie, of which the store keeps a hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select, update

from vitruvian.core import now_ms
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.store import Store, metadata

COOKIE = "vitruvian_session"
_IDLE_MS = 30 * 60_000
_LONGEST_MS = 12 * 3_600_000
_TOUCH_MS = 60_000

sessions = Table(
    "session",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)


@dataclass(frozen=True)
class Session:
    """One session; `csrf` must come back with every request that changes something."""

    id: str
    account: str
    purpose: str
    csrf: str


def begin(store: Store, account: str, purpose: str = "") -> str:
    """A new session; gives the value of its cookie."""
    secret, now = new_secret("se"), now_ms()
    row = {"account": account, "purpose": purpose, "csrf": secrets.token_urlsafe(24), "made_ms": now, "seen_ms": now}
    with store.transaction() as connection:
        connection.execute(insert(sessions).values(hash=hashed(secret), **row))
    return secret


def session_of(store: Store, secret: str) -> Session | None:
    """The session of a cookie, if it is in use and not too old."""
    now = now_ms()
    with store.transaction() as connection:
        row = connection.execute(select(sessions).where(sessions.c.hash == hashed(secret))).first()
        if row is None:
            return None
        if now - row.seen_ms > _IDLE_MS or now - row.made_ms > _LONGEST_MS:
            connection.execute(delete(sessions).where(sessions.c.hash == row.hash))
            return None
        if now - row.seen_ms > _TOUCH_MS:
            connection.execute(update(sessions).where(sessions.c.hash == row.hash).values(seen_ms=now))
    return Session(row.hash, row.account, row.purpose, row.csrf)


def end(store: Store, secret: str) -> None:
    """Sign out."""
    with store.transaction() as connection:
        connection.execute(delete(sessions).where(sessions.c.hash == hashed(secret)))
