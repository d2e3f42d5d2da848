"""Applications that may ask for access: they register themselves (RFC 7591), public, with a secret or keys.

Registration says nothing of who stands behind one: the page that asks a person says so.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson
from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy import BigInteger, Column, Row, Table, Text, delete, func, insert, select

from vitruvian.core import now_ms
from vitruvian.serve.identity.approvals import approvals
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.store import Store, metadata

clients = Table(
    "oauth_client",
    metadata,
    Column("client", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("redirects", Text, nullable=False),
    Column("grants", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("launch_url", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
client_keys = Table(
    "oauth_client_keys",
    metadata,
    Column("client", Text, primary_key=True),
    Column("keys", Text, nullable=False),
)
BY_KEY = "private_key_jwt"
METHODS = ("none", "client_secret_basic", "client_secret_post", BY_KEY)
GRANTS = ("authorization_code", "refresh_token")
MOST = 10_000
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]*")
_UNUSED_MS = 7 * 86_400_000


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]
    """One application; `method` is how it proves itself at the token endpoint: by nothing, by a secret (of which
    `secret_hash` is kept), or by the keys of which it gave the public ones."""

    client_id: str
    name: str
    redirects: tuple[str, ...]
    grants: frozenset[str]
    method: str
    secret_hash: str = ""
    launch_url: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return self.redirects[0] if len(self.redirects) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return any(_same_place(one, redirect_uri) for one in self.redirects)

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret_hash) and secrets.compare_digest(self.secret_hash, hashed(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        if self.method in ("none", BY_KEY):
            return method == self.method
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


def add_client(store: Store, client: Client) -> bool:
    """Keep an application; those that nobody approved for a week make room. False where there is none."""
    used = select(approvals.c.client)
    with store.transaction() as connection:
        old = (clients.c.made_ms < now_ms() - _UNUSED_MS) & clients.c.client.not_in(used)
        connection.execute(delete(clients).where(old, clients.c.launch_url == ""))
        if connection.execute(select(func.count()).select_from(clients)).scalar_one() >= MOST:
            return False
        row: dict[str, Any] = {"client": client.client_id, "name": client.name, "method": client.method}
        row |= {"redirects": "\n".join(client.redirects), "grants": " ".join(sorted(client.grants))}
        row |= {"secret_hash": client.secret_hash, "launch_url": client.launch_url, "made_ms": now_ms()}
        connection.execute(insert(clients).values(**row))
        connection.execute(delete(client_keys).where(client_keys.c.client.not_in(select(clients.c.client))))
        if client.keys:
            kept = orjson.dumps(client.keys).decode()
            connection.execute(insert(client_keys).values(client=client.client_id, keys=kept))
    return True


def client_of(store: Store, client: str) -> Client | None:
    """The application with this id."""
    with store.transaction() as connection:
        row = connection.execute(select(clients).where(clients.c.client == client)).first()
        keys = connection.execute(select(client_keys.c["keys"]).where(client_keys.c.client == client)).scalar()
    return replace(_client(row), keys=orjson.loads(keys or "{}")) if row is not None else None


def launchable(store: Store) -> list[Client]:
    """Applications that can be started from here, by name."""
    with store.transaction() as connection:
        return [_client(row) for row in connection.execute(select(clients).order_by(clients.c.name)) if row.launch_url]


def _client(row: Row[Any]) -> Client:
    redirects, grants = tuple(row.redirects.split("\n")), frozenset(row.grants.split())
    return Client(row.client, row.name, redirects, grants, row.method, row.secret_hash, row.launch_url)


def redirect_fault(redirects: Sequence[Any]) -> str:
    """What is wrong with redirect addresses, "" if nothing; they need TLS, this machine, or a scheme of their own."""
    for one in redirects:
        if not isinstance(one, str) or not one.isascii() or not one.isprintable() or set(one) & set(' "<>\\^`{|}'):
            return "a redirect address is not an address"
        try:
            parts = urlsplit(one)
            port_fits = parts.port is None or parts.port > 0
        except ValueError:
            return "a redirect address is not an address"
        if parts.fragment or "#" in one or parts.username is not None or not port_fits or len(one) > 500:
            return "a redirect address has a fragment, a user or no port"
        if not _HOST.fullmatch(parts.netloc):
            return "a redirect address has no plain host"
        own_scheme = "." in parts.scheme and bool(parts.path or parts.netloc)
        if not (own_scheme or (parts.hostname and (parts.scheme == "https" or _loopback(one)))):
            return "a redirect address needs https, this machine, or a scheme such as com.example.app"
    return "" if 0 < len(redirects) <= 10 else "one to ten redirect addresses are needed"


def _loopback(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return parts.hostname == "localhost" or ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _same_place(registered: str, asked: str) -> bool:
    """Exactly the same; on this machine the port may differ (RFC 8252, section 7.3)."""
    if registered == asked:
        return True
    try:
        one, other = urlsplit(registered), urlsplit(asked)
        other_port = other.port
    except ValueError:
        return False
    if not _loopback(registered) or not _loopback(asked) or other_port is None or one.hostname == "localhost":
        return False
    plain = f"{one.scheme}://{other.netloc}{one.path}" + (f"?{one.query}" if one.query else "")
    return one.hostname == other.hostname and other.username is None and plain == asked
