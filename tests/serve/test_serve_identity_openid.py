"""Signing in by an OpenID Connect provider: a real one in another process; and words that are not to be trusted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from applications import hidden, returned
from browsers import new_browser
from joserfc import jwk, jwt
from served import Running, Served, running, serving
from sqlalchemy import select, update

from vitruvian.core import AccessError, InputError, StoreError
from vitruvian.serve.identity import add_account, set_active
from vitruvian.serve.identity.connections import connect, connected_account, connections, ways
from vitruvian.serve.identity.openid import Person, Way, _checked, person_of, way_to
from vitruvian.serve.identity.sessions import COOKIE
from vitruvian.serve.settings import OpenIdProvider

BACK = "http://127.0.0.1:8000/sign-in/back"


@pytest.fixture(scope="module")
def provider(server_record: Path) -> Iterator[tuple[Running, OpenIdProvider]]:
    """A provider in a process of its own, where this server is registered with a secret."""
    with running(server_record) as there:
        asked = {"redirect_uris": [BACK], "client_name": "Clinic", "token_endpoint_auth_method": "client_secret_basic"}
        told = httpx.post(f"{there.url}/oauth/register", json=asked).json()
        yield there, OpenIdProvider("Clinic", there.url, told["client_id"], told["client_secret"])


@pytest.fixture
def here(tmp_path: Path, provider: tuple[Running, OpenIdProvider]) -> Iterator[Served]:
    """A server that lets the provider sign people in."""
    with serving(tmp_path / "here.db", providers=(provider[1],)) as one:
        yield one


def at_provider(there: Running, address: str) -> dict[str, str]:
    """Somebody at the provider says yes; what comes back to us."""
    assert address.startswith(f"{there.url}/oauth/authorize?")
    cookies, headers = there.people.session("clinician")
    with httpx.Client(cookies=cookies, headers=headers | {"accept": "text/html"}) as browser:
        page = browser.get(address)
        form = hidden(page.text) | {"decision": "allow", "allow": ["openid", "profile"]}
        answer = browser.post(f"{there.url}/oauth/authorize", data=form)
    assert answer.headers["location"].startswith(f"{BACK}?")
    return returned(answer.headers["location"])


def test_signing_in_and_connecting(here: Served, provider: tuple[Running, OpenIdProvider]) -> None:
    there, told = provider
    store, browser = here.server.store, new_browser(here)
    assert "Sign in with Clinic" in browser.get("/sign-in").text
    # nobody is connected yet: no session
    went = browser.get("/sign-in/with/Clinic?next=/account")
    assert urlsplit(went.headers["location"]).netloc == urlsplit(told.issuer).netloc
    answer = at_provider(there, went.headers["location"])
    assert browser.get("/sign-in/back", params=answer).status_code == 303
    assert COOKIE not in browser.cookies
    # somebody who is signed in connects it
    mine = here.client("clinician", json=False)
    csrf = {"csrf": mine.headers.pop("x-csrf-token")}
    assert mine.post("/account/connect", data={"provider": "Clinic"}).status_code == 403
    went = mine.post("/account/connect", data=csrf | {"provider": "Clinic"})
    assert told.issuer in mine.get("/account").headers["content-security-policy"]
    done = mine.get("/sign-in/back", params=at_provider(there, went.headers["location"]))
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert "Clinic can sign you in" in mine.get("/account").text
    # from now on it signs them in
    went = browser.get("/sign-in/with/Clinic?next=/account")
    answer = at_provider(there, went.headers["location"])
    back = browser.get("/sign-in/back", params=answer)
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    assert here.people.account("clinician").name in browser.get("/account").text
    # what came back is used once
    browser.cookies.delete(COOKIE)
    assert browser.get("/sign-in/back", params=answer).status_code == 403
    # a disabled account does not come in
    set_active(store, here.people.account("clinician").id, False)
    went = browser.get("/sign-in/with/Clinic")
    assert browser.get("/sign-in/back", params=at_provider(there, went.headers["location"])).status_code == 303
    assert COOKIE not in browser.cookies


def test_an_answer_belongs_to_one_browser_and_one_question(
    here: Served, provider: tuple[Running, OpenIdProvider]
) -> None:
    there = provider[0]
    attacker, victim = new_browser(here), new_browser(here)
    answer = at_provider(there, attacker.get("/sign-in/with/Clinic").headers["location"])
    assert victim.get("/sign-in/back", params=answer).status_code == 403  # without a way of its own
    victim.get("/sign-in/with/Clinic")
    assert victim.get("/sign-in/back", params=answer).status_code == 403  # with one
    for wrong in ({"state": "x"}, {"iss": "https://evil.example.org"}, {"code": "vc_x"}, {"state": "é"}):
        own = at_provider(there, victim.get("/sign-in/with/Clinic").headers["location"])
        assert victim.get("/sign-in/back", params=own | wrong).status_code == 403, wrong
    refused = returned(victim.get("/sign-in/with/Clinic").headers["location"])
    denied = {"error": "access_denied", "state": refused["state"]}
    assert victim.get("/sign-in/back", params=denied).status_code == 403
    assert COOKIE not in victim.cookies
    assert victim.get("/sign-in/with/None").status_code == 404


def test_ways_are_sealed_and_end(here: Served, provider: tuple[Running, OpenIdProvider]) -> None:
    browser = new_browser(here)
    asked = returned(browser.get("/sign-in/with/Clinic").headers["location"])
    with here.server.store.transaction() as connection:
        kept = str(connection.execute(select(ways)).all())
        connection.execute(update(ways).values(until_ms=ways.c.until_ms - 601_000))
    assert asked["state"] not in kept
    assert asked["nonce"] not in kept
    answer = at_provider(provider[0], browser.get("/sign-in/with/Clinic").headers["location"])
    with here.server.store.transaction() as connection:
        connection.execute(update(ways).values(until_ms=ways.c.until_ms - 601_000))
    assert browser.get("/sign-in/back", params=answer).status_code == 403


def test_a_provider_that_is_not_there_or_calls_itself_otherwise(provider: tuple[Running, OpenIdProvider]) -> None:
    there = provider[0]
    for issuer in ("http://127.0.0.1:9", f"{there.url}/fhir", f"{there.url}/", "http://provider.example.org"):
        with pytest.raises(StoreError):
            way_to(OpenIdProvider("X", issuer, "x"), BACK)
    with pytest.raises(AccessError):
        person_of(provider[1], BACK, Way("", "s", "n", "v" * 43), {"state": "s", "code": "vc_none"})


# -- words that are not to be trusted ---------------------------------------------------------------------------

KEY = jwk.ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
WHO = OpenIdProvider("Clinic", "https://id.example.org", "twin")


def word(header: dict[str, Any] | None = None, key: Any = KEY, **changes: Any) -> str:
    """An ID token, with changes; None leaves a claim out."""
    now = int(time.time())
    claims = {"iss": WHO.issuer, "aud": "twin", "sub": "7", "iat": now, "exp": now + 300, "nonce": "n"} | changes
    told = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(header or {"alg": "ES256", "kid": KEY.kid}, told, key, algorithms=["ES256", "HS256", "none"])


def keys() -> dict[str, Any]:
    """The provider's public keys."""
    return {"keys": [KEY.as_dict(private=False)]}


def test_a_good_word_is_believed() -> None:
    assert _checked(WHO, word(), keys(), "n")["sub"] == "7"
    assert _checked(WHO, word(aud=["twin", "other"], azp="twin"), keys(), "n")["sub"] == "7"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.org"}, {"aud": "other"}, {"aud": ["twin", "other"]}, {"azp": "other"},
        {"nonce": "other"}, {"nonce": None}, {"sub": None}, {"exp": None}, {"iat": None}, {"exp": 1_000},
        {"iat": int(time.time()) + 3600}, {"iss": None}, {"aud": None}, {"exp": "soon"}, {"aud": 7},
    ],
    ids=str,
)  # fmt: skip
def test_words_that_are_not_for_us_or_not_of_now(changes: dict[str, Any]) -> None:
    with pytest.raises(AccessError):
        _checked(WHO, word(**changes), keys(), "n")


def test_words_that_are_not_signed_by_the_provider() -> None:
    other = jwk.ECKey.generate_key("P-256", {"kid": KEY.kid})
    symmetric = jwk.OctKey.generate_key(256, {"kid": KEY.kid})
    forged = [
        word(key=other),
        word({"alg": "HS256", "kid": KEY.kid}, symmetric),
        word()[:-4] + "AAAA",
        "",
        "a.b.c",
        "é",
    ]
    forged.append("eyJhbGciOiJub25lIn0." + word().split(".")[1] + ".")  # {"alg":"none"}
    for one in forged:
        with pytest.raises(AccessError):
            _checked(WHO, one, keys(), "n")


def test_an_address_counts_only_where_it_is_verified_and_the_name_of_an_account(here: Served) -> None:
    store = here.server.store
    anna = add_account(store, "Anna@clinic.example.org", ["clinician"])
    plain = add_account(store, "plain", ["clinician"])
    assert connected_account(store, Person("https://i", "1", email="anna@clinic.example.org")) == anna.id
    assert connected_account(store, Person("https://i", "1", name="Anna@clinic.example.org")) is None
    assert connected_account(store, Person("https://i", "1", email="plain")) is None
    connect(store, plain.id, Person("https://i", "1"))
    assert connected_account(store, Person("https://i", "1", email="anna@clinic.example.org")) == plain.id
    assert connected_account(store, Person("https://other", "1")) is None
    with pytest.raises(InputError):
        connect(store, anna.id, Person("https://i", "1"))
    with store.transaction() as connection:
        assert len(connection.execute(select(connections)).all()) == 1
