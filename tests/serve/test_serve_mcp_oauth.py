"""An agent that was told an address and nothing else: the official client registers itself and asks a person, who
signs in, reads the page and chooses; the agent has what was allowed until the person ends it."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from agents import data, error
from applications import hidden, returned
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from served import Listening, listening

from vitruvian.serve.identity import account_named
from vitruvian.serve.identity.passwords import set_password

BACK = "http://127.0.0.1:33418/callback"
GOOD = "correct horse battery staple"


@pytest.fixture(scope="module")
def there(server_record: Path) -> Iterator[Listening]:
    """A server behind a socket."""
    with listening(server_record) as one:
        yield one


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page as a browser reads them."""
    return {name: html.unescape(value) for name, value in hidden(page).items()}


@dataclass
class Person:
    """A clinician with a browser; `choice` is what they choose on the page."""

    there: Listening
    choice: dict[str, str]
    answer: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.browser = httpx.Client(base_url=self.there.url, headers={"accept": "text/html"}, timeout=120)
        self.name = self.there.people.account("clinician").name
        set_password(self.there.people.store, account_named(self.there.people.store, self.name), GOOD)

    async def opens(self, address: str) -> None:
        """The agent opens the browser at an address; what the person's answer brings back is kept."""
        self.answer = returned(await asyncio.to_thread(self._decides, address))

    async def comes_back(self) -> AuthorizationCodeResult:
        """What came to the agent's own address."""
        return AuthorizationCodeResult(**{name: self.answer.get(name, "") for name in ("code", "state", "iss")})

    def _decides(self, address: str) -> str:
        page = self.browser.get(address)
        if page.status_code == 303:  # not signed in yet
            form = self.browser.get(page.headers["location"])
            told = fields_of(form.text) | {"name": self.name, "password": GOOD, "code": ""}
            page = self.browser.get(self.browser.post("/sign-in", data=told).headers["location"])
        assert page.status_code == 200, page.text
        self.asked = re.findall(r'name="allow" value="([^"]+)"', page.text)
        assert "It registered itself" in page.text
        form_fields: dict[str, Any] = fields_of(page.text) | {"allow": self.asked, "decision": "allow"} | self.choice
        answer = self.browser.post("/oauth/authorize", data=form_fields)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(f"{BACK}?")
        return str(answer.headers["location"])


class Memory(TokenStorage):
    """What the agent keeps."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def agent(person: Person, memory: Memory) -> dict[str, Any]:
    """What an agent finds that is told the address of `/mcp` alone."""
    about = OAuthClientMetadata(client_name="Agent under test", redirect_uris=[AnyUrl(BACK)])
    url = f"{person.there.url}/mcp"
    signing_in = OAuthClientProvider(url, about, memory, person.opens, person.comes_back)

    async def main() -> dict[str, Any]:
        async with (
            httpx2.AsyncClient(auth=signing_in, timeout=120, follow_redirects=True) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            other = await client.call_tool("patient_summary", {"patient": "sample-b"})
            return {"summary": await client.call_tool("patient_summary", {}), "other": other}

    return asyncio.run(main())


@pytest.mark.slow
def test_from_an_address_to_an_answer_and_to_its_end(there: Listening) -> None:
    person, memory = Person(there, {"patient": "sample-a"}), Memory()
    found = agent(person, memory)
    assert data(found["summary"])["who"]["name"] == "Anton Sample"
    assert error(found["other"])["what"] == "no such patient"
    assert memory.client is not None
    assert memory.client.client_name == "Agent under test"
    assert memory.tokens is not None
    assert memory.tokens.scope is not None
    assert set(memory.tokens.scope.split()) == set(person.asked)
    assert not [one for one in person.asked if one.startswith("system/")]
    bearer = {"authorization": f"Bearer {memory.tokens.access_token}", "accept": "application/json"}
    assert httpx.get(f"{there.url}/api/v1/patients", headers=bearer).status_code == 401  # it is for /mcp alone
    page = person.browser.get("/account/applications").text
    assert "Agent under test" in page
    person.browser.post("/account/applications/end", data=fields_of(page))
    ended = httpx.post(f"{there.url}/mcp", headers=bearer, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert ended.status_code == 401
    # the agent asks again, under the id of its first registration
    person.answer, before = {}, memory.client.client_id
    assert data(agent(person, memory)["summary"])["who"]["name"] == "Anton Sample"
    assert memory.client.client_id == before
    assert person.answer["code"]
    person.browser.close()
