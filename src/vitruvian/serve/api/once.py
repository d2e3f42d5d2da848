"""Idempotency keys: a request that is sent twice, because its answer was lost, makes one thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
from fastapi import Header
from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select
from sqlalchemy.exc import IntegrityError

from vitruvian.core import DataError, now_ms, stable_id
from vitruvian.serve.caller import Caller
from vitruvian.serve.jobs import new_id
from vitruvian.serve.server import Server
from vitruvian.serve.store import metadata

keys = Table(
    "idempotency",
    metadata,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("asked", Text, nullable=False),
    Column("made", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False, index=True),
)
_KEPT_MS = 7 * 86_400_000
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=200,
        description="Chosen by the sender for each request that makes something; the same key makes it once in a week.",
    ),
]


@contextmanager
def once(server: Server, caller: Caller, key: str | None, *asked: object) -> Iterator[tuple[str, bool]]:
    """The id of what is to be made, and whether this key was seen before; a request that fails leaves no key behind.

    Raises `DataError` where the key came with another request.
    """
    if key is None:
        yield new_id(), False
        return
    made, before = _noted(server, caller, key, stable_id(*(orjson.dumps(one, default=str).decode() for one in asked)))
    try:
        yield made, before
    except Exception:
        if not before:
            _forget(server, caller, key)
        raise


def _noted(server: Server, caller: Caller, key: str, asked: str) -> tuple[str, bool]:
    mine = (keys.c.account == caller.account) & (keys.c.key == key)
    made = new_id()
    try:
        with server.store.transaction() as connection:
            connection.execute(delete(keys).where(keys.c.made_ms < now_ms() - _KEPT_MS))
            row = {"account": caller.account, "key": key, "asked": asked, "made": made, "made_ms": now_ms()}
            connection.execute(insert(keys).values(**row))
        return made, False
    except IntegrityError:
        with server.store.transaction() as connection:
            found = connection.execute(select(keys).where(mine)).one()
    if found.asked != asked:
        raise DataError("the idempotency key came with another request", todo="Choose a new key for a new request.")
    return found.made, True


def _forget(server: Server, caller: Caller, key: str) -> None:
    mine = (keys.c.account == caller.account) & (keys.c.key == key)
    with server.store.transaction() as connection:
        connection.execute(delete(keys).where(mine))
