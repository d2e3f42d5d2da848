"""What a person allowed an application: scopes, patient, purpose, where; its tokens end with it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, Table, Text, delete, insert, select

from vitruvian.core import UnknownNameError, now_ms
from vitruvian.serve.identity.tokens import tokens
from vitruvian.serve.store import Store, metadata

approvals = Table(
    "approval",
    metadata,
    Column("approval", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("client", Text, nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_LASTS_MS = 180 * 86_400_000


@dataclass(frozen=True)
class Approval:
    """One application that may act for an account, until its person or time ends it."""

    account: str
    client: str
    label: str
    scopes: frozenset[str]
    patient: str | None
    purpose: str
    path: str
    """Where its tokens serve, "" for everywhere."""
    id: str = ""
    made_ms: int = 0
    until_ms: int = 0


def keep_approval(connection: Connection, approval: Approval) -> str:
    """Keep it; gives its id."""
    key, now = secrets.token_hex(16), now_ms()
    about = {"account": approval.account, "client": approval.client, "label": approval.label, "path": approval.path}
    about |= {"scopes": " ".join(sorted(approval.scopes)), "patient": approval.patient or ""}
    times = {"made_ms": now, "until_ms": now + _LASTS_MS}
    connection.execute(insert(approvals).values(approval=key, purpose=approval.purpose, **about, **times))
    return key


def approval_of(connection: Connection, approval: str) -> Approval | None:
    """The approval of this id, if it still holds."""
    row = connection.execute(select(approvals).where(approvals.c.approval == approval)).first()
    return _approval(row) if row is not None and row.until_ms > now_ms() else None


def approvals_of(store: Store, account: str) -> list[Approval]:
    """What an account allowed, newest first."""
    query = select(approvals).where(approvals.c.account == account, approvals.c.until_ms > now_ms())
    with store.transaction() as connection:
        return [_approval(row) for row in connection.execute(query.order_by(approvals.c.made_ms.desc()))]


def end_approval(connection: Connection, approval: str) -> None:
    """The application may not act any more; its tokens are not valid."""
    connection.execute(delete(tokens).where(tokens.c.approval == approval))
    connection.execute(delete(approvals).where(approvals.c.approval == approval))


def drop_approval(store: Store, account: str, approval: str) -> None:
    """End an approval of an account. Raises `UnknownNameError`."""
    query = select(approvals).where(approvals.c.account == account, approvals.c.approval == approval)
    with store.transaction() as connection:
        if connection.execute(query).first() is None:
            raise UnknownNameError("no such application", got=repr(approval))
        end_approval(connection, approval)


def drop_approvals(store: Store, account: str) -> None:
    """End all approvals of an account."""
    with store.transaction() as connection:
        connection.execute(delete(approvals).where(approvals.c.account == account))


def _approval(row: Row[Any]) -> Approval:
    about = (row.account, row.client, row.label, frozenset(row.scopes.split()), row.patient or None)
    return Approval(*about, row.purpose, row.path, row.approval, row.made_ms, row.until_ms)
