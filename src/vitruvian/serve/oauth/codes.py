"""Authorization codes: for a minute and once; a second use ends what the first one gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin
from sqlalchemy import BigInteger, Boolean, Column, Table, Text, delete, insert, select, update

from vitruvian.core import now_ms
from vitruvian.serve.identity.approvals import end_approval
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.store import Store, metadata

codes = Table(
    "oauth_code",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("approval", Text, nullable=False),
    Column("redirect", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("used", Boolean, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_VALID_MS = 60_000
_KEPT_MS = 86_400_000


@dataclass(frozen=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """One code; `redirect` is "" where the request named no address."""

    client: str
    approval: str
    redirect: str
    scopes: str
    code_challenge: str
    nonce: str
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect

    def get_scope(self) -> str:
        return self.scopes


def keep_code(store: Store, code: str, what: Code) -> None:
    """Keep a new code."""
    row: dict[str, Any] = {"client": what.client, "approval": what.approval, "redirect": what.redirect}
    row |= {"scopes": what.scopes, "challenge": what.code_challenge, "nonce": what.nonce, "used": False}
    with store.transaction() as connection:
        connection.execute(delete(codes).where(codes.c.until_ms < now_ms() - _KEPT_MS))
        connection.execute(insert(codes).values(hash=hashed(code), **row, until_ms=now_ms() + _VALID_MS))


def taken_code(store: Store, code: str, client: str) -> Code | None:
    """The code, if it is this application's and is used now for the first time; else it is spent.

    A second use means that somebody else has it: what was given for it ends.
    """
    mine = (codes.c.hash == hashed(code)) & (codes.c.client == client)
    with store.transaction() as connection:
        first = connection.execute(update(codes).where(mine, ~codes.c.used).values(used=True)).rowcount == 1
        row = connection.execute(select(codes).where(mine)).first()
        if row is not None and not first:
            end_approval(connection, row.approval)
    if row is None or not first or row.until_ms < now_ms():
        return None
    return Code(row.client, row.approval, row.redirect, row.scopes, row.challenge, row.nonce)
