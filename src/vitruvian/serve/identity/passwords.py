"""Passwords: argon2id hashes; a name without one costs the same time as a wrong one.

Cost as the OWASP Password Storage Cheat Sheet has it (19 MiB, two passes, one lane). Rules as NIST SP 800-63B-4:
length counts, composition does not; normalized by NFKC; nothing that the account or this program is called.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select

from vitruvian.core import InputError, now_ms
from vitruvian.serve.identity.accounts import Account, folded
from vitruvian.serve.store import Store, metadata

passwords = Table(
    "password",
    metadata,
    Column("account", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)
SHORTEST, LONGEST = 12, 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)
"""So that many who sign in at once do not take all memory."""


def set_password(store: Store, account: Account, password: str) -> None:
    """Give an account a password, or another one. Raises `InputError` for one that is easily guessed."""
    plain = _normal(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise InputError("the password is too short or too long", allowed=f"{SHORTEST} to {LONGEST} characters")
    if len(set(plain)) < 5 or plain.isdigit() or _without_names(plain, account.name) < SHORTEST // 2:
        raise InputError("the password is easily guessed", todo="Take several words that do not belong together.")
    with _AT_ONCE:
        made = _HASHER.hash(plain)
    with store.transaction() as connection:
        connection.execute(delete(passwords).where(passwords.c.account == account.id))
        connection.execute(insert(passwords).values(account=account.id, hash=made, changed_ms=now_ms()))


def drop_password(store: Store, account: str) -> None:
    """The account signs in by other means."""
    with store.transaction() as connection:
        connection.execute(delete(passwords).where(passwords.c.account == account))


def has_password(store: Store, account: str) -> bool:
    """Whether an account can sign in by a password."""
    with store.transaction() as connection:
        return connection.execute(select(passwords.c.hash).where(passwords.c.account == account)).first() is not None


def password_fits(store: Store, account: str | None, password: str) -> bool:
    """Whether it is the password of the account; takes as long where there is no account, or none with a password."""
    kept = None
    if account is not None:
        with store.transaction() as connection:
            kept = connection.execute(select(passwords.c.hash).where(passwords.c.account == account)).scalar()
    return _fits(kept or _nobody(), _normal(password[: 2 * LONGEST])) and kept is not None


def _fits(kept: str, plain: str) -> bool:
    try:
        with _AT_ONCE:
            return _HASHER.verify(kept, plain)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """The hash that is compared with where there is none."""
    return _HASHER.hash("nobody signs in with this")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _without_names(plain: str, name: str) -> int:
    """How many characters are left of a password without the names that anybody would try."""
    left = plain.casefold()
    for one in (folded(name), "vitruvian", "password", "passwort", "qwerty", "letmein", "welcome", "123456789"):
        left = left.replace(one, "")
    return len(left)
