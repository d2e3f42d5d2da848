"""ID tokens (OpenID Connect Core 1.0): who signed in, signed with a key of this server (ES256)."""

from __future__ import annotations

from typing import Any

import orjson
from joserfc import jwk, jwt
from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text, insert, select
from sqlalchemy.exc import IntegrityError

from vitruvian.core import now_ms
from vitruvian.serve.identity.accounts import account_of
from vitruvian.serve.identity.approvals import Approval
from vitruvian.serve.identity.seal import opened, sealed
from vitruvian.serve.server import Server
from vitruvian.serve.store import metadata

signing_keys = Table(
    "signing_key",
    metadata,
    Column("use", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_LASTS_S = 3600


def id_token(server: Server, approval: Approval, nonce: str = "") -> str:
    """Who approved, for the application that asked; a patient is also their Patient resource (`fhirUser`)."""
    now = now_ms() // 1000
    url, key = server.settings.url, _key(server)
    claims: dict[str, Any] = {"iss": url, "sub": approval.account, "aud": approval.client}
    claims |= {"iat": now, "exp": now + _LASTS_S}
    if nonce:
        claims["nonce"] = nonce
    account = account_of(server.store, approval.account)
    if account is not None and "profile" in approval.scopes:
        claims["name"] = account.name
    if account is not None and "fhirUser" in approval.scopes and len(account.own) == 1:
        claims["fhirUser"] = f"{url}/fhir/Patient/{server.record.patient(next(iter(account.own))).id}"
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def public_keys(server: Server) -> dict[str, Any]:
    """The key set by which others check them."""
    return {"keys": [_key(server).as_dict(private=False)]}


def _key(server: Server) -> jwk.ECKey:
    """The key, made the first time; of two servers at once the first one's stays."""
    kept = _kept(server)
    if kept is None:
        made = jwk.ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        text = orjson.dumps(made.as_dict(private=True)).decode()
        row = {"use": "id_token", "sealed": sealed(server, "signing", "", text), "made_ms": now_ms()}
        try:
            with server.store.transaction() as connection:
                connection.execute(insert(signing_keys).values(**row))
        except IntegrityError:
            pass
        kept = _kept(server)
    assert kept is not None
    return jwk.ECKey.import_key(orjson.loads(opened(server, "signing", "", kept)))


def _kept(server: Server) -> bytes | None:
    with server.store.transaction() as connection:
        return connection.execute(select(signing_keys.c.sealed).where(signing_keys.c.use == "id_token")).scalar()
