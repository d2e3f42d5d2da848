"""The header `api-secret` of Nightscout's uploaders: the SHA-1 of a personal token of one patient, as they send it.

Kept is a hash of that hash, for tokens of one patient alone; it serves where the room of streams asks for it.
"""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import Column, Connection, Table, Text, delete, insert, select

from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.store import metadata

api_secrets = Table(
    "api_secret",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("token", Text, nullable=False, index=True),
)
HEADER = "api-secret"
_SENT = re.compile(r"[0-9a-f]{40}")


def keep_api_secret(connection: Connection, secret: str) -> None:
    """Let a token be sent as Nightscout's secret."""
    sent = hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()
    connection.execute(insert(api_secrets).values(hash=hashed(sent), token=hashed(secret)))


def token_id_of(connection: Connection, sent: str) -> str | None:
    """Id of the token of which this is the SHA-1, in hexadecimal digits; it may have ended."""
    plain = sent.strip().lower()
    if _SENT.fullmatch(plain) is None:
        return None
    query = select(api_secrets.c.token).where(api_secrets.c.hash == hashed(plain))
    found = connection.execute(query).scalar()
    return str(found) if found is not None else None


def forget_api_secrets(connection: Connection, tokens: Table) -> None:
    """Let go of those whose token is no more."""
    connection.execute(delete(api_secrets).where(api_secrets.c.token.not_in(select(tokens.c.hash))))
