"""What applications read first: metadata of the authorization server (RFC 8414), SMART configuration, keys."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from vitruvian.serve.caller import Open
from vitruvian.serve.oauth.clients import GRANTS, METHODS
from vitruvian.serve.oauth.proof import ALGORITHMS
from vitruvian.serve.oauth.services import GRANT
from vitruvian.serve.oauth.signing import public_keys
from vitruvian.serve.server import Server, server_of

router = APIRouter()
_SCOPES = (
    "openid", "profile", "fhirUser", "launch", "launch/patient", "offline_access",
    "patient/*.rs", "patient/*.cruds", "user/*.rs", "user/*.cruds",
    "system/*.rs", "system/*.cruds",
)  # fmt: skip
_CAPABILITIES = (
    "launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric",
    "client-confidential-asymmetric", "sso-openid-connect", "context-ehr-patient", "context-standalone-patient",
    "context-banner", "permission-offline",
    "permission-patient", "permission-user", "permission-v1", "permission-v2",
)  # fmt: skip
_ASKED_FIRST = [Open("applications ask it before they have a token")]


def endpoints(server: Server) -> dict[str, Any]:
    """Addresses and abilities of the authorization server."""
    url = server.settings.url
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/oauth/authorize",
        "token_endpoint": f"{url}/oauth/token",
        "registration_endpoint": f"{url}/oauth/register",
        "revocation_endpoint": f"{url}/oauth/revoke",
        "introspection_endpoint": f"{url}/oauth/introspect",
        "jwks_uri": f"{url}/oauth/keys",
        "management_endpoint": f"{url}/account/applications",
        "scopes_supported": list(_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [*GRANTS, GRANT],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
    }


@router.get("/.well-known/oauth-authorization-server", dependencies=_ASKED_FIRST)
def authorization_server(request: Request) -> dict[str, Any]:
    """Metadata of the authorization server (RFC 8414)."""
    return endpoints(server_of(request))


@router.get("/.well-known/openid-configuration", dependencies=_ASKED_FIRST)
@router.get("/fhir/.well-known/openid-configuration", dependencies=_ASKED_FIRST)
def openid(request: Request) -> dict[str, Any]:
    """The same for OpenID Connect."""
    more = {"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"]}
    claims = ["iss", "sub", "aud", "exp", "iat", "nonce", "name", "fhirUser"]
    return endpoints(server_of(request)) | more | {"claims_supported": claims}


@router.get("/fhir/.well-known/smart-configuration", dependencies=_ASKED_FIRST)
def smart(request: Request) -> dict[str, Any]:
    """The same for SMART App Launch 2.2."""
    return endpoints(server_of(request)) | {"capabilities": list(_CAPABILITIES)}


@router.get("/.well-known/oauth-protected-resource/fhir", dependencies=_ASKED_FIRST)
def protected_fhir(request: Request) -> dict[str, Any]:
    """Who gives tokens for FHIR (RFC 9728)."""
    url = server_of(request).settings.url
    told = {"resource": f"{url}/fhir", "authorization_servers": [url], "bearer_methods_supported": ["header"]}
    return told | {"scopes_supported": list(_SCOPES)}


@router.get("/oauth/keys", dependencies=_ASKED_FIRST)
def keys(request: Request) -> dict[str, Any]:
    """Public keys of ID tokens (RFC 7517)."""
    return public_keys(server_of(request))
