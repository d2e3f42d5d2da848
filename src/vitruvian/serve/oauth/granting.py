"""The authorization server: codes with PKCE and refresh tokens, by authlib over this server's store (RFC 6749, 7636).

OAuth 2.1 as far as it differs: S256 is needed of everybody, redirect addresses are compared exactly, refresh tokens
rotate. What a token may do is decided by the approval, its roles and consents by each request.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import OAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import create_s256_code_challenge

from vitruvian.serve.caller import SignInNeeded
from vitruvian.serve.identity.accounts import account_of
from vitruvian.serve.identity.approvals import Approval, approval_of, end_approval, keep_approval
from vitruvian.serve.identity.tokens import write_token
from vitruvian.serve.oauth.clients import BY_KEY, METHODS, Client
from vitruvian.serve.oauth.codes import Code, keep_code, taken_code
from vitruvian.serve.oauth.places import path_of
from vitruvian.serve.oauth.proof import known_client, proven_client
from vitruvian.serve.oauth.refresh import held_approval, new_refresh_token, spend
from vitruvian.serve.oauth.services import Service
from vitruvian.serve.oauth.signing import id_token
from vitruvian.serve.server import Server

ACCESS_S, SERVICE_S = 3600, 300
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What the endpoint says: status, body, headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Asked(OAuth2Payload):  # type: ignore[misc]
    """The parameters of a request, as often as they came."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    @property
    def data(self) -> dict[str, str]:
        return dict(self._fields)

    @cached_property
    def datalist(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self._fields:
            found.setdefault(name, []).append(value)
        return found


class Request(OAuth2Request):  # type: ignore[misc]
    """A request to an endpoint, apart from the web framework."""

    def __init__(self, method: str, url: str, fields: Fields, headers: Mapping[str, str]) -> None:
        super().__init__(method, url, headers=headers)
        self.payload = Asked(fields)

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data if self.method == "GET" else {}

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data if self.method == "POST" else {}


class Granting(AuthorizationServer):  # type: ignore[misc]
    """The endpoints over the store of one server."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.over = server
        self.register_grant(_ByCode, [_Challenge(required=True)])
        self.register_grant(_ByRefreshToken)
        self.register_grant(_ByOwnKey)
        self.register_client_auth_method(BY_KEY, self._by_key)

    def query_client(self, client_id: str) -> Client | Service | None:
        return known_client(self.over.store, client_id)

    def _by_key(self, _: Any, request: Request) -> Client | Service | None:
        """Whose key signed the request, for the token endpoint or this server."""
        url = self.over.settings.url
        try:
            return proven_client(self.over.store, request.form, [f"{url}/oauth/token", url])
        except SignInNeeded as error:
            raise InvalidClientError(description=error.what) from error

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Answer:
        return Answer(status, body, dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def save_token(self, token: Mapping[str, Any], request: Request) -> None:
        """Tokens are kept where they are made, in one transaction with what they replace."""


class _Challenge(CodeChallenge):  # type: ignore[misc]
    """PKCE by S256, of public and confidential applications alike; compared in constant time."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS: ClassVar = {
        "S256": lambda verifier, challenge: secrets.compare_digest(create_s256_code_challenge(verifier), challenge)
    }

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: code_challenge with code_challenge_method=S256")
        super().validate_code_challenge(grant, redirect_uri)


class _ByCode(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def generate_authorization_code(self) -> str:
        return f"vc_{secrets.token_urlsafe(32)}"

    def save_authorization_code(self, code: str, request: Request) -> None:
        approval: Approval = request.user
        store, asked = self.server.over.store, request.payload.data
        with store.transaction() as connection:
            kept = keep_approval(connection, approval)
        about = (asked["code_challenge"], asked.get("nonce", ""))
        redirect = request.payload.redirect_uri or ""
        keep_code(store, code, Code(approval.client, kept, redirect, " ".join(sorted(approval.scopes)), *about))

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return taken_code(self.server.over.store, code, client.client_id)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It was spent when it was taken, and is kept so that a second use is noticed."""

    def authenticate_user(self, authorization_code: Code) -> Approval | None:
        with self.server.over.store.transaction() as connection:
            approval = approval_of(connection, authorization_code.approval)
        return _demand_usable(self.server, self.request, approval)

    def generate_token(self, user: Approval, scope: str, **_: Any) -> dict[str, Any]:
        server: Server = self.server.over
        wants_more = "offline_access" in user.scopes and self.request.client.check_grant_type("refresh_token")
        with server.store.transaction() as connection:
            told = _token(connection, user, user.scopes)
            if wants_more:
                told["refresh_token"] = new_refresh_token(connection, user.id)
        if "openid" in user.scopes:
            told["id_token"] = id_token(server, user, self.request.authorization_code.nonce)
        return told


class _Held:
    """An approval as authlib asks a refresh token for it."""

    def __init__(self, approval: Approval, secret: str) -> None:
        self.approval, self.secret = approval, secret

    def check_client(self, client: Client) -> bool:
        return self.approval.client == client.client_id

    def get_scope(self) -> str:
        return " ".join(sorted(self.approval.scopes))


class _ByRefreshToken(RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> _Held | None:
        found = held_approval(self.server.over.store, refresh_token, self.request.client.client_id)
        return _Held(found, refresh_token) if found else None

    def authenticate_user(self, refresh_token: _Held) -> Approval | None:
        return _demand_usable(self.server, self.request, refresh_token.approval)

    def issue_token(self, user: Approval, refresh_token: _Held) -> dict[str, Any]:
        asked = frozenset((self.request.payload.scope or "").split()) or user.scopes
        with self.server.over.store.transaction() as connection:
            fresh = spend(connection, refresh_token.secret)
            if fresh:
                told = _token(connection, user, asked)
                return told | {"refresh_token": new_refresh_token(connection, user.id)}
            end_approval(connection, user.id)
        raise InvalidGrantError()

    def revoke_old_credential(self, refresh_token: _Held) -> None:
        """It was spent in the transaction that made the next one."""


class _ByOwnKey(ClientCredentialsGrant):  # type: ignore[misc]
    """Programs that an administrator registered; the token is short and for FHIR unless it is asked for elsewhere."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BY_KEY,)

    def validate_requested_scope(self) -> None:
        if not self.request.client.given(self.request.payload.scope or ""):
            raise InvalidScopeError()

    def generate_token(self, scope: str, **_: Any) -> dict[str, Any]:
        server, service = self.server.over, self.request.client
        account = account_of(server.store, service.account)
        if account is None or not account.active:
            raise InvalidClientError(description="the account of the program is not active")
        path = path_of(server.settings, self.request.payload.data.get("resource", f"{server.settings.url}/fhir"))
        if path is None:
            raise InvalidRequestError("resource: no place of this server")
        about = (service.account, service.client_id, service.name, service.given(scope), None, service.purpose, path)
        with server.store.transaction() as connection:
            return _token(connection, Approval(*about, id=service.client_id), service.given(scope), SERVICE_S)


def _demand_usable(granting: Granting, request: Request, approval: Approval | None) -> Approval | None:
    """The approval, if its account is in use. Raises where the token is asked for another place (RFC 8707)."""
    if approval is None:
        return None
    account = account_of(granting.over.store, approval.account)
    if account is None or not account.active:
        return None
    asked = request.payload.data.get("resource")
    if asked is not None and path_of(granting.over.settings, asked) != approval.path:
        raise InvalidRequestError("resource: the person approved another one")
    return approval


def _token(connection: Any, approval: Approval, scopes: frozenset[str], lasts_s: int = ACCESS_S) -> dict[str, Any]:
    about = {"label": approval.label, "scopes": " ".join(sorted(scopes)), "patient": approval.patient or ""}
    about |= {"purpose": approval.purpose, "path": approval.path}
    secret = write_token(connection, approval.account, about, lasts_s * 1000, approval.id)
    told: dict[str, Any] = {"access_token": secret, "token_type": "Bearer", "expires_in": lasts_s}
    told["scope"] = about["scopes"]
    if approval.patient:
        told |= {"patient": approval.patient, "need_patient_banner": True}
    return told
