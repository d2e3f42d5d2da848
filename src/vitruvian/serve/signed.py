"""JWTs of others: signed with keys that were given here before, for us, of now, and good once. No key is ever fetched.

Source: RFC 7519, RFC 7523; RFC 8725 (algorithms are named by us, never by the token).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Table, Text, delete, insert
from sqlalchemy.exc import IntegrityError

from vitruvian.core import InputError, now_ms
from vitruvian.serve.caller import SignInNeeded
from vitruvian.serve.store import Store, metadata

_used = Table(
    "signed_token",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
)
_LEEWAY_S = 30
_LONGEST_ID = 200


def demand_public(keys: Mapping[str, Any]) -> None:
    """Raise `InputError` for what is no JWK set of public keys."""
    from joserfc import jwk
    from joserfc.errors import JoseError

    try:
        found = jwk.KeySet.import_key_set(dict(keys))  # type: ignore[arg-type]
        secret = any(isinstance(one, jwk.OctKey) or one.is_private for one in found.keys)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise InputError("these are no keys", got=type(error).__name__, allowed="a JWK set of public keys") from error
    if secret or not found.keys:
        raise InputError("others are trusted by their public keys", got="a private key" if secret else "none")


def claimed(token: str) -> Mapping[str, Any] | None:
    """What a JWT claims, to find by which keys it is to be checked; None for what is no JWT."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if token.count(".") != 2:
        return None
    try:
        found = orjson.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def proven(
    store: Store,
    token: str,
    keys: Mapping[str, Any],
    claims: Mapping[str, Any],
    *,
    algorithms: Collection[str],
    longest_s: int,
) -> Mapping[str, Any]:
    """The claims of a token that has these (a value, or a list of those allowed, None for any). Raises `SignInNeeded`.

    It lasts `longest_s` at most, from `iat` where that is among the claims, else from now. Its `jti` is remembered
    until it ends: a second use is refused.
    """
    from joserfc import jwk, jwt
    from joserfc.errors import JoseError

    now = now_ms() // 1000
    try:
        imported = jwk.KeySet.import_key_set(dict(keys))  # type: ignore[arg-type]
        found = jwt.decode(token, imported, algorithms=list(algorithms)).claims
        wanted: dict[str, Any] = {name: _wanted(value) for name, value in claims.items()}
        wanted |= {"exp": {"essential": True}, "jti": {"essential": True}}
        jwt.JWTClaimsRegistry(leeway=_LEEWAY_S, **wanted).validate(found)
        begun = int(found["iat"]) if "iat" in claims else now + _LEEWAY_S
        if int(found["exp"]) - begun > longest_s:
            raise ValueError("it lasts too long")
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInNeeded("the signed token is not valid", got=type(error).__name__) from error
    _once(store, str(found["iss"]), str(found["jti"]), int(found["exp"]))
    return found


def _wanted(value: Any) -> dict[str, Any]:
    more = {} if value is None else {"values": value} if isinstance(value, list) else {"value": value}
    return {"essential": True, **more}


def _once(store: Store, issuer: str, name: str, until_s: int) -> None:
    try:
        with store.transaction() as connection:
            connection.execute(delete(_used).where(_used.c.until_ms < now_ms()))
            until = 1000 * (until_s + _LEEWAY_S)
            connection.execute(insert(_used).values(issuer=issuer, id=name[:_LONGEST_ID], until_ms=until))
    except IntegrityError as error:
        raise SignInNeeded("the token was used before", todo="Sign a new one for each call.") from error
