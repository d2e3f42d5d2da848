"""Where people reach the server of a store, remembered for links that are made beside it."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Column, Integer, Table, Text, insert, select, update
from sqlalchemy.exc import IntegrityError

from vitruvian.serve.settings import Settings
from vitruvian.serve.store import Store, metadata

_address = Table("address", metadata, Column("one", Integer, primary_key=True), Column("url", Text, nullable=False))


def remember_address(store: Store, url: str) -> None:
    """Keep where the server is reached; nothing is written where that is known."""
    known = _known(store)
    if known == url:
        return
    change = update(_address).values(url=url) if known else insert(_address).values(one=1, url=url)
    with suppress(IntegrityError), store.transaction() as connection:  # another worker has just kept it
        connection.execute(change)


def address_of(store: Store) -> str:
    """Where the server was last reached, else where one is by default."""
    return _known(store) or Settings().url


def _known(store: Store) -> str | None:
    with store.looking() as connection:
        return connection.execute(select(_address.c.url)).scalar()
