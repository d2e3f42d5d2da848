"""Applications get scoped tokens by a person's word, and nothing else; what is stolen or used twice ends."""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from applications import BACK, Application, hidden, returned
from browsers import NAMES
from joserfc import jwk, jwt
from programs import BY_JWT, new_program
from served import Served
from sqlalchemy import select, update

from vitruvian.core import InputError
from vitruvian.serve.identity import caller_of_token, set_active
from vitruvian.serve.identity.approvals import approvals, approvals_of
from vitruvian.serve.identity.tokens import tokens
from vitruvian.serve.oauth.asking import given, in_words
from vitruvian.serve.oauth.clients import Client, clients, redirect_fault
from vitruvian.serve.oauth.codes import codes
from vitruvian.serve.oauth.refresh import refresh_tokens


@pytest.fixture
def app(served: Served) -> Application:
    """A public application, and a clinician who is asked (another one for each test)."""
    made = Application(served, served.client("clinician", who=f"asked {next(NAMES)}", json=False))
    made.register()
    return made


def facts(served: Served, secret: str, patient: str = "sample-a") -> int:
    headers = {"authorization": f"Bearer {secret}", "accept": "application/json"}
    return int(served.anybody.get(f"/api/v1/patients/{patient}/facts", headers=headers).status_code)


def test_code_with_pkce_gives_a_token_for_one_patient(served: Served, app: Application) -> None:
    page = app.page("launch/patient patient/*.rs offline_access")
    assert page.status_code == 200
    assert "read and search everything of this patient" in page.text
    assert f"form-action 'self' {BACK.removesuffix('/back')};" in page.headers["content-security-policy"]
    back = app.decide(page, patient="sample-a")
    assert back["state"] == "st"
    assert back["iss"] == served.server.settings.url
    answer = app.exchange(back["code"])
    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert told["token_type"] == "Bearer"
    assert told["patient"] == "sample-a"
    assert told["expires_in"] == 3600
    assert set(told["scope"].split()) == {"launch/patient", "patient/*.rs", "offline_access"}
    caller = caller_of_token(served.server, told["access_token"])
    assert caller.only == "sample-a"
    assert caller.actor.purpose == "treatment"
    assert facts(served, told["access_token"]) == 200
    assert facts(served, told["access_token"], "sample-b") == 404


def test_nothing_secret_lies_in_the_store(served: Served, app: Application) -> None:
    app.method = "client_secret_post"
    app.register()
    told = app.connect("user/*.rs offline_access openid")
    with served.server.store.transaction() as connection:
        kept = str(
            [connection.execute(select(one)).all() for one in (tokens, refresh_tokens, codes, approvals, clients)]
        )
    for secret in (told["access_token"], told["refresh_token"], app.told["client_secret"], app.verifier):
        assert secret not in kept


def test_a_code_works_once_and_its_second_use_ends_what_it_gave(served: Served, app: Application) -> None:
    code = app.decide(app.page("user/*.rs offline_access"))["code"]
    told = app.exchange(code).json()
    assert facts(served, told["access_token"]) == 200
    again = app.exchange(code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert facts(served, told["access_token"]) == 401
    assert app.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_that_two_send_at_once_gives_at_most_one_token(app: Application) -> None:
    code = app.decide(app.page("user/*.rs"))["code"]
    found: list[int] = []
    many = [threading.Thread(target=lambda: found.append(app.exchange(code).status_code)) for _ in range(4)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert set(found) <= {200, 400}
    assert found.count(200) <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example.org/other"},
        {"redirect_uri": ""},
        {"client_id": "app-none"},
        {"code": "vc_none"},
        {"code": 'é"\\'},
        {"grant_type": "password"},
        {"grant_type": "client_credentials"},
        {"resource": "https://elsewhere.example.org"},
    ],
    ids=str,
)
def test_a_code_with_anything_else_wrong_gives_nothing(app: Application, changes: dict[str, str]) -> None:
    code = app.decide(app.page("user/*.rs"))["code"]
    answer = app.exchange(code, **changes)
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()


def test_a_code_of_another_application_gives_nothing(served: Served, app: Application) -> None:
    other = Application(served, app.browser, verifier=app.verifier)
    other.register()
    code = app.decide(app.page("user/*.rs"))["code"]
    assert other.exchange(code).json()["error"] == "invalid_grant"
    assert app.exchange(code).status_code == 200  # it was not spent by a stranger


def test_a_code_is_too_old_after_a_minute(served: Served, app: Application) -> None:
    code = app.decide(app.page("user/*.rs"))["code"]
    with served.server.store.transaction() as connection:
        connection.execute(update(codes).values(until_ms=codes.c.until_ms - 60_001))
    assert app.exchange(code).json()["error"] == "invalid_grant"


def test_refresh_tokens_rotate_and_a_stolen_one_ends_all(served: Served, app: Application) -> None:
    first = app.connect("user/*.rs offline_access")
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    narrower = app.refresh(second["refresh_token"], scope="user/*.rs").json()
    assert narrower["scope"] == "user/*.rs"
    assert facts(served, narrower["access_token"]) == 200
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"  # the thief, or the one robbed
    for one in (first, second, narrower):
        assert facts(served, one["access_token"]) == 401
    assert app.refresh(narrower["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_gives_no_more_than_was_allowed(served: Served, app: Application) -> None:
    told = app.connect("user/*.rs offline_access")
    assert app.refresh(told["refresh_token"], scope="user/*.cruds").json()["error"] == "invalid_scope"
    thief = Application(served, app.browser)
    thief.register()
    assert thief.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.refresh(told["refresh_token"]).status_code == 200


def test_no_refresh_token_without_offline_access(app: Application) -> None:
    assert "refresh_token" not in app.connect("user/*.rs")


def test_ending_an_approval_or_disabling_the_account_acts_at_once(served: Served, app: Application) -> None:
    told = app.connect("user/*.rs offline_access")
    page = app.browser.get("/account/applications")
    assert "App" in page.text
    fields = hidden(page.text)
    assert app.browser.post("/account/applications/end", data=fields).status_code == 303
    assert facts(served, told["access_token"]) == 401
    assert app.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"
    other = app.connect("user/*.rs offline_access")
    account = caller_of_token(served.server, other["access_token"]).account
    set_active(served.server.store, account, False)
    assert facts(served, other["access_token"]) == 401
    assert app.refresh(other["refresh_token"]).status_code == 400
    set_active(served.server.store, account, True)


def test_nobody_else_ends_an_approval(served: Served, app: Application) -> None:
    told = app.connect("user/*.rs")
    account = caller_of_token(served.server, told["access_token"]).account
    approval = approvals_of(served.server.store, account)[0].id
    other = served.client("clinician", who="somebody else", json=False)
    assert other.post("/account/applications/end", data={"approval": approval}).status_code == 404
    assert facts(served, told["access_token"]) == 200


def test_a_token_serves_only_where_it_was_asked_for(served: Served, app: Application) -> None:
    url = served.server.settings.url
    mcp = app.connect("user/*.rs", {"resource": f"{url}/mcp"})["access_token"]
    assert facts(served, mcp) == 401
    assert caller_of_token(served.server, mcp, "/mcp").scopes == {"user/*.rs"}
    fhir = app.connect("user/*.rs", {"aud": f"{url}/fhir/"})["access_token"]
    assert facts(served, fhir) == 401
    assert caller_of_token(served.server, fhir, "/fhir/Patient")
    assert (
        app.page("user/*.rs", aud="https://other.example.org/fhir")
        .headers["location"]
        .startswith(f"{BACK}?error=invalid_target&state=st")
    )


# -- the request ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example.org/back"},
        {"redirect_uri": f"{BACK}/more"},
        {"redirect_uri": f"{BACK}?x=1"},
        {"redirect_uri": 'https://evil.example.org/"é'},
        {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "app-none"},
        {"client_id": None},
    ],
    ids=str,
)
def test_a_request_with_a_strange_address_is_never_sent_on(app: Application, changes: dict[str, str | None]) -> None:
    answer = app.page("user/*.rs", **changes)
    assert answer.status_code == 422
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": "patient/Observation.rs?category=laboratory"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example.org"}, "invalid_target"),
        ({"launch": "la_none"}, "invalid_request"),
    ],
    ids=str,
)
def test_other_faults_are_told_to_the_application(app: Application, changes: dict[str, Any], error: str) -> None:
    answer = app.page(**({"scope": "user/*.rs"} | changes))
    assert answer.status_code == 303
    back = returned(answer.headers["location"])
    assert answer.headers["location"].startswith(f"{BACK}?")
    assert back["error"] == error
    assert back["state"] == "st"


def test_a_refusal_is_told_and_gives_nothing(app: Application) -> None:
    back = app.decide(app.page("user/*.rs"), decision="deny")
    assert back["error"] == "access_denied"
    assert "code" not in back


def test_the_person_may_take_scopes_away_but_not_add_any(served: Served, app: Application) -> None:
    page = app.page("user/*.rs user/*.cruds offline_access")
    code = app.decide(page, allow=["user/*.rs", "patient/*.cruds", "system/*.cruds"])["code"]
    assert app.exchange(code).json()["scope"] == "user/*.rs"


def test_the_decision_needs_the_page(app: Application) -> None:
    asked = app.request("user/*.rs") | {"decision": "allow", "allow": "user/*.rs"}
    del app.browser.headers["x-csrf-token"]
    assert app.browser.post("/oauth/authorize", data=asked).status_code == 403
    assert app.browser.post("/oauth/authorize", data=asked | {"csrf": "x"}).status_code == 403


def test_the_way_leads_through_signing_in_and_back(served: Served, app: Application) -> None:
    query = urlencode(app.request("user/*.rs"))
    answer = served.anybody.get(f"/oauth/authorize?{query}", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert returned(answer.headers["location"])["next"] == f"/oauth/authorize?{query}"


def test_a_token_cannot_allow_applications(served: Served, app: Application) -> None:
    told = app.connect("user/*.cruds")
    headers = {"authorization": f"Bearer {told['access_token']}"}
    asked = app.request("user/*.rs")
    assert served.anybody.get(f"/oauth/authorize?{urlencode(asked)}", headers=headers).status_code == 403


def test_patients_allow_applications_themselves_alone(served: Served) -> None:
    app = Application(served, served.client("patient", own=("sample-b",), json=False))
    app.register()
    page = app.page("patient/*.rs")
    assert 'value="sample-b"' in page.text
    form = hidden(page.text) | {"decision": "allow", "allow": "patient/*.rs", "patient": "sample-a"}
    assert app.browser.post("/oauth/authorize", data=form).status_code == 404
    told = app.connect("patient/*.rs openid fhirUser profile", patient="sample-b")
    assert facts(served, told["access_token"], "sample-b") == 200
    assert facts(served, told["access_token"], "sample-a") == 404
    key = jwk.KeySet.import_key_set(served.anybody.get("/oauth/keys").json())
    claims = jwt.decode(told["id_token"], key, algorithms=["ES256"]).claims
    assert claims["aud"] == app.told["client_id"]
    assert claims["iss"] == served.server.settings.url
    assert claims["fhirUser"].endswith("/fhir/Patient/sample-b")
    assert "d" not in served.anybody.get("/oauth/keys").json()["keys"][0]


def test_patient_scopes_need_a_patient(app: Application) -> None:
    page = app.page("patient/*.rs")
    form = hidden(page.text) | {"decision": "allow", "allow": "patient/*.rs"}
    assert app.browser.post("/oauth/authorize", data=form).status_code == 422


def test_purpose_is_one_of_the_roles_and_never_an_emergency(served: Served, app: Application) -> None:
    page = app.page("user/*.rs")
    for purpose, status in (("emergency", 403), ("ETREAT", 403), ("research", 403), ("any", 403)):
        form = hidden(page.text) | {"decision": "allow", "allow": "user/*.rs", "purpose": purpose}
        assert app.browser.post("/oauth/authorize", data=form).status_code == status


# -- applications with a secret, revocation, introspection ------------------------------------------------------


def test_a_confidential_application_proves_itself(served: Served, app: Application) -> None:
    app.method = "client_secret_post"
    app.register()
    code = app.decide(app.page("user/*.rs"))["code"]
    secret = app.told["client_secret"]
    app.told["client_secret"] = "vs_wrong"
    assert app.exchange(code).status_code in (400, 401)
    del app.told["client_secret"]
    app.method = "none"
    assert app.exchange(code).status_code in (400, 401)
    app.method, app.told["client_secret"] = "client_secret_post", secret
    assert app.exchange(code).status_code == 200


def test_an_application_with_keys_signs_for_its_code(served: Served, app: Application) -> None:
    signer = new_program(served)
    assert app.register(token_endpoint_auth_method="private_key_jwt", jwks=signer.keys).json()["jwks"] == signer.keys
    signer.client_id = app.told["client_id"]
    signed = {"client_assertion_type": BY_JWT, "client_assertion": signer.assertion()}
    code = app.decide(app.page("user/*.rs offline_access"))["code"]
    told = app.exchange(code, **signed)
    assert told.status_code == 200, told.text
    signed["client_assertion"] = signer.assertion()
    assert app.refresh(told.json()["refresh_token"], **signed).status_code == 200
    code = app.decide(app.page("user/*.rs"))["code"]
    assert app.exchange(code).json()["error"] == "invalid_client"
    assert app.exchange(code, **signed).json()["error"] == "invalid_client"  # the signature was used
    signed["client_assertion"] = signer.assertion()
    asked = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    assert app.token(**asked, **signed).json()["error"] == "unauthorized_client"
    assert app.exchange(code, **(signed | {"client_assertion": signer.assertion()})).status_code == 200


def test_revocation_ends_the_approval_of_this_application_alone(served: Served, app: Application) -> None:
    told = app.connect("user/*.rs offline_access")
    thief = Application(served, app.browser)
    thief.register()
    anybody = served.anybody
    wrong = anybody.post("/oauth/revoke", data={"token": told["access_token"], "client_id": thief.told["client_id"]})
    assert wrong.status_code == 200
    assert facts(served, told["access_token"]) == 200
    mine = {"token": told["refresh_token"], "client_id": app.told["client_id"]}
    assert anybody.post("/oauth/revoke", data=mine).status_code == 200
    assert facts(served, told["access_token"]) == 401
    assert anybody.post("/oauth/revoke", data=mine | {"client_id": "app-none"}).status_code in (400, 401)


def test_introspection_tells_an_application_of_its_own_tokens(served: Served, app: Application) -> None:
    told = app.connect("patient/*.rs", patient="sample-c")
    asked = {"token": told["access_token"], "client_id": app.told["client_id"]}
    found = served.anybody.post("/oauth/introspect", data=asked).json()
    assert found["active"]
    assert found["patient"] == "sample-c"
    assert found["scope"] == "patient/*.rs"
    other = Application(served, app.browser)
    other.register()
    foreign = asked | {"client_id": other.told["client_id"]}
    assert served.anybody.post("/oauth/introspect", data=foreign).json() == {"active": False}


# -- registration and metadata ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "http://app.example.org/back", "https://app.example.org/#x", "https://user@app.example.org/",
        "javascript:alert(1)",
        "data:text/html,x", "file:///etc/passwd", "https://", "app", "", "https://a b/", "https://a;script-src *", 7,
        "http://127.0.0.1.evil.example.org/", "https://a\\@b", "http://[::1", "https://é.example.org/", "myapp:/x",
    ],
    ids=repr,
)  # fmt: skip
def test_redirect_addresses_that_are_not_safe_are_refused(place: Any) -> None:
    assert redirect_fault([place])


@pytest.mark.parametrize(
    "place",
    ["https://a.example.org/b?c=d", "http://127.0.0.1:9000/", "http://localhost/", "http://[::1]:1/", "org.app:/x"],
)
def test_safe_redirect_addresses_are_taken(place: str) -> None:
    assert not redirect_fault([place])


def test_the_port_of_this_machine_may_differ_and_nothing_else() -> None:
    one = Client("a", "A", ("http://127.0.0.1/back", "http://localhost:1/back"), frozenset(), "none")
    assert one.check_redirect_uri("http://127.0.0.1:5000/back")
    for other in ("http://127.0.0.1:5000/other", "http://127.0.0.2:5/back", "http://localhost:2/back",
                  "https://127.0.0.1:5/back", "http://127.0.0.1:5/back?x", "http://u@127.0.0.1:5/back",
                  "http://127.0.0.1:x/back", "http://127.0.0.1:5000/back#x"):  # fmt: skip
        assert not one.check_redirect_uri(other), other


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": []}, {"redirect_uris": "x"}, {"redirect_uris": None}, {"client_name": 3},
        {"client_name": "a" * 81},
        {"client_name": "a\n"}, {"token_endpoint_auth_method": "private_key_jwt"}, {"token_endpoint_auth_method": []},
        {"grant_types": "x"}, {"grant_types": [1]}, {"response_types": ["token"]},
    ],
    ids=str,
)  # fmt: skip
def test_registrations_that_are_wrong_are_refused(app: Application, changes: dict[str, Any]) -> None:
    answer = app.register(**changes)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("invalid_")


def test_a_name_is_never_markup(app: Application) -> None:
    app.register(client_name="<script>alert(1)</script>")
    assert "<script>alert" not in app.page("user/*.rs").text


def test_metadata_name_what_there_is(served: Served) -> None:
    anybody, url = served.anybody, served.server.settings.url
    told = anybody.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == url
    assert told["code_challenge_methods_supported"] == ["S256"]
    smart = anybody.get("/fhir/.well-known/smart-configuration").json()
    assert {"launch-ehr", "permission-v2", "sso-openid-connect"} <= set(smart["capabilities"])
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint", "registration_endpoint"):
        assert anybody.post(smart[name].removeprefix(url), data={}).status_code in (400, 401, 422)
    for name in ("jwks_uri",):
        assert anybody.get(smart[name].removeprefix(url)).status_code == 200
    assert anybody.get("/.well-known/oauth-protected-resource/fhir").json()["authorization_servers"] == [url]
    assert anybody.get("/.well-known/openid-configuration").json()["jwks_uri"] == told["jwks_uri"]


def test_scopes_are_told_in_words() -> None:
    assert in_words("patient/Observation.r") == "read Observation resources of this patient"
    assert (
        in_words("user/*.cruds") == "add, read, change, delete and search everything of all patients whom you may see"
    )
    assert given("user/*.rs system/*.rs online_access x/y") == {"user/*.rs"}
    with pytest.raises(InputError):
        in_words("x")


# -- launch from a patient's page -------------------------------------------------------------------------------


def test_launch_brings_the_patient_once_and_to_the_right_hands(served: Served, app: Application) -> None:
    from vitruvian.serve.oauth.clients import add_client
    from vitruvian.serve.oauth.registration import new_client

    told = {"redirect_uris": [BACK], "client_name": "Growth chart", "token_endpoint_auth_method": "none"}
    client, _ = new_client(told, launch_url="https://app.example.org/launch")
    add_client(served.server.store, client)
    page = app.browser.get("/patients/sample-b/applications")
    assert "Growth chart" in page.text
    assert "https://app.example.org;" in page.headers["content-security-policy"]
    went = app.browser.post("/patients/sample-b/applications", data={"client": client.client_id})
    back = returned(went.headers["location"])
    assert went.headers["location"].startswith("https://app.example.org/launch?")
    assert back["iss"] == f"{served.server.settings.url}/fhir"
    app.told = {"client_id": client.client_id}
    other = Application(served, served.client("clinician", who="another", json=False), told=app.told)
    assert returned(other.page("launch patient/*.rs", launch=back["launch"]).headers["location"])["error"]
    page = app.page("launch patient/*.rs", launch=back["launch"], aud=back["iss"])
    assert "sample-b" in page.text
    assert not re.search(r'name="patient"', page.text)
    code = app.decide(page, patient="sample-a")["code"]  # what is typed does not count
    assert app.exchange(code).json()["patient"] == "sample-b"
    assert returned(app.page("launch patient/*.rs", launch=back["launch"]).headers["location"])["error"]


def test_launch_of_a_hidden_patient_or_an_unknown_application(served: Served, app: Application) -> None:
    assert app.browser.post("/patients/nobody/applications", data={"client": "x"}).status_code == 404
    assert (
        app.browser.post("/patients/sample-a/applications", data={"client": app.told["client_id"]}).status_code == 404
    )
