"""Which account somebody is whom a provider signs in; and ways to a provider that were begun."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text, delete, insert, select

from vitruvian.core import InputError, UnknownNameError, now_ms
from vitruvian.serve.identity.accounts import by_name
from vitruvian.serve.identity.openid import Person, Way
from vitruvian.serve.identity.seal import opened, sealed
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.server import Server
from vitruvian.serve.store import Store, metadata

connections = Table(
    "provider_connection",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("made_ms", BigInteger, nullable=False),
)
ways = Table(
    "provider_way",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("next", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_VALID_MS = 10 * 60_000


@dataclass(frozen=True)
class Begun:
    """A way that was begun; `account` is the one to connect, "" for signing in."""

    provider: str
    way: Way
    next: str
    account: str


def keep_way(server: Server, cookie: str, begun: Begun) -> None:
    """Keep a way until the browser with this cookie comes back."""
    told = orjson.dumps([begun.way.state, begun.way.nonce, begun.way.verifier]).decode()
    row = {"provider": begun.provider, "next": begun.next, "account": begun.account, "hash": hashed(cookie)}
    kept = sealed(server, "provider", row["hash"], told)
    with server.store.transaction() as connection:
        connection.execute(delete(ways).where(ways.c.until_ms < now_ms()))
        connection.execute(insert(ways).values(**row, sealed=kept, until_ms=now_ms() + _VALID_MS))


def taken_way(server: Server, cookie: str) -> Begun | None:
    """The way of a browser, once; None where there is none."""
    key = hashed(cookie)
    with server.store.transaction() as connection:
        row = connection.execute(delete(ways).where(ways.c.hash == key).returning(*ways.c)).first()
    if row is None or row.until_ms < now_ms():
        return None
    state, nonce, verifier = orjson.loads(opened(server, "provider", key, row.sealed))
    return Begun(row.provider, Way("", state, nonce, verifier), row.next, row.account)


def connected_account(store: Store, person: Person) -> str | None:
    """The account of somebody: the one connected, else the one whose name is the e-mail address they proved to own."""
    mine = (connections.c.issuer == person.issuer) & (connections.c.subject == person.subject)
    with store.transaction() as connection:
        found = connection.execute(select(connections.c.account).where(mine)).scalar()
    if found is not None:
        return str(found)
    named = by_name(store, person.email) if "@" in person.email else None
    return named.id if named is not None else None


def connect(store: Store, account: str, person: Person) -> None:
    """Let somebody sign in as an account. Raises `InputError` where they are another account's."""
    key = (connections.c.issuer == person.issuer) & (connections.c.subject == person.subject)
    with store.transaction() as connection:
        found = connection.execute(select(connections.c.account).where(key)).scalar()
        if found == account:
            return
        if found is not None:
            raise InputError("this identity is connected to another account", todo="Disconnect it there first.")
        row = {"issuer": person.issuer, "subject": person.subject, "account": account, "made_ms": now_ms()}
        connection.execute(insert(connections).values(**row))


def connected_issuers(store: Store, account: str) -> list[str]:
    """Issuers by which an account can sign in."""
    query = select(connections.c.issuer).where(connections.c.account == account).order_by(connections.c.issuer)
    with store.transaction() as connection:
        return list(connection.execute(query).scalars())


def disconnect(store: Store, account: str, issuer: str) -> None:
    """An issuer does not sign this account in any more. Raises `UnknownNameError`."""
    mine = (connections.c.account == account) & (connections.c.issuer == issuer)
    with store.transaction() as connection:
        if connection.execute(delete(connections).where(mine)).rowcount == 0:
            raise UnknownNameError("no such provider is connected", got=repr(issuer))


def drop_connections(store: Store, account: str) -> None:
    """No provider signs this account in any more."""
    with store.transaction() as connection:
        connection.execute(delete(connections).where(connections.c.account == account))
