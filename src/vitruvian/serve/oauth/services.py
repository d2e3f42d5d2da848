"""Programs that nobody sits before: an administrator registers them with public keys and an account to act as.

Source: HL7 SMART App Launch 2.2, "Backend Services".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy import BigInteger, Column, Row, Table, Text, delete, insert, select

from vitruvian.core import InputError, UnknownNameError, now_ms
from vitruvian.serve.identity.tokens import judged_scopes, tokens
from vitruvian.serve.oauth.clients import BY_KEY
from vitruvian.serve.scopes import OTHER, Scope, read_scopes
from vitruvian.serve.signed import demand_public
from vitruvian.serve.store import Store, metadata

services = Table(
    "oauth_service",
    metadata,
    Column("client", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("account", Text, nullable=False, index=True),
    Column("keys", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
GRANT = "client_credentials"
_NAME = 80


@dataclass(frozen=True)
class Service(ClientMixin):  # type: ignore[misc]
    """A registered program; `scopes` are the most that it gets, `account` is as whom it acts."""

    client_id: str
    name: str
    account: str
    keys: Mapping[str, Any]
    scopes: frozenset[str]
    purpose: str = ""
    made_ms: int = 0

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(sorted(self.given(scope or "")))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return False

    def check_client_secret(self, client_secret: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == BY_KEY

    def check_response_type(self, response_type: str) -> bool:
        return False

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT

    def given(self, asked: str) -> frozenset[str]:
        """Scopes asked for that it was registered with; unknown and wider ones are left out."""
        mine = read_scopes(self.scopes)
        return frozenset(one for one in asked.split() if one not in OTHER and _within(one, mine))


def add_service(
    store: Store, name: str, account: str, keys: Mapping[str, Any], scopes: Iterable[str], purpose: str = ""
) -> Service:
    """Register a program. Raises `InputError` for keys that are no set of public ones, or scopes not of a system."""
    demand_public(keys)
    if not name.strip() or len(name) > _NAME or not name.isprintable():
        raise InputError("a program needs a name", got=repr(name[:_NAME]), allowed=f"up to {_NAME} characters")
    kept = judged_scopes(scopes, None, purpose)
    if any(one.level != "system" for one in read_scopes(kept.split())) or OTHER & set(kept.split()):
        raise InputError("nobody signs such a program in", got=kept, allowed="system scopes, such as system/*.rs")
    key = f"service-{secrets.token_hex(12)}"
    row = {"name": name.strip(), "account": account, "scopes": kept, "purpose": purpose, "made_ms": now_ms()}
    with store.transaction() as connection:
        connection.execute(insert(services).values(client=key, keys=orjson.dumps(keys).decode(), **row))
    return Service(key, name.strip(), account, keys, frozenset(kept.split()), purpose, row["made_ms"])  # type: ignore[arg-type]


def service_of(store: Store, client: str) -> Service | None:
    """The program with this id."""
    with store.transaction() as connection:
        row = connection.execute(select(services).where(services.c.client == client)).first()
    return _service(row) if row is not None else None


def all_services(store: Store) -> list[Service]:
    """Every registered program, by name."""
    with store.transaction() as connection:
        return [_service(row) for row in connection.execute(select(services).order_by(services.c.name))]


def end_service(store: Store, client: str) -> None:
    """The program gets no token any more, and those that it has are not valid. Raises `UnknownNameError`."""
    with store.transaction() as connection:
        connection.execute(delete(tokens).where(tokens.c.approval == client))
        if connection.execute(delete(services).where(services.c.client == client)).rowcount == 0:
            raise UnknownNameError("no such program", got=repr(client))


def _within(asked: str, mine: Iterable[Scope]) -> bool:
    try:
        wanted = read_scopes([asked])[0]
    except InputError:
        return False
    covered = frozenset[str]().union(*(one.letters for one in mine if one.kind in ("*", wanted.kind)))
    return wanted.level == "system" and wanted.letters <= covered


def _service(row: Row[Any]) -> Service:
    about = (row.client, row.name, row.account, orjson.loads(row.keys), frozenset(row.scopes.split()))
    return Service(*about, row.purpose, row.made_ms)
