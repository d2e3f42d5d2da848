"""EHRs that call with a signed token of their own: which are trusted, by which keys, and as whom they act.

Source: HL7 CDS Hooks 2.0, "Trusting CDS Clients".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Table, Text, delete, insert, select

from vitruvian.core import now_ms
from vitruvian.serve.caller import SignInNeeded
from vitruvian.serve.signed import claimed, demand_public, proven
from vitruvian.serve.store import Store, metadata

ehrs = Table(
    "cds_ehr",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("keys", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_ALGORITHMS = ("ES256", "ES384", "RS256", "RS384")
_LONGEST_S = 900


@dataclass(frozen=True)
class Ehr:
    """A trusted EHR: its issuer, public keys (a JWK set), and the account as which it acts."""

    issuer: str
    keys: Mapping[str, Any]
    account: str


def trust_ehr(store: Store, issuer: str, keys: Mapping[str, Any], account: str) -> Ehr:
    """Trust an EHR, or change its keys. Raises `InputError` for keys that are no set of public ones."""
    demand_public(keys)
    made = Ehr(issuer, keys, account)
    row = {"keys": orjson.dumps(keys).decode(), "account": account, "made_ms": now_ms()}
    with store.transaction() as connection:
        connection.execute(delete(ehrs).where(ehrs.c.issuer == issuer))
        connection.execute(insert(ehrs).values(issuer=issuer, **row))
    return made


def ehr_of_token(store: Store, token: str, audience: str) -> Ehr | None:
    """The EHR that signed a token for us just now; None for what is no JWT. Raises `SignInNeeded`."""
    claims = claimed(token)
    if claims is None:
        return None
    ehr = _known(store, str(claims.get("iss") or ""))
    if ehr is None:
        raise SignInNeeded("the token is of no EHR that is trusted here", todo="Register its issuer and keys.")
    wanted = {"iss": ehr.issuer, "aud": audience, "iat": None}
    proven(store, token, ehr.keys, wanted, algorithms=_ALGORITHMS, longest_s=_LONGEST_S)
    return ehr


def _known(store: Store, issuer: str) -> Ehr | None:
    with store.transaction() as connection:
        row = connection.execute(select(ehrs).where(ehrs.c.issuer == issuer)).first()
    return Ehr(row.issuer, orjson.loads(row.keys), row.account) if row else None
