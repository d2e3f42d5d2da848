"""Personal tokens: for programs and agents, with scopes, one patient at most, and an end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Table, Text, insert, select

from vitruvian.core import InputError, now_ms
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
    Column("made_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_LONGEST_DAYS = 366


@dataclass(frozen=True)
class Token:
    """A token that is valid now."""

    account: str
    scopes: frozenset[str]
    patient: str | None
    purpose: str


def new_token(
    store: Store,
    account: str,
    label: str,
    scopes: Iterable[str],
    *,
    patient: str | None = None,
    purpose: str = "",
    days: float = 30.0,
) -> str:
    """The secret of a new token; it cannot be shown again.

    Raises `InputError` for scopes that are none, patient scopes without a patient, or too long a time.
    """
    wanted = frozenset(scopes)
    found = read_scopes(wanted)
    if not found:
        raise InputError("a token needs a scope", allowed="such as patient/*.rs")
    if any(one.level == "patient" for one in found) and not patient:
        raise InputError("patient scopes need a patient", todo="Name the patient, or ask for user scopes.")
    if not 0 < days <= _LONGEST_DAYS:
        raise InputError(
            "a token lasts too long, or not at all", got=f"{days:g} days", allowed=f"up to {_LONGEST_DAYS}"
        )
    secret, now = new_secret("vt"), now_ms()
    row = {"account": account, "label": label, "scopes": " ".join(sorted(wanted)), "patient": patient or ""}
    row |= {"purpose": purpose}
    with store.transaction() as connection:
        times = {"made_ms": now, "until_ms": now + round(days * 86_400_000)}
        connection.execute(insert(tokens).values(hash=hashed(secret), **row, **times))
    return secret


def token_of(store: Store, secret: str) -> Token | None:
    """The token of a secret, if it is valid now."""
    with store.transaction() as connection:
        row = connection.execute(select(tokens).where(tokens.c.hash == hashed(secret))).first()
    if row is None or row.until_ms < now_ms():
        return None
    return Token(row.account, frozenset(row.scopes.split()), row.patient or None, row.purpose)
