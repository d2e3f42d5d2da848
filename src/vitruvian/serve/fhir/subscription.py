"""Subscriptions (FHIR R4, rest-hook): who is told, without any content, that something new fits their criteria.

They belong to the server, not to the record. The notice is an empty POST: who gets it asks for what is new under their
own rights. Criteria, address and headers are sealed.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Row, Table, Text, delete, func, insert, select

from vitruvian.core import InputError, UnknownNameError, now_ms, to_ms
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.body import Json
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.query import Asked, asked
from vitruvian.serve.identity.seal import opened, sealed
from vitruvian.serve.scopes import covers
from vitruvian.serve.server import Server
from vitruvian.serve.store import metadata

subscriptions = Table(
    "fhir_subscription",
    metadata,
    Column("subscription", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("scopes", Text, nullable=False),
    Column("only", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("status", Text, nullable=False, index=True),
    Column("error", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
HOSTS = "VITRUVIAN_HOOK_HOSTS"
"""Hosts (with commas) to which notices may go over https; loopback is allowed where the server itself listens there."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADER = re.compile(r"(Authorization|X-[A-Za-z0-9-]{1,40}): ([\x20-\x7e]{1,500})", re.IGNORECASE)
_MOST, _LONGEST_MS = 20, 366 * 86_400_000


@dataclass(frozen=True)
class Hook:
    """Where a notice goes, and what it is about."""

    criteria: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    reason: str

    @property
    def search(self) -> Asked:
        """The criteria as a search."""
        kind, _, text = self.criteria.partition("?")
        return asked(kind, parse_qsl(text, keep_blank_values=True))


def subscribe(server: Server, caller: Caller, resource: Json) -> Json:
    """A new subscription of the caller's. Raises `InputError` for what it may not ask, or where it may not go."""
    channel = resource["channel"]
    if channel.get("type") != "rest-hook" or channel.get("payload"):
        raise InputError("notices go by rest-hook and without content", todo="Leave out channel.payload.")
    hook = Hook(
        str(resource["criteria"]),
        _endpoint(server, str(channel.get("endpoint") or "")),
        tuple(_header(one) for one in channel.get("header") or ()),
        str(resource["reason"]),
    )
    search = hook.search
    if search.unknown or not covers(caller, search.kind, "s"):
        raise SearchError("the criteria cannot be followed", got=", ".join(search.unknown) or search.kind)
    now = now_ms()
    until = min(to_ms(str(resource["end"])) if resource.get("end") else now + _LONGEST_MS, now + _LONGEST_MS)
    until = min(until, caller.until_ms or until)
    key = str(uuid.uuid4())
    rights = {"scopes": " ".join(sorted(caller.scopes or ())), "only": caller.only or ""}
    row: dict[str, Any] = {"subscription": key, "account": caller.account, **rights, "purpose": caller.actor.purpose}
    row |= {"status": "active", "error": "", "sealed": _sealed(server, key, hook)}
    row |= {"since_ms": now, "due_ms": now, "tries": 0, "until_ms": until}
    with server.store.transaction() as connection:
        mine = select(func.count()).select_from(subscriptions).where(subscriptions.c.account == caller.account)
        if connection.execute(mine).scalar_one() >= _MOST:
            raise InputError("too many subscriptions", allowed=f"up to {_MOST}", todo="Delete one.")
        connection.execute(insert(subscriptions).values(**row))
    return subscription_of(server, caller, key)


def subscription_of(server: Server, caller: Caller, key: str) -> Json:
    """One of the caller's, as a resource. Raises `UnknownNameError`."""
    return _resource(server, _row(server, caller, key))


def subscriptions_of(server: Server, caller: Caller) -> list[Json]:
    """All of the caller's."""
    query = select(subscriptions).where(subscriptions.c.account == caller.account)
    with server.store.transaction() as connection:
        rows: Sequence[Row[Any]] = connection.execute(query).all()
    return [_resource(server, one) for one in rows if one.only == (caller.only or "")]


def unsubscribe(server: Server, caller: Caller, key: str) -> None:
    """End one of the caller's. Raises `UnknownNameError`."""
    _row(server, caller, key)
    with server.store.transaction() as connection:
        connection.execute(delete(subscriptions).where(subscriptions.c.subscription == key))


def hook_of(server: Server, row: Row[Any]) -> Hook:
    """What a row says of where and what."""
    told = orjson.loads(opened(server, "subscription", row.subscription, row.sealed))
    return Hook(told["criteria"], told["endpoint"], tuple((one[0], one[1]) for one in told["headers"]), told["reason"])


def _sealed(server: Server, key: str, hook: Hook) -> bytes:
    told = {"criteria": hook.criteria, "endpoint": hook.endpoint, "headers": hook.headers, "reason": hook.reason}
    return sealed(server, "subscription", key, orjson.dumps(told).decode())


def _row(server: Server, caller: Caller, key: str) -> Row[Any]:
    mine = (subscriptions.c.subscription == key) & (subscriptions.c.account == caller.account)
    with server.store.transaction() as connection:
        row = connection.execute(select(subscriptions).where(mine)).first()
    if row is None or row.only != (caller.only or ""):
        raise UnknownNameError("no such resource")
    return row


def _resource(server: Server, row: Row[Any]) -> Json:
    hook = hook_of(server, row)
    return {
        "resourceType": "Subscription",
        "id": row.subscription,
        "status": row.status,
        "reason": hook.reason,
        "criteria": hook.criteria,
        "channel": {"type": "rest-hook", "endpoint": hook.endpoint},
    } | ({"error": row.error} if row.error else {})


def _header(text: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(text)
    if match is None:
        raise InputError("this header is not sent", allowed="Authorization, or one that begins with X-")
    return match[1], match[2]


def _endpoint(server: Server, text: str) -> str:
    """An address to which notices may go; raises `InputError` for any other."""
    try:
        parts = urlsplit(text)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise InputError("the endpoint is no address") from error
    hosts = {one.strip().lower() for one in os.environ.get(HOSTS, "").split(",")} - {""}
    local = host in _LOOPBACK and server.settings.host in _LOOPBACK and parts.scheme in ("http", "https")
    if parts.username or parts.fragment or not (local or (parts.scheme == "https" and host in hosts)):
        allowed = ", ".join(f"https://{one}" for one in sorted(hosts)) or "loopback, where the server listens there"
        raise InputError("notices may not go there", got=host[:80], allowed=allowed, todo=f"Name the host in {HOSTS}.")
    return text
