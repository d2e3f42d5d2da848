"""An application as it meets the authorization server: registers, asks, gets a code, exchanges it."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi.testclient import TestClient
from served import Served

BACK = "https://app.example.org/back"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of a page."""
    return dict(HIDDEN.findall(text))


@dataclass
class Application:
    """One application over a server under test; `browser` is signed in as the person who is asked."""

    served: Served
    browser: TestClient
    method: str = "none"
    redirects: tuple[str, ...] = (BACK,)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    told: dict[str, Any] = field(default_factory=dict)

    def register(self, **changes: Any) -> Any:
        """Register; the answer as it came."""
        asked = {"redirect_uris": list(self.redirects), "token_endpoint_auth_method": self.method, "client_name": "App"}
        asked |= {"grant_types": ["authorization_code", "refresh_token"]} | changes
        answer = self.served.anybody.post("/oauth/register", json=asked)
        if answer.status_code == 201:
            self.told = answer.json()
        return answer

    @property
    def challenge(self) -> str:
        """S256 of the verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def request(self, scope: str, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request."""
        asked: dict[str, str | None] = {"response_type": "code", "client_id": self.told["client_id"]}
        asked |= {"redirect_uri": self.redirects[0], "scope": scope, "state": "st"}
        asked |= {"code_challenge": self.challenge, "code_challenge_method": "S256"} | changes
        return {name: value for name, value in asked.items() if value is not None}

    def page(self, scope: str, **changes: str | None) -> Any:
        """The page that asks the person, or where it sends instead."""
        return self.browser.get(f"/oauth/authorize?{urlencode(self.request(scope, **changes))}")

    def decide(
        self, page: Any, decision: str = "allow", allow: list[str] | None = None, **fields: str
    ) -> Mapping[str, str]:
        """Answer the page; the parameters that come back to the application."""
        offered = re.findall(r'name="allow" value="([^"]+)"', page.text)
        form = hidden(page.text) | {"decision": decision} | fields
        answer = self.browser.post("/oauth/authorize", data=form | {"allow": offered if allow is None else allow})
        assert answer.status_code == 303, answer.text
        return returned(answer.headers["location"])

    def token(self, **fields: str) -> Any:
        """The answer of the token endpoint."""
        known = {"client_id": self.told["client_id"]}
        if self.method == "client_secret_post":
            known["client_secret"] = self.told["client_secret"]
        return self.served.anybody.post("/oauth/token", data=known | fields)

    def exchange(self, code: str, /, **changes: str) -> Any:
        """A code becomes tokens."""
        told = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirects[0]}
        return self.token(**(told | {"code_verifier": self.verifier} | changes))

    def refresh(self, secret: str, **changes: str) -> Any:
        """A refresh token becomes the next tokens."""
        return self.token(grant_type="refresh_token", refresh_token=secret, **changes)

    def connect(self, scope: str, asked: Mapping[str, str] | None = None, **fields: str) -> dict[str, Any]:
        """The whole way; gives the tokens."""
        if not self.told:
            self.register()
        back = self.decide(self.page(scope, **(asked or {})), "allow", None, **fields)
        answer = self.exchange(back["code"])
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def returned(location: str) -> dict[str, str]:
    """Parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
