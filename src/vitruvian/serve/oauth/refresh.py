"""Refresh tokens: each is used once and gives the next; a second use means that it was stolen, and ends them all."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Connection, Table, Text, delete, insert, select, update

from vitruvian.core import now_ms
from vitruvian.serve.identity.approvals import Approval, approval_of, approvals, end_approval
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.store import Store, metadata

refresh_tokens = Table(
    "refresh_token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("approval", Text, nullable=False, index=True),
    Column("used", Boolean, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_LASTS_MS = 30 * 86_400_000


def new_refresh_token(connection: Connection, approval: str) -> str:
    """The next refresh token of an approval; it has a month to be used."""
    secret = new_secret("vr")
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.approval.not_in(select(approvals.c.approval))))
    row = {"approval": approval, "used": False, "until_ms": now_ms() + _LASTS_MS}
    connection.execute(insert(refresh_tokens).values(hash=hashed(secret), **row))
    return secret


def held_approval(store: Store, secret: str, client: str) -> Approval | None:
    """The approval of a refresh token that this application may use now; one that was used ends its approval."""
    with store.transaction() as connection:
        row = connection.execute(select(refresh_tokens).where(refresh_tokens.c.hash == hashed(secret))).first()
        found = approval_of(connection, row.approval) if row is not None else None
        if row is None or found is None or found.client != client:
            return None
        if row.used:
            end_approval(connection, row.approval)
        return found if not row.used and row.until_ms >= now_ms() else None


def spend(connection: Connection, secret: str) -> bool:
    """Use a refresh token, inside the transaction that makes the next one; False where it was used in between."""
    mine = (refresh_tokens.c.hash == hashed(secret)) & ~refresh_tokens.c.used
    return connection.execute(update(refresh_tokens).where(mine).values(used=True)).rowcount == 1
