"""Browser sessions: a random cookie, of which the store keeps a hash; a new one whenever rights change."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Table, Text, delete, insert, select, update
from starlette.requests import HTTPConnection
from starlette.responses import Response

from vitruvian.core import now_ms
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.server import server_of
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
    Column("patient", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("purpose_until_ms", BigInteger),
)


@dataclass(frozen=True)
class Session:
    """One session; `csrf` must come back with every request that changes something."""

    id: str
    account: str
    purpose: str
    csrf: str
    patient: str | None = None
    """The one person whom it sees, while it breaks the glass."""
    until_ms: int | None = None
    """When the purpose ends, and the account's own comes back."""
    made_ms: int = 0
    seen_ms: int = 0


def begin(store: Store, account: str, purpose: str = "") -> str:
    """A new session; gives the value of its cookie."""
    secret, now = new_secret("se"), now_ms()
    with store.transaction() as connection:
        row = {"account": account, "purpose": purpose, "patient": "", "csrf": secrets.token_urlsafe(24)}
        connection.execute(insert(sessions).values(hash=hashed(secret), **row, made_ms=now, seen_ms=now))
    return secret


def change_purpose(
    store: Store, session: str, purpose: str, patient: str | None = None, until_ms: int | None = None
) -> str | None:
    """The cookie of a session in the place of another one, with another purpose; None where that one has ended."""
    secret = new_secret("se")
    values = {"hash": hashed(secret), "purpose": purpose, "patient": patient or "", "purpose_until_ms": until_ms}
    change = update(sessions).where(sessions.c.hash == session)
    with store.transaction() as connection:
        done = connection.execute(change.values(csrf=secrets.token_urlsafe(24), **values))
    return secret if done.rowcount else None


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
    return _session(row, now)


def sessions_of(store: Store, account: str) -> list[Session]:
    """The sessions of an account, newest first."""
    query = select(sessions).where(sessions.c.account == account).order_by(sessions.c.made_ms.desc())
    with store.transaction() as connection:
        return [_session(row, now_ms()) for row in connection.execute(query)]


def end(store: Store, secret: str) -> None:
    """Sign out."""
    with store.transaction() as connection:
        connection.execute(delete(sessions).where(sessions.c.hash == hashed(secret)))


def end_all(store: Store, account: str, but: str = "") -> None:
    """End all sessions of an account, but the one with this id."""
    with store.transaction() as connection:
        connection.execute(delete(sessions).where(sessions.c.account == account, sessions.c.hash != but))


def cookie_name(connection: HTTPConnection) -> str:
    """Over TLS a name that no other host, path or plain connection can set."""
    return f"__Host-{COOKIE}" if server_of(connection).settings.secure else COOKIE


def cookie_of(connection: HTTPConnection) -> str:
    """The cookie that came with a request, "" without one."""
    return connection.cookies.get(cookie_name(connection), "")


def give_cookie(connection: HTTPConnection, answer: Response, secret: str) -> None:
    """Let a browser keep a session."""
    secure = server_of(connection).settings.secure
    answer.set_cookie(cookie_name(connection), secret, httponly=True, samesite="lax", secure=secure, path="/")


def sign_in(connection: HTTPConnection, answer: Response, account: str) -> None:
    """A new session in the answer; the one that the browser had before has ended, whosever it was."""
    store = server_of(connection).store
    if before := cookie_of(connection):
        end(store, before)
    give_cookie(connection, answer, begin(store, account))


def _session(row: Row[Any], now: int) -> Session:
    over = row.purpose_until_ms is not None and row.purpose_until_ms <= now
    purpose, patient = ("", None) if over else (row.purpose, row.patient or None)
    until = None if over else row.purpose_until_ms
    return Session(row.hash, row.account, purpose, row.csrf, patient, until, row.made_ms, row.seen_ms)
