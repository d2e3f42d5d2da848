"""One-time sign-in links: printed at the start, or given to somebody by an administrator."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select

from vitruvian.core import now_ms
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.store import Store, metadata

links = Table(
    "sign_in_link",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_VALID_MS = 15 * 60_000


def sign_in_link(store: Store, url: str, account: str) -> str:
    """A link that signs an account in once, within a quarter of an hour."""
    secret = new_secret("in")
    with store.transaction() as connection:
        connection.execute(insert(links).values(hash=hashed(secret), account=account, until_ms=now_ms() + _VALID_MS))
    return f"{url}/sign-in/once?key={secret}"


def account_of_link(store: Store, secret: str) -> str | None:
    """The account of a link that is valid and not used yet; it stays so."""
    query = select(links.c.account).where(links.c.hash == hashed(secret), links.c.until_ms >= now_ms())
    with store.transaction() as connection:
        found = connection.execute(query).scalar()
    return str(found) if found is not None else None


def redeemed(store: Store, secret: str) -> str | None:
    """The account of a link that is used now for the first time; None where it is not valid."""
    taken = delete(links).where(links.c.hash == hashed(secret)).returning(links.c.account, links.c.until_ms)
    with store.transaction() as connection:
        row = connection.execute(taken).first()  # one statement: of two at once, one gets it
        connection.execute(delete(links).where(links.c.until_ms < now_ms()))
    return row.account if row is not None and row.until_ms >= now_ms() else None


def drop_links(store: Store, account: str) -> None:
    """Links of an account that were not used yet are not valid any more."""
    with store.transaction() as connection:
        connection.execute(delete(links).where(links.c.account == account))
