"""EHRs that call with a signed token of their own: which are trusted, by which keys, and as whom they act.

Source: HL7 CDS Hooks 2.0, "Trusting CDS Clients".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select
from sqlalchemy.exc import IntegrityError

from vitruvian.core import InputError, now_ms
from vitruvian.serve.caller import SignInNeeded
from vitruvian.serve.store import Store, metadata

ehrs = Table(
    "cds_ehr",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("keys", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_used = Table(
    "cds_token",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
)
_ALGORITHMS = ("ES256", "ES384", "RS256", "RS384")
_LEEWAY_S, _LONGEST_S = 30, 900


@dataclass(frozen=True)
class Ehr:
    """A trusted EHR: its issuer, public keys (a JWK set), and the account as which it acts."""

    issuer: str
    keys: Mapping[str, Any]
    account: str


def trust_ehr(store: Store, issuer: str, keys: Mapping[str, Any], account: str) -> Ehr:
    """Trust an EHR, or change its keys. Raises `InputError` for keys that are no set of public ones."""
    from joserfc import jwk
    from joserfc.errors import JoseError

    try:
        found = jwk.KeySet.import_key_set(dict(keys))  # type: ignore[arg-type]
        public = not any(one.is_private for one in found.keys)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise InputError("these are no keys", got=type(error).__name__, allowed="a JWK set of public keys") from error
    if not public or not found.keys:
        raise InputError("an EHR is trusted by its public keys", got="a private key" if not public else "none")
    made = Ehr(issuer, keys, account)
    row = {"keys": orjson.dumps(keys).decode(), "account": account, "made_ms": now_ms()}
    with store.transaction() as connection:
        connection.execute(delete(ehrs).where(ehrs.c.issuer == issuer))
        connection.execute(insert(ehrs).values(issuer=issuer, **row))
    return made


def ehr_of_token(store: Store, token: str, audience: str) -> Ehr | None:
    """The EHR that signed a token for us just now; None for what is no JWT. Raises `SignInNeeded`.

    A token is good once: its `jti` is remembered until it ends.
    """
    claims = _unverified(token)
    if claims is None:
        return None
    ehr = _known(store, str(claims.get("iss") or ""))
    if ehr is None:
        raise SignInNeeded("the token is of no EHR that is trusted here", todo="Register its issuer and keys.")
    _verified(token, ehr, audience)
    _once(store, ehr.issuer, str(claims["jti"]), int(claims["exp"]))
    return ehr


def _unverified(token: str) -> Mapping[str, Any] | None:
    """What a JWT claims, to find by which key it is to be checked."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if token.count(".") != 2:
        return None
    try:
        found = orjson.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _known(store: Store, issuer: str) -> Ehr | None:
    with store.transaction() as connection:
        row = connection.execute(select(ehrs).where(ehrs.c.issuer == issuer)).first()
    return Ehr(row.issuer, orjson.loads(row.keys), row.account) if row else None


def _verified(token: str, ehr: Ehr, audience: str) -> None:
    from joserfc import jwk, jwt
    from joserfc.errors import JoseError

    try:
        keys = jwk.KeySet.import_key_set(dict(ehr.keys))  # type: ignore[arg-type]
        claims = jwt.decode(token, keys, algorithms=list(_ALGORITHMS)).claims
        wanted: dict[str, Any] = {name: {"essential": True} for name in ("exp", "iat", "jti")}
        wanted |= {"iss": {"essential": True, "value": ehr.issuer}, "aud": {"essential": True, "value": audience}}
        jwt.JWTClaimsRegistry(leeway=_LEEWAY_S, **wanted).validate(claims)
        if int(claims["exp"]) - int(claims["iat"]) > _LONGEST_S:
            raise ValueError("it lasts too long")
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInNeeded("the token of the EHR is not valid", got=type(error).__name__) from error


def _once(store: Store, issuer: str, name: str, until_s: int) -> None:
    now = now_ms()
    try:
        with store.transaction() as connection:
            connection.execute(delete(_used).where(_used.c.until_ms < now))
            until = 1000 * (until_s + _LEEWAY_S)
            connection.execute(insert(_used).values(issuer=issuer, id=name[:200], until_ms=until))
    except IntegrityError as error:
        raise SignInNeeded("the token was used before", todo="Sign a new one for each call.") from error
