"""A program that nobody sits before, as it meets the server: it has a key, signs, and gets tokens."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from joserfc import jwk, jwt
from served import Served

from vitruvian.serve.oauth import add_service

BY_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Program:
    """One program over a server under test; `client_id` is that of its registration."""

    served: Served
    key: jwk.ECKey | jwk.RSAKey
    algorithm: str = "ES384"
    client_id: str = ""

    @property
    def keys(self) -> dict[str, Any]:
        """Its public keys, as an administrator gets them."""
        return {"keys": [self.key.as_dict(private=False)]}

    def register(self, role: str, scopes: tuple[str, ...] = ("system/*.rs",)) -> None:
        """As an account of this role."""
        account = self.served.people.account(role)
        self.client_id = add_service(self.served.server.store, "test program", account.id, self.keys, scopes).client_id

    def assertion(self, **claims: Any) -> str:
        """What it signs; a claim that is None is left out."""
        now, url = int(time.time()), self.served.server.settings.url
        told = {"iss": self.client_id, "sub": self.client_id, "aud": f"{url}/oauth/token", "exp": now + 240}
        told |= {"jti": str(uuid.uuid4())} | claims
        kept = {name: value for name, value in told.items() if value is not None}
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, kept, self.key, algorithms=[self.algorithm])

    def ask(self, scope: str = "system/*.rs", assertion: str = "", **fields: str) -> Any:
        """The answer of the token endpoint."""
        told = {"grant_type": "client_credentials", "scope": scope, "client_assertion_type": BY_JWT}
        signed = {"client_assertion": assertion or self.assertion()}
        return self.served.anybody.post("/oauth/token", data=told | signed | fields)

    def client(self, scope: str = "system/*.rs", **fields: str) -> TestClient:
        """A client that brings a fresh token."""
        made = TestClient(self.served.app, follow_redirects=False, headers={"accept": "application/json"})
        made.portal, made.app_state = self.served.anybody.portal, self.served.anybody.app_state
        made.headers["authorization"] = f"Bearer {self.ask(scope, **fields).json()['access_token']}"
        return made


def new_program(served: Served) -> Program:
    """With an elliptic key; not registered yet."""
    return Program(served, jwk.ECKey.generate_key("P-384", auto_kid=True))
