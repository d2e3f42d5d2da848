"""Accounts: a person or program that may sign in, their roles, and (for a patient) who they are in the record."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Row, Table, Text, bindparam, insert, select, update

from vitruvian.core import RIGHTS, Actor, InputError, UnknownNameError, now_ms
from vitruvian.record import Record
from vitruvian.serve.caller import Caller
from vitruvian.serve.server import Server
from vitruvian.serve.store import Store, metadata

accounts = Table(
    "account",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),
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
_LONGEST = 80
_ACCOUNT = select(accounts).where(accounts.c.account == bindparam("of"))


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


def folded(name: str) -> str:
    """By what a name is told from others: case, width and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def add_account(store: Store, name: str, roles: Iterable[str], own: Iterable[str] = ()) -> Account:
    """A new account. Raises `InputError` for an unknown role, a name in use, a patient without a person."""
    plain = " ".join(name.split())
    if not plain or len(plain) > _LONGEST or not plain.isprintable():
        raise InputError("an account needs a name", got=repr(name[:_LONGEST]), allowed=f"up to {_LONGEST} characters")
    made = Account(secrets.token_hex(8), plain, *_judged(roles, own))
    with store.transaction() as connection:
        if connection.execute(select(accounts.c.account).where(accounts.c.folded == folded(plain))).first():
            raise InputError("the name is in use", got=repr(plain), todo="Choose another one.")
        row = {"account": made.id, "name": plain, "folded": folded(plain), "active": True, "made_ms": now_ms()}
        connection.execute(insert(accounts).values(**row, **_kept(made)))
    return made


def change_roles(
    store: Store, account: str, roles: Iterable[str], own: Iterable[str] = (), *, none: bool = False
) -> Account:
    """The account with other roles, or (with `none`) perhaps without any.

    Raises `InputError`, also where nobody would be left who may administer.
    """
    wanted, mine = _judged(roles, own, none)
    with store.transaction() as connection:
        before = _of(connection, account)
        made = replace(before, roles=wanted, own=mine)
        connection.execute(update(accounts).where(accounts.c.account == account).values(**_kept(made)))
        _somebody_administers(connection, before)
    return made


def set_active(store: Store, account: str, active: bool) -> Account:
    """The account, disabled or enabled. Raises `InputError` where nobody would be left who may administer."""
    with store.transaction() as connection:
        before = _of(connection, account)
        made = replace(before, active=active)
        connection.execute(update(accounts).where(accounts.c.account == account).values(active=active))
        _somebody_administers(connection, before)
    return made


def all_accounts(store: Store) -> list[Account]:
    """Every account by name."""
    with store.transaction() as connection:
        return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.folded))]


def account_of(store: Store, account: str) -> Account | None:
    """The account with this id."""
    with store.looking() as connection:
        return account_in(connection, account)


def account_in(connection: Connection, account: str) -> Account | None:
    """The account with this id, within a transaction."""
    row = connection.execute(_ACCOUNT, {"of": account}).first()
    return _account(row) if row else None


def by_name(store: Store, name: str) -> Account | None:
    """The account of this name."""
    with store.transaction() as connection:
        row = connection.execute(select(accounts).where(accounts.c.folded == folded(name))).first()
    return _account(row) if row else None


def account_named(store: Store, name: str) -> Account:
    """The account of this name. Raises `UnknownNameError`."""
    found = by_name(store, name)
    if found is None:
        raise UnknownNameError("no such account", got=repr(name))
    return found


def as_caller(
    server: Server, account: Account, *, purpose: str = "", session: str = "", record: Record | None = None
) -> Caller:
    """The account as one who calls; `record` is the server's as it was opened for an answer."""
    actor = Actor(account.id, account.roles, purpose or account.purpose, account.own)
    return Caller(account.id, account.name, replace(record or server.record, actor=actor), session=session)


def _judged(roles: Iterable[str], own: Iterable[str], none: bool = False) -> tuple[frozenset[str], frozenset[str]]:
    wanted, mine = frozenset(roles), frozenset(one.strip() for one in own if one.strip())
    if unknown := wanted - set(RIGHTS):
        raise InputError("no such role", got=", ".join(sorted(unknown)), allowed=", ".join(RIGHTS))
    if not wanted and not none:
        raise InputError("an account needs a role", allowed=", ".join(RIGHTS))
    if ("patient" in wanted) != bool(mine):
        raise InputError(
            "a patient's account says who they are in the record, and no other does",
            got=", ".join(sorted(mine)) or "nobody",
            todo="Name the patient of the record (`--own PATIENT`) with role patient, and with no other role alone.",
        )
    return wanted, mine


def _kept(account: Account) -> dict[str, Any]:
    return {"roles": " ".join(sorted(account.roles)), "own": "\n".join(sorted(account.own))}


def _account(row: Row[Any]) -> Account:
    own = frozenset(row.own.split("\n")) - {""}
    return Account(row.account, row.name, frozenset(row.roles.split()), own, row.active)


def _of(connection: Connection, account: str) -> Account:
    row = connection.execute(select(accounts).where(accounts.c.account == account).with_for_update()).first()
    if row is None:
        raise UnknownNameError("no such account", got=repr(account))
    return _account(row)


def _administers(account: Account) -> bool:
    return account.active and bool({"owner", "administrator"} & account.roles)


def _somebody_administers(connection: Connection, before: Account) -> None:
    """Raise `InputError` where the last one who may administer was changed into one who may not."""
    if _administers(before) and not any(_administers(_account(row)) for row in connection.execute(select(accounts))):
        raise InputError("nobody would be left who may administer", todo="Give somebody else that role first.")
