"""Programs that nobody sits before (SMART Backend Services): registered with keys, signing once, ended at once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from browsers import fill
from fastapi.testclient import TestClient
from joserfc import jwk
from matrix import ROWS, ways_of
from programs import Program, new_program
from served import Served
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError
from vitruvian.serve.identity import set_active
from vitruvian.serve.oauth import add_service


@pytest.fixture
def program(served: Served) -> Program:
    """A program that acts as a clinician."""
    made = new_program(served)
    made.register("clinician")
    return made


def people(client: TestClient) -> int:
    return client.get("/fhir/Patient").status_code


def test_a_program_exports_everybody(program: Program) -> None:
    client = program.client()
    begun = client.get("/fhir/$export?_type=Patient", headers={"prefer": "respond-async"})
    path = "/fhir" + begun.headers["content-location"].partition("/fhir")[2]
    until = time.monotonic() + 60
    while (answer := client.get(path)).status_code == 202 and time.monotonic() < until:
        time.sleep(0.05)
    (file,) = answer.json()["output"]
    lines = program.client().get("/fhir" + file["url"].partition("/fhir")[2]).text.splitlines()  # with its next token
    assert {json.loads(line)["id"] for line in lines} >= {"sample-a", "sample-b", "sample-c", "sample-d"}


def test_a_token_is_short_never_refreshed_and_for_fhir_unless_asked_for_elsewhere(program: Program) -> None:
    answer = program.ask()
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 300, "system/*.rs")
    assert "refresh_token" not in told
    assert answer.headers["cache-control"] == "no-store"
    client, url = program.client(), program.served.server.settings.url
    assert (people(client), client.get("/api/v1/patients").status_code) == (200, 401)
    assert program.client(resource=f"{url}/api/v1").get("/api/v1/patients").status_code == 200
    assert program.ask(resource="https://elsewhere.example.org").json()["error"] == "invalid_request"


def test_rsa_keys_sign_too(served: Served) -> None:
    made = Program(served, jwk.RSAKey.generate_key(2048, auto_kid=True), "RS384")
    made.register("clinician")
    assert made.ask().status_code == 200
    made.algorithm = "RS256"
    assert made.ask().json()["error"] == "invalid_client"


def test_a_signature_is_good_once(program: Program) -> None:
    signed = program.assertion()
    assert [program.ask(assertion=signed).status_code for _ in range(2)] == [200, 400]


def test_what_is_not_signed_for_us_now_gets_nothing(program: Program) -> None:
    now = int(time.time())
    for wrong in (
        {"aud": "https://elsewhere.example.org/oauth/token"}, {"iss": "service-other"}, {"sub": "service-other"},
        {"sub": None}, {"iss": None}, {"aud": None}, {"exp": None}, {"jti": None}, {"exp": now - 60},
        {"exp": now + 3600}, {"nbf": now + 3600}, {"sub": ["a"]},
    ):  # fmt: skip
        answer = program.ask(assertion=program.assertion(**wrong))
        assert answer.json()["error"] == "invalid_client", wrong
    for text in ("x", "a.b.c", f"{program.assertion()}x"):
        assert program.ask(assertion=text).json()["error"] == "invalid_client"
    other = Program(program.served, jwk.ECKey.generate_key("P-384", {"kid": str(program.key.kid)}))
    other.client_id = program.client_id
    assert other.ask().json()["error"] == "invalid_client"
    assert program.ask(client_assertion_type="x").json()["error"] == "invalid_client"
    assert program.ask(client_id="app-other").json()["error"] == "invalid_client"
    plain = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_id": program.client_id}
    assert program.served.anybody.post("/oauth/token", data=plain).status_code in (400, 401)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("system/Observation.rs", "system/Observation.rs"),
        ("system/Observation.read", "system/Observation.read"),
        ("system/Condition.r system/Condition.c", "system/Condition.r"),
        ("system/Observation.rs user/*.rs openid launch nonsense", "system/Observation.rs"),
        ("system/*.rs", None),
        ("system/Observation.cruds", None),
        ("patient/Observation.rs", None),
        ("", None),
    ],
)
def test_scopes_are_those_of_the_registration_and_of_a_system(served: Served, asked: str, given: str | None) -> None:
    made = new_program(served)
    made.register("clinician", ("system/Observation.rs", "system/Condition.r"))
    answer = made.ask(asked)
    assert answer.json().get("scope") == given
    assert answer.json().get("error") == (None if given else "invalid_scope")


def test_a_program_uses_no_other_way(program: Program) -> None:
    for grant in ("authorization_code", "refresh_token", "password"):
        assert program.ask(grant_type=grant, code="x", refresh_token="x").status_code in (400, 401)
    asked = {"response_type": "code", "client_id": program.client_id, "redirect_uri": "https://app.example.org/"}
    page = program.served.client("owner", json=False).get("/oauth/authorize", params=asked)
    assert page.status_code == 422


def test_the_matrix_holds_for_a_program_and_its_door_alone_opens(served: Served) -> None:
    """In FHIR as the rows have it for its account's role; elsewhere (one route of each demand) as nobody."""
    made = new_program(served)
    made.register("data_loader", ("system/*.cruds",))
    client, wrong = made.client("system/*.cruds"), []
    ways = [way for way in ways_of(served.app) if way.demands and not way.socket]
    elsewhere = {way.demands: way for way in ways if not way.path.startswith("/fhir")}
    for way in [*(one for one in ways if one.path.startswith("/fhir")), *elsewhere.values()]:
        assert way.demands is not None
        may = all("data_loader" in ROWS[one].split() for one in way.demands)
        body: dict[str, Any] | None = None if way.method in ("GET", "DELETE") else {}
        status = client.request(way.method, way.filled("sample-z"), json=body).status_code
        right = status not in (401, 403) if may else status == 403
        if not (right if way.path.startswith("/fhir") else status == 401):
            wrong.append(f"{way}: {status}")
    assert not wrong


def test_ending_disabling_and_revoking_act_at_once(served: Served, program: Program) -> None:
    client, account = program.client(), served.people.account("clinician")
    set_active(served.server.store, account.id, False)
    assert people(client) == 401
    assert program.ask().json()["error"] == "invalid_client"
    set_active(served.server.store, account.id, True)
    one, other = program.client(), program.client()
    told = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    secret = one.headers["authorization"].removeprefix("Bearer ")
    about = told | {"client_assertion": program.assertion(), "token": secret}
    assert served.anybody.post("/oauth/introspect", data=about).json()["scope"] == "system/*.rs"
    assert served.anybody.post("/oauth/revoke", data=about | {"client_assertion": program.assertion()}).json() == {}
    assert [people(one), people(other)] == [401, 200]
    owner = served.client("owner", json=False)
    assert program.client_id in owner.get("/accounts/programs").text
    assert fill(owner, "/accounts/programs/end", "/accounts/programs", client=program.client_id).status_code == 200
    assert people(other) == 401
    assert program.ask().json()["error"] == "invalid_client"


def test_an_administrator_registers_on_the_page(served: Served) -> None:
    made, account = new_program(served), served.people.account("researcher")
    fields = {"name": "Nightly export", "account": account.id, "scopes": "system/Patient.rs"}
    fields["keys"] = json.dumps(made.keys)
    page = fill(served.client("administrator", json=False), "/accounts/programs", "/accounts/programs", **fields)
    assert page.status_code == 200, page.text
    made.client_id = page.text.partition("Client id: <code>")[2].partition("<")[0]
    assert made.ask("system/Patient.rs").status_code == 200
    fields["account"] = served.people.account("owner").id
    refused = fill(served.client("administrator", json=False), "/accounts/programs", "/accounts/programs", **fields)
    assert refused.status_code == 403  # only an owner lets anything act as an owner


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "eHh4eHh4eHh4eHh4eHh4eA"}]}, None])
def test_only_public_keys_and_system_scopes_are_registered(served: Served, keys: Any) -> None:
    made = new_program(served)
    private = {"keys": [made.key.as_dict(private=True)]}
    with pytest.raises(InputError):
        add_service(served.server.store, "x", "a", private if keys is None else keys, ["system/*.rs"])
    for scopes in (["user/*.rs"], ["system/*.rs", "openid"], [], ["system/*.rs?x=y"]):
        with pytest.raises(InputError):
            add_service(served.server.store, "x", "a", made.keys, scopes)


def test_discovery_tells_it(served: Served) -> None:
    told = served.anybody.get("/fhir/.well-known/smart-configuration").json()
    assert "client-confidential-asymmetric" in told["capabilities"]
    assert "client_credentials" in told["grant_types_supported"]
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert told["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]
    assert "system/*.rs" in told["scopes_supported"]


def test_from_registration_to_end_on_the_command_line(own_record: Path, tmp_path: Path, served: Served) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(new_program(served).keys))

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["account", *words, "--record", str(own_record)])
        assert done.exit_code == 0, done.output
        return done.output.strip()

    run("add", "exporter", "researcher")
    made = run("program", "exporter", str(keys), "system/*.rs", "--label", "Nightly")
    assert run("programs") == f"{made}\tNightly\tsystem/*.rs"
    run("program-end", made)
    assert run("programs") == ""
