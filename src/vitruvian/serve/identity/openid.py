"""OpenID Connect with any provider: the code flow with PKCE, state and nonce, and the ID token checked.

Source: OpenID Connect Core 1.0, Discovery 1.0; RFC 9207 (who answers); RFC 8725 (no token without a signature by a
public key). What a provider sends is believed only once its ID token was checked.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from vitruvian.core import AccessError, StoreError
from vitruvian.serve.settings import OpenIdProvider

if TYPE_CHECKING:
    import httpx

_ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "Ed25519")
_WAIT_S = 10.0
_LEEWAY_S = 60
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Way:
    """One way to a provider and back: where the browser goes, and what must come back with it."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Person:
    """Who a provider says it is; `email` only where the provider has verified it, `claims` all that it says."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)


def way_to(provider: OpenIdProvider, back: str, scope: str = "openid profile email") -> Way:
    """Where to send the browser. Raises `StoreError` where the provider cannot be reached."""
    from authlib.common.urls import add_params_to_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    asked = {"response_type": "code", "client_id": provider.client_id, "redirect_uri": back, "scope": scope}
    asked |= {"state": state, "nonce": nonce, "code_challenge_method": "S256"}
    asked["code_challenge"] = create_s256_code_challenge(verifier)
    with _client() as client:
        address = add_params_to_uri(_metadata(client, provider)["authorization_endpoint"], list(asked.items()))
    return Way(address, state, nonce, verifier)


def person_of(provider: OpenIdProvider, back: str, way: Way, answer: Mapping[str, str]) -> Person:
    """Who came back with `answer`. Raises `AccessError` where it does not belong to the way, `StoreError`."""
    if not secrets.compare_digest(answer.get("state", "").encode(), way.state.encode()):
        raise AccessError("the answer of the provider is not to this browser's question", todo="Begin again.")
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise AccessError("another provider answered", todo="Begin again.")
    if "code" not in answer:
        raise AccessError("the provider did not sign anybody in", todo="Begin again.")
    asked = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": back}
    with _client() as client:
        told = _metadata(client, provider)
        token = _exchanged(client, provider, told["token_endpoint"], asked | {"code_verifier": way.verifier})
        keys = _fetched(client, told["jwks_uri"])
    claims = _checked(provider, str(token.get("id_token", "")), keys, way.nonce)
    email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
    return Person(provider.issuer, str(claims["sub"]), str(claims.get("name", "")), email, claims)


def _client() -> httpx.Client:
    import httpx

    return httpx.Client(timeout=_WAIT_S, follow_redirects=False, headers={"accept": "application/json"})


def _metadata(client: httpx.Client, provider: OpenIdProvider) -> dict[str, Any]:
    told = _fetched(client, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if told.get("issuer") != provider.issuer:
        raise StoreError("the provider calls itself something else", got=told.get("issuer"), allowed=provider.issuer)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _safe(str(told.get(name, ""))):
            raise StoreError("the provider names an address without TLS", got=name)
    return told


def _fetched(client: httpx.Client, address: str) -> dict[str, Any]:
    """A JSON object at an address."""
    import httpx

    if not _safe(address):
        raise StoreError("a provider needs TLS", got=address)
    try:
        answer = client.get(address)
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise StoreError("the provider cannot be reached", got=type(error).__name__, todo="Try again later.") from error
    if not isinstance(told, dict):
        raise StoreError("the provider does not answer as one")
    return told


def _exchanged(
    client: httpx.Client, provider: OpenIdProvider, address: str, asked: Mapping[str, str]
) -> Mapping[str, Any]:
    """The tokens for a code; an application with a secret proves itself by HTTP Basic (RFC 6749, section 2.3.1)."""
    import httpx

    name, secret = provider.client_id, provider.client_secret
    try:
        if secret:
            proof = httpx.BasicAuth(quote(name, safe=""), quote(secret, safe=""))
            answer = client.post(address, data=asked, auth=proof)
        else:
            answer = client.post(address, data={**asked, "client_id": name})
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise AccessError("the provider did not accept its own code", got=type(error).__name__) from error
    return told if isinstance(told, dict) else {}


def _checked(provider: OpenIdProvider, token: str, keys: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
    """The claims of an ID token that is this provider's, for us, of now, and to this question."""
    from joserfc import jwk, jwt
    from joserfc.errors import JoseError

    try:
        found = jwt.decode(token, jwk.KeySet.import_key_set(cast(Any, keys)), algorithms=list(_ALGORITHMS)).claims
        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        jwt.JWTClaimsRegistry(leeway=_LEEWAY_S, **wanted).validate(found)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise AccessError("the provider's word is not to be trusted", got=type(error).__name__) from error
    audience = found["aud"]
    if isinstance(audience, list) and len(audience) > 1 and found.get("azp") != provider.client_id:
        raise AccessError("the provider's word is for others, too")
    if found.get("azp", provider.client_id) != provider.client_id:
        raise AccessError("the provider's word is for another application")
    return found


def _safe(address: str) -> bool:
    """TLS, or a provider on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
