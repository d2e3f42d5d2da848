"""Lock-out: after some failures a name waits, twice as long after each further one; so does an address.

Names that do not exist are counted too, so that waiting does not tell which do. An attempt is counted before it is
judged, so that many at once are not judged more often than one after another. An address waits after ten times as many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from vitruvian.core import now_ms
from vitruvian.serve.identity.accounts import folded
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.problems import TooMany
from vitruvian.serve.store import Store, metadata

attempts = Table(
    "sign_in_attempt",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
FREE = 5
_FIRST_MS, _LONGEST_MS = 30_000, 3_600_000
_FORGOTTEN_MS = 24 * 3_600_000


@dataclass
class Attempt:
    """One attempt to sign in; it counts as a failure until `passed`."""

    passed: bool = False


@contextmanager
def attempt(store: Store, name: str, address: str) -> Iterator[Attempt]:
    """Count an attempt on a name from an address; taken back where it passed. Raises `TooMany`."""
    mine, theirs = hashed(f"name:{folded(name)}"), hashed(f"address:{_network(address)}")
    _counted(store, {mine: FREE, theirs: 10 * FREE}, "or sign in by a one-time link")
    made = Attempt()
    yield made
    if made.passed:
        with store.transaction() as connection:
            back = {"failures": attempts.c.failures - 1, "until_ms": 0}
            for one in sorted((mine, theirs)):
                forgotten = {"failures": 0, "until_ms": 0} if one == mine else back
                connection.execute(update(attempts).where(attempts.c.hash == one).values(**forgotten))


def count(store: Store, what: str, address: str, free: int) -> None:
    """Count what an address does, whether it succeeds or not. Raises `TooMany`."""
    _counted(store, {hashed(f"{what}:{_network(address)}"): free})


def _counted(store: Store, limits: Mapping[str, int], instead: str = "") -> None:
    with store.transaction() as connection:
        connection.execute(delete(attempts).where(attempts.c.last_ms < now_ms() - _FORGOTTEN_MS))
        rows = {one: _row(connection, one) for one in sorted(limits)}  # two at once never wait for each other
        wait = max(until for _, until in rows.values()) - now_ms()
        if wait <= 0:
            for one, (failures, _) in rows.items():
                _count(connection, one, failures + 1, limits[one])
    if wait > 0:
        raise TooMany(-(-wait // 1000), instead)


def _network(address: str) -> str:
    """What one sender cannot change at will: an IPv4 address, the first half of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address


def _row(connection: Connection, key: str) -> tuple[int, int]:
    """Failures so far and until when to wait; the row is held until the transaction ends."""
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(insert(attempts).values(hash=key, failures=0, last_ms=now_ms(), until_ms=0))
    query = select(attempts.c.failures, attempts.c.until_ms).where(attempts.c.hash == key).with_for_update()
    found = connection.execute(query).one()
    return found.failures, found.until_ms


def _count(connection: Connection, key: str, count: int, free: int) -> None:
    now = now_ms()
    wait = min(_FIRST_MS << min(count - free, 20), _LONGEST_MS) if count >= free else 0
    values = {"failures": count, "last_ms": now, "until_ms": now + wait}
    connection.execute(update(attempts).where(attempts.c.hash == key).values(**values))
