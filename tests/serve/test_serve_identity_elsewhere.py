"""Others on the network: a provider that signs people in, a system that launches us; words not to be trusted."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from applications import hidden, returned
from browsers import new_browser
from joserfc import jwk, jwt
from served import Listening, Served, listening, serving
from sqlalchemy import insert, select, update

from vitruvian.core import AccessError, DataError, InputError, StoreError
from vitruvian.record import Record
from vitruvian.serve.identity import (
    account_of,
    add_account,
    all_accounts,
    caller_of_token,
    change_roles,
    new_token,
    set_active,
)
from vitruvian.serve.identity.accounts import accounts
from vitruvian.serve.identity.connections import connect, connected_account, connections, ways
from vitruvian.serve.identity.openid import Person, Way, _checked, person_of, way_to
from vitruvian.serve.identity.provider_roles import (
    first_account,
    follow_claims,
    forget_claims,
    provider_roles,
    roles_by,
)
from vitruvian.serve.identity.sessions import COOKIE
from vitruvian.serve.oauth.clients import add_client
from vitruvian.serve.oauth.ehr import _entries
from vitruvian.serve.oauth.registration import new_client
from vitruvian.serve.settings import OpenIdProvider, RoleRule

BACK = "http://127.0.0.1:8000/sign-in/back"
LAUNCHED = "http://127.0.0.1:8000/smart/back"


@pytest.fixture(scope="module")
def provider(server_record: Path) -> Iterator[tuple[Listening, OpenIdProvider]]:
    """A provider behind a socket, where this server is registered with a secret."""
    with listening(server_record) as there:
        asked = {"redirect_uris": [BACK, LAUNCHED], "client_name": "Clinic"}
        client, secret = new_client(asked, launch_url="http://127.0.0.1:8000/smart/launch")
        add_client(there.people.store, client)
        yield there, OpenIdProvider("Clinic", there.url, client.client_id, secret)


@pytest.fixture
def here(tmp_path: Path, provider: tuple[Listening, OpenIdProvider]) -> Iterator[Served]:
    """A server that lets the provider sign people in."""
    there, told = provider
    ehr = OpenIdProvider("Hospital", f"{there.url}/fhir", told.client_id, told.client_secret)
    with serving(tmp_path / "here.db", providers=(told,), ehrs=(ehr,)) as one:
        yield one


def at_provider(there: Listening, address: str, **fields: str) -> dict[str, str]:
    """Somebody at the other server says yes to all; what comes back to us."""
    assert address.startswith(f"{there.url}/oauth/authorize?")
    cookies, headers = there.people.session("clinician")
    with httpx.Client(cookies=cookies, headers=headers | {"accept": "text/html"}) as browser:
        page = browser.get(address)
        offered = re.findall(r'name="allow" value="([^"]+)"', page.text)
        form = hidden(page.text) | {"decision": "allow", "allow": offered} | fields
        answer = browser.post(f"{there.url}/oauth/authorize", data=form)
    assert answer.headers["location"].startswith((f"{BACK}?", f"{LAUNCHED}?"))
    return returned(answer.headers["location"])


def test_signing_in_and_connecting(here: Served, provider: tuple[Listening, OpenIdProvider]) -> None:
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


def test_claims_give_and_take_roles(tmp_path: Path, provider: tuple[Listening, OpenIdProvider]) -> None:
    """By the claim `name` of the provider, which is the name of the account there."""
    there, told = provider
    name = there.people.account("clinician").name
    rules = (RoleRule("name", name, "researcher", makes_account=True), RoleRule("name", "nobody", "owner"))
    with serving(tmp_path / "here.db", providers=(replace(told, roles=rules),)) as here:
        store, browser = here.server.store, new_browser(here)

        def comes_back() -> bool:
            browser.cookies.delete(COOKIE)
            went = browser.get("/sign-in/with/Clinic")
            browser.get("/sign-in/back", params=at_provider(there, went.headers["location"]))
            return COOKIE in browser.cookies

        assert comes_back()
        (made,) = [one for one in all_accounts(store) if "Clinic" in one.name]
        assert made.roles == {"researcher"}
        token = new_token(store, made.id, "x", ["user/*.rs"])
        change_roles(store, made.id, ["researcher", "auditor"])
        rename = update(accounts).where(accounts.c.name == name)
        with there.people.store.transaction() as connection:
            connection.execute(rename.values(name="somebody else"))
        try:
            assert comes_back()  # what an administrator gave stays
            assert account_of(store, made.id) == replace(made, roles=frozenset({"auditor"}))
            change_roles(store, made.id, ["researcher"])
            with store.transaction() as connection:
                row = {"issuer": told.issuer, "account": made.id, "role": "researcher"}
                connection.execute(insert(provider_roles).values(**row))
            assert not comes_back()
            assert account_of(store, made.id) == replace(made, roles=frozenset())
            with pytest.raises(AccessError):
                caller_of_token(here.server, token)
            assert len([one for one in all_accounts(store) if "Clinic" in one.name]) == 1
        finally:
            with there.people.store.transaction() as connection:
                connection.execute(update(accounts).where(accounts.c.name == "somebody else").values(name=name))
        assert comes_back()
        assert account_of(store, made.id) == made


def test_an_account_is_made_only_where_a_rule_says_so(here: Served) -> None:
    store, told = here.server.store, OpenIdProvider("Clinic", "https://i", "x")
    boss = Person("https://i", "1", name="boss@clinic.example.org", claims={"groups": ["doctors"]})
    rule = RoleRule("groups", "doctors", "clinician")
    assert first_account(store, told, boss) is None
    assert first_account(store, replace(told, roles=(rule,)), boss) is None
    assert first_account(store, replace(told, roles=(replace(rule, value="x", makes_account=True),)), boss) is None
    made = first_account(store, replace(told, roles=(replace(rule, makes_account=True),)), boss)
    assert made is not None
    assert (made.roles, made.name) == ({"clinician"}, "boss@clinic.example.org (Clinic 1)")
    # a name that was not proven does not catch who proves it later
    assert connected_account(store, Person("https://i", "2", email="boss@clinic.example.org")) is None


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"groups": ["doctors", "x"]}, {"clinician"}), ({"groups": "doctors"}, {"clinician"}), ({}, set()),
        ({"groups": "doctors and more"}, set()), ({"groups": ["Doctors"]}, set()), ({"groups": {"doctors": 1}}, set()),
        ({"realm": {"roles": ["audit"]}}, {"auditor"}), ({"realm.roles": "audit"}, {"auditor"}), ({"realm": 7}, set()),
        ({"groups": None, "realm": {"roles": None}}, set()),
    ],
)  # fmt: skip
def test_a_role_needs_the_very_value_of_its_claim(claims: dict[str, Any], roles: set[str]) -> None:
    rules = (RoleRule("groups", "doctors", "clinician"), RoleRule("realm.roles", "audit", "auditor"))
    assert roles_by(rules, claims) == roles


def test_whoever_disconnects_a_provider_keeps_no_role_of_it(here: Served) -> None:
    store = here.server.store
    made = add_account(store, "guest", ["auditor"])
    told = OpenIdProvider("Clinic", "https://i", "x", roles=(RoleRule("g", "a", "clinician"),))
    assert follow_claims(store, told, made, {"g": "a"}).roles == {"auditor", "clinician"}
    with_both = account_of(store, made.id)
    assert with_both is not None
    assert forget_claims(store, with_both, "https://i").roles == {"auditor"}


def test_an_answer_belongs_to_one_browser_and_one_question(
    here: Served, provider: tuple[Listening, OpenIdProvider]
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


def test_ways_are_sealed_and_end(here: Served, provider: tuple[Listening, OpenIdProvider]) -> None:
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


def test_a_provider_that_is_not_there_or_calls_itself_otherwise(provider: tuple[Listening, OpenIdProvider]) -> None:
    there = provider[0]
    for issuer in ("http://127.0.0.1:9", f"{there.url}/fhir", f"{there.url}/", "http://provider.example.org"):
        with pytest.raises(StoreError):
            way_to(OpenIdProvider("X", issuer, "x"), BACK)
    with pytest.raises(AccessError):
        person_of(provider[1], BACK, Way("", "s", "n", "v" * 43), {"state": "s", "code": "vc_none"})


# -- launched by another system ---------------------------------------------------------------------------------


def test_a_launch_brings_the_patient_who_is_open_there(
    here: Served, provider: tuple[Listening, OpenIdProvider]
) -> None:
    there, told = provider
    cookies, headers = there.people.session("clinician")
    page = f"{there.url}/patients/sample-b/applications"
    went = httpx.post(page, data={"client": told.client_id}, cookies=cookies, headers=headers)
    place = urlsplit(went.headers["location"])
    mine = here.client("clinician", json=False)
    assert mine.get("/patients/sample-b").status_code == 404
    to_ehr = mine.get(f"{place.path}?{place.query}").headers["location"]
    asked = returned(to_ehr)
    assert (asked["aud"], asked["scope"]) == (f"{there.url}/fhir", "launch patient/*.rs")
    answer = at_provider(there, to_ehr)
    stranger = here.client("clinician", who="a stranger", json=False)
    assert stranger.get("/smart/back", params=answer).status_code == 403
    done = mine.get("/smart/back", params=answer)
    person = f"{there.url}/fhir/Patient/sample-b"
    assert (done.status_code, done.headers["location"]) == (303, f"/patients/{quote(person, safe='')}")
    assert mine.get(done.headers["location"]).status_code == 200
    assert here.server.record.people() == [person]
    patient = here.server.record.patient(person)
    with Record.open(there.record, create=False) as theirs:
        kinds = Counter(one.kind for one in theirs.patient("sample-b").facts())
        assert Counter(one.kind for one in patient.facts()) == kinds
        assert kinds.total() > 20
    assert mine.get("/smart/back", params=answer).status_code == 403  # once


def test_one_id_in_two_systems_is_two_people(
    here: Served, provider: tuple[Listening, OpenIdProvider], tmp_path: Path
) -> None:
    there = provider[0]
    other = {"resourceType": "Patient", "id": "sample-c", "birthDate": "1901-01-01", "name": [{"family": "Else"}]}
    (tmp_path / "other.json").write_text(json.dumps(other))
    here.server.record.ingest(tmp_path / "other.json")
    mine = here.client("clinician", json=False)
    for _ in range(2):  # the second launch brings nothing new
        went = mine.get("/smart/launch", params={"iss": f"{there.url}/fhir/"})
        assert returned(went.headers["location"])["scope"] == "launch/patient patient/*.rs"
        answer = at_provider(there, went.headers["location"], patient="sample-c")
        assert mine.get("/smart/back", params=answer).status_code == 303
    record = here.server.record
    assert set(record.people()) == {"sample-c", f"{there.url}/fhir/Patient/sample-c"}
    assert {one.kind for one in record.patient("sample-c").facts()} == {"demographic"}
    assert len(record.patient(f"{there.url}/fhir/Patient/sample-c").facts()) > 10


def test_nobody_makes_us_ask_a_system_that_we_were_not_told_of(
    here: Served, provider: tuple[Listening, OpenIdProvider]
) -> None:
    mine, url = here.client("clinician", json=False), provider[0].url
    for iss in ("http://127.0.0.1:1/fhir", "https://evil.example.org", f"{url}/fhir@evil", f"{url}/other", ""):
        assert mine.get("/smart/launch", params={"iss": iss, "launch": "x"}).status_code == 403, iss
    assert here.client("researcher", json=False).get("/smart/launch", params={"iss": f"{url}/fhir"}).status_code == 403
    assert here.anybody.get("/smart/launch", params={"iss": f"{url}/fhir"}).status_code == 401


def test_pages_that_lead_elsewhere_get_no_token() -> None:
    seen: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        link = [{"relation": "next", "url": "https://evil.example.org/fhir?page=2"}]
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset", "link": link})

    with httpx.Client(transport=httpx.MockTransport(answered)) as client, pytest.raises(DataError):
        list(_entries(client, "https://ehr.example.org/fhir", "1"))
    assert seen == ["https://ehr.example.org/fhir/Patient/1/$everything"]


def test_a_system_without_everything_is_asked_type_by_type() -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/fhir/")
        if path == "Patient/1":
            return httpx.Response(200, json={"resourceType": "Patient", "id": "1"})
        if path == "Observation" and request.url.params["patient"] == "1":
            page = request.url.params.get("page", "1")
            entry = [{"resource": {"resourceType": "Observation", "id": page}}]
            link = [{"relation": "next", "url": "Observation?patient=1&page=2"}] if page == "1" else []
            return httpx.Response(200, json={"resourceType": "Bundle", "entry": entry, "link": link})
        return httpx.Response(404)

    with httpx.Client(transport=httpx.MockTransport(answered)) as client:
        found = [one["fullUrl"] for one in _entries(client, "https://ehr.example.org/fhir", "1")]
    base = "https://ehr.example.org/fhir"
    assert found == [f"{base}/Patient/1", f"{base}/Observation/1", f"{base}/Observation/2"]


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
        {"iat": 4_000_000_000}, {"iss": None}, {"aud": None}, {"exp": "soon"}, {"aud": 7},
    ],
    ids=str,
)  # fmt: skip
def test_words_that_are_not_for_us_or_not_of_now(changes: dict[str, Any]) -> None:
    with pytest.raises(AccessError):
        _checked(WHO, word(**changes), keys(), "n")


def test_words_that_are_not_signed_by_the_provider() -> None:
    other = jwk.ECKey.generate_key("P-256", {"kid": str(KEY.kid)})
    symmetric = jwk.OctKey.generate_key(256, {"kid": str(KEY.kid)})
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
