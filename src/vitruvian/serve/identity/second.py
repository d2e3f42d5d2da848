"""Second factor: a time-based one-time password (TOTP, RFC 6238) of an authenticator app, and recovery codes.

The shared secret is sealed by the record's key ring. A code is accepted once: its step must be later than the last one
accepted; the step before and the one after count for clocks that differ.
"""

from __future__ import annotations

import hmac
import secrets
import time

import pyotp
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Table, Text, delete, insert, select, update

from vitruvian.core import AccessError
from vitruvian.serve.identity.seal import opened, sealed
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.server import Server
from vitruvian.serve.store import Store, metadata

second_factors = Table(
    "second_factor",
    metadata,
    Column("account", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("step", BigInteger, nullable=False),
)
recovery_codes = Table(
    "recovery_code",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
)
_STEP_S = 30
_RECOVERY = 8


def begin_second(server: Server, account: str) -> str:
    """The secret for an authenticator app; it counts once a code of it was confirmed. Raises where one is in use."""
    secret = pyotp.random_base32()
    with server.store.transaction() as connection:
        row = connection.execute(select(second_factors).where(second_factors.c.account == account)).first()
        if row is not None and row.confirmed:
            raise AccessError("a second factor is in use", todo="Remove it first.")
        connection.execute(delete(second_factors).where(second_factors.c.account == account))
        kept = {"sealed": sealed(server, "totp", account, secret), "confirmed": False, "step": 0}
        connection.execute(insert(second_factors).values(account=account, **kept))
    return secret


def app_address(name: str, secret: str) -> str:
    """What an authenticator app reads (otpauth://…)."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=name, issuer_name="Vitruvian")


def confirm_second(server: Server, account: str, code: str) -> tuple[str, ...] | None:
    """Recovery codes, shown once, where the code proves that the app has the secret; None where it does not."""
    if not _fits(server, account, code, confirmed=False):
        return None
    made = tuple("-".join(secrets.token_hex(2) for _ in range(5)) for _ in range(_RECOVERY))  # 80 bits each
    with server.store.transaction() as connection:
        connection.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
        rows = [{"hash": _recovery(account, one), "account": account} for one in made]
        connection.execute(insert(recovery_codes), rows)
        connection.execute(update(second_factors).where(second_factors.c.account == account).values(confirmed=True))
    return made


def drop_second(store: Store, account: str) -> None:
    """The account signs in without a second factor."""
    with store.transaction() as connection:
        connection.execute(delete(second_factors).where(second_factors.c.account == account))
        connection.execute(delete(recovery_codes).where(recovery_codes.c.account == account))


def has_second(store: Store, account: str) -> bool:
    """Whether a second factor is in use."""
    query = select(second_factors.c.account).where(second_factors.c.account == account, second_factors.c.confirmed)
    with store.transaction() as connection:
        return connection.execute(query).first() is not None


def second_fits(server: Server, account: str, code: str) -> bool:
    """Whether it is a code of the app or a recovery code, used now for the first time."""
    plain = code.strip().replace(" ", "")
    return _fits(server, account, plain, confirmed=True) or _recovered(server.store, account, plain.lower())


def _fits(server: Server, account: str, code: str, *, confirmed: bool) -> bool:
    table = second_factors
    query = select(table).where(table.c.account == account, table.c.confirmed == confirmed)
    with server.store.transaction() as connection:
        row = connection.execute(query.with_for_update()).first()
        if row is None:
            return False
        totp = pyotp.TOTP(opened(server, "totp", account, row.sealed), interval=_STEP_S)
        now = int(time.time()) // _STEP_S
        fits = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(_at(totp, step), code.encode())]
        later = [step for step in fits if step > row.step]
        if later:
            connection.execute(update(table).where(table.c.account == account).values(step=max(later)))
    return bool(later)


def _at(totp: pyotp.TOTP, step: int) -> bytes:
    return totp.at(step * _STEP_S).encode()


def _recovered(store: Store, account: str, code: str) -> bool:
    with store.transaction() as connection:
        query = delete(recovery_codes).where(recovery_codes.c.hash == _recovery(account, code))
        return connection.execute(query).rowcount == 1


def _recovery(account: str, code: str) -> str:
    return hashed(f"{account}:{code}")
