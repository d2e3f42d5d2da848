"""Tokens: for programs and agents, with scopes, one patient at most, and an end. Made by a person or by `oauth`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, Table, Text, bindparam, delete, insert, select

from vitruvian.core import InputError, UnknownNameError, lineage, now_ms, purpose_code
from vitruvian.serve.identity.api_secret import forget_api_secrets, keep_api_secret
from vitruvian.serve.identity.secret import hashed, new_secret
from vitruvian.serve.scopes import read_scopes
from vitruvian.serve.store import Store, metadata

tokens = Table(
    "token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("approval", Text, nullable=False, index=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_LONGEST_DAYS = 366
_TOKEN = select(tokens).where(tokens.c.hash == bindparam("of"))


@dataclass(frozen=True)
class Token:
    """A token that is valid now; `approval` is that of an application, "" for one that a person made."""

    id: str
    account: str
    label: str
    scopes: frozenset[str]
    patient: str | None
    purpose: str
    path: str
    approval: str
    made_ms: int
    until_ms: int

    def serves(self, path: str) -> bool:
        """Whether it was made for a request to `path`; scopes of a patient without the patient serve nothing."""
        if not self.patient and any(one.level == "patient" for one in read_scopes(self.scopes)):
            return False
        return not path or not self.path or path == self.path or path.startswith(f"{self.path}/")


def new_token(
    store: Store,
    account: str,
    label: str,
    scopes: Iterable[str],
    *,
    patient: str | None = None,
    purpose: str = "",
    days: float = 30.0,
    path: str = "",
) -> str:
    """The secret of a new token; it cannot be shown again. It serves requests to `path` and below.

    Raises `InputError` for scopes that are none, patient scopes without a patient, too long a time, an emergency.
    """
    wanted = judged_scopes(scopes, patient, purpose)
    if not 0 < days <= _LONGEST_DAYS:
        got = f"{days:g} days"
        raise InputError("a token lasts too long, or not at all", got=got, allowed=f"up to {_LONGEST_DAYS}")
    with store.transaction() as connection:
        about = {"label": label, "scopes": wanted, "patient": patient or "", "purpose": purpose, "path": path}
        made = write_token(connection, account, about, round(days * 86_400_000))
        if patient:
            forget_api_secrets(connection, tokens)
            keep_api_secret(connection, made)
        return made


def judged_scopes(scopes: Iterable[str], patient: str | None, purpose: str) -> str:
    """Scopes as they are kept. Raises `InputError`."""
    wanted = frozenset(scopes)
    found = read_scopes(wanted)
    if not found:
        raise InputError("a token needs a scope", allowed="such as patient/*.rs")
    if any(one.level == "patient" for one in found) and not patient:
        raise InputError("patient scopes need a patient", todo="Name the patient, or ask for user scopes.")
    if purpose and not purpose_code(purpose):
        raise InputError("no such purpose", got=repr(purpose))
    if "ETREAT" in lineage(purpose_code(purpose)):
        raise InputError("no token is made for emergencies", todo="Break the glass in a session.")
    return " ".join(sorted(wanted))


def write_token(connection: Connection, account: str, about: dict[str, str], lasts_ms: int, approval: str = "") -> str:
    """The secret of a new token inside the caller's transaction; what it is about was judged before."""
    secret, now = new_secret("vt"), now_ms()
    row = {"account": account, **about, "approval": approval, "made_ms": now, "until_ms": now + lasts_ms}
    connection.execute(insert(tokens).values(hash=hashed(secret), **row))
    return secret


def token_of(store: Store, secret: str) -> Token | None:
    """The token of a secret, if it is valid now."""
    with store.looking() as connection:
        return token_with(connection, hashed(secret))


def token_with(connection: Connection, token: str) -> Token | None:
    """The token with this id, if it is valid now, within a transaction."""
    row = connection.execute(_TOKEN, {"of": token}).first()
    return _token(row) if row is not None and row.until_ms >= now_ms() else None


def tokens_of(store: Store, account: str) -> list[Token]:
    """Tokens of an account that are valid, newest first."""
    query = select(tokens).where(tokens.c.account == account).order_by(tokens.c.made_ms.desc())
    with store.transaction() as connection:
        connection.execute(delete(tokens).where(tokens.c.until_ms < now_ms()))
        return [_token(row) for row in connection.execute(query)]


def drop_token(store: Store, account: str, token: str) -> None:
    """A token of an account is not valid any more. Raises `UnknownNameError`."""
    with store.transaction() as connection:
        mine = (tokens.c.account == account) & (tokens.c.hash == token)
        if connection.execute(delete(tokens).where(mine)).rowcount == 0:
            raise UnknownNameError("no such token", got=repr(token))


def drop_tokens(store: Store, account: str) -> None:
    """No token of an account is valid any more."""
    with store.transaction() as connection:
        connection.execute(delete(tokens).where(tokens.c.account == account))


def _token(row: Row[Any]) -> Token:
    about = (row.account, row.label, frozenset(row.scopes.split()), row.patient or None, row.purpose)
    return Token(row.hash, *about, row.path, row.approval, row.made_ms, row.until_ms)
