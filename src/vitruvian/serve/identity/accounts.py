"""Accounts: a person or program that may sign in, their roles, and (for a patient) who they are in the record."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, insert, select

from vitruvian.core import RIGHTS, Actor, InputError, now_ms
from vitruvian.serve.caller import Caller
from vitruvian.serve.server import Server
from vitruvian.serve.store import Store, metadata

accounts = Table(
    "account",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("own", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

_PURPOSE = {
    "owner": "treatment", "clinician": "treatment", "researcher": "research", "public_health_officer": "public_health",
    "payer": "payment", "auditor": "operations", "administrator": "operations", "data_loader": "operations",
    "patient": "own",
}  # fmt: skip
"""Purpose with which a role acts unless another is said."""


@dataclass(frozen=True)
class Account:
    """One account; `own` are the patients who the account's person is."""

    id: str
    name: str
    roles: frozenset[str]
    own: frozenset[str] = frozenset()
    active: bool = True

    @property
    def purpose(self) -> str:
        """What they act for unless they say otherwise."""
        return next((purpose for role, purpose in _PURPOSE.items() if role in self.roles), "")


def add_account(store: Store, name: str, roles: Iterable[str], own: Iterable[str] = ()) -> Account:
    """A new account. Raises `InputError` for an unknown role, a name in use, a patient without a person."""
    wanted, mine = frozenset(roles), frozenset(own)
    if unknown := wanted - set(RIGHTS):
        raise InputError("no such role", got=", ".join(sorted(unknown)), allowed=", ".join(RIGHTS))
    if not name.strip() or not wanted or ("patient" in wanted) != bool(mine):
        raise InputError("an account needs a name and a role, a patient's also the patient", got=repr(name))
    made = Account(secrets.token_hex(8), name.strip(), wanted, mine)
    with store.transaction() as connection:
        if connection.execute(select(accounts.c.account).where(accounts.c.name == made.name)).first():
            raise InputError("the name is in use", got=repr(made.name))
        row = {"roles": " ".join(sorted(wanted)), "own": "\n".join(sorted(mine)), "active": True, "made_ms": now_ms()}
        connection.execute(insert(accounts).values(account=made.id, name=made.name, **row))
    return made


def account_of(store: Store, account: str) -> Account | None:
    """The account with this id."""
    with store.transaction() as connection:
        row = connection.execute(select(accounts).where(accounts.c.account == account)).first()
    if row is None:
        return None
    own = frozenset(row.own.split("\n")) - {""}
    return Account(row.account, row.name, frozenset(row.roles.split()), own, row.active)


def as_caller(server: Server, account: Account, *, purpose: str = "", session: str = "") -> Caller:
    """The account as one who calls."""
    actor = Actor(account.id, account.roles, purpose or account.purpose, account.own)
    return Caller(account.id, account.name, replace(server.record, actor=actor), session=session)


def by_name(store: Store, name: str) -> Account | None:
    """The account of this name."""
    with store.transaction() as connection:
        found = connection.execute(select(accounts.c.account).where(accounts.c.name == name)).scalar()
    return account_of(store, found) if found else None
