"""A launch from a patient's page: the context that an application brings back with its request, once."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select

from vitruvian.core import now_ms
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.store import Store, metadata

launches = Table(
    "launch",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_VALID_MS = 10 * 60_000


def new_launch(store: Store, account: str, client: str, patient: str) -> str:
    """The value of `launch` for one account, application and patient."""
    secret = new_secret("la")
    row = {"account": account, "client": client, "patient": patient, "until_ms": now_ms() + _VALID_MS}
    with store.transaction() as connection:
        connection.execute(delete(launches).where(launches.c.until_ms < now_ms()))
        connection.execute(insert(launches).values(hash=hashed(secret), **row))
    return secret


def launched_patient(store: Store, secret: str, account: str, client: str) -> str | None:
    """The patient of a launch of this account and application; None where there is none."""
    query = select(launches).where(launches.c.hash == hashed(secret), launches.c.until_ms >= now_ms())
    with store.transaction() as connection:
        row = connection.execute(query.where(launches.c.account == account, launches.c.client == client)).first()
    return row.patient if row is not None else None


def end_launch(store: Store, secret: str) -> None:
    """It was used."""
    with store.transaction() as connection:
        connection.execute(delete(launches).where(launches.c.hash == hashed(secret)))
