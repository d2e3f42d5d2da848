"""Who signs a request with a key of their own is who gave us its public one: applications and programs alike.

Source: HL7 SMART App Launch 2.2, "Asymmetric Authentication"; RFC 7523.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitruvian.serve.oauth.clients import Client, client_of
from vitruvian.serve.oauth.services import Service, service_of
from vitruvian.serve.signed import claimed, proven
from vitruvian.serve.store import Store

ALGORITHMS = ("ES384", "RS384")
_BY_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_S = 300


def known_client(store: Store, client: str) -> Client | Service | None:
    """The application or program with this id."""
    return client_of(store, client) or service_of(store, client)


def proven_client(store: Store, fields: Mapping[str, str], audiences: Sequence[str]) -> Client | Service | None:
    """Who signed the request's assertion for us; None where none came. Raises `SignInNeeded`."""
    if fields.get("client_assertion_type") != _BY_JWT:
        return None
    token = fields.get("client_assertion", "")
    name = str((claimed(token) or {}).get("sub") or "")
    found = known_client(store, name)
    if found is None or not found.keys or fields.get("client_id", name) != name:
        return None
    wanted = {"iss": name, "sub": name, "aud": list(audiences)}
    proven(store, token, found.keys, wanted, algorithms=ALGORITHMS, longest_s=_LONGEST_S)
    return found
