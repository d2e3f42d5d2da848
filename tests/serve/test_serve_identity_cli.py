"""`vitruvian account`: accounts of a server from its own machine; what `vitruvian serve` is told of providers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from served import NAME
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.cli.serve import _providers, _with_roles
from vitruvian.core import AccessError, InputError, UnknownNameError
from vitruvian.record import Record
from vitruvian.serve import make_app
from vitruvian.serve.identity import caller_of_token, has_password
from vitruvian.serve.identity.accounts import account_named
from vitruvian.serve.identity.links import redeemed
from vitruvian.serve.identity.passwords import set_password
from vitruvian.serve.oauth.clients import client_of
from vitruvian.serve.running import provider_told
from vitruvian.serve.server import Server
from vitruvian.serve.settings import RoleRule, Settings


def run(record: Path, *arguments: str) -> str:
    """What a command prints; its error is raised."""
    done = CliRunner().invoke(app, ["account", *arguments, "--record", str(record)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output.strip()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of nobody, with an owner."""
    path = tmp_path_factory.mktemp("cli") / NAME
    Record.open(path).close()
    run(path, "add", "root", "owner")
    return path


def test_no_record_is_made_by_a_mistyped_name(tmp_path: Path) -> None:
    for told in (["list"], ["add", "Birgit", "clinician"]):
        with pytest.raises(InputError, match="there is no record"):
            run(tmp_path / "typo.db", *told)
    assert list(tmp_path.iterdir()) == []


def test_a_link_leads_to_where_the_server_last_ran(record: Path) -> None:
    assert run(record, "link", "root").startswith("http://127.0.0.1:8000/")
    with TestClient(make_app(Settings(str(record), port=8085, samples=False))):
        assert run(record, "link", "root").startswith("http://127.0.0.1:8085/")
    assert run(record, "link", "root", "--public-url", "https://x.org/").startswith("https://x.org/sign-in")


def test_a_patients_account_is_told_to_name_the_patient(record: Path) -> None:
    with pytest.raises(InputError, match="--own PATIENT"):
        run(record, "add", "Birgit", "patient")


def opened(record: Path) -> Server:
    """Record and store."""
    return Server.open(Settings(str(record)))


def test_an_account_from_its_first_link_to_its_end(record: Path) -> None:
    link = run(record, "add", "Anna Berg", "clinician", "--public-url", "https://twin.example.org/")
    assert link.startswith("https://twin.example.org/sign-in/once?key=in_")
    server = opened(record)
    anna = account_named(server.store, "anna berg")
    assert redeemed(server.store, link.partition("key=")[2]) == anna.id
    set_password(server.store, anna, "correct horse battery")
    token = run(record, "token", "Anna Berg", "user/*.rs", "--days", "2", "--purpose", "treatment")
    assert caller_of_token(server, token).scopes == {"user/*.rs"}
    rows: list[dict[str, Any]] = json.loads(run(record, "list", "--json"))
    assert [(row["name"], row["roles"], row["password"]) for row in rows] == [
        ("Anna Berg", ["clinician"], True),
        ("root", ["owner"], False),
    ]
    assert "Anna Berg\tclinician\tactive\tpassword" in run(record, "list")
    assert run(record, "role", "Anna Berg", "auditor", "researcher") == "Anna Berg: auditor, researcher"
    assert caller_of_token(server, token).actor.roles == {"auditor", "researcher"}
    assert run(record, "disable", "Anna Berg") == "Anna Berg: disabled"
    with pytest.raises(AccessError):
        caller_of_token(server, token)
    assert run(record, "enable", "Anna Berg") == "Anna Berg: active"
    assert redeemed(server.store, run(record, "link", "Anna Berg", "--reset").partition("key=")[2]) == anna.id
    assert not has_password(server.store, anna.id)
    actions = [row.action for row in server.record.acting("operations").audit_log()]
    made = ["account_made", "token_made", "roles_changed", "account_disabled", "account_enabled", "account_reset"]
    assert [one for one in actions if one in made] == ["account_made", *made]
    server.close()


def test_what_is_wrong_is_refused(record: Path) -> None:
    wrong: list[tuple[str, ...]] = [
        ("add", "ROOT", "clinician"),
        ("add", "x", "wizard"),
        ("add", "x", "patient"),
        ("disable", "root"),
        ("role", "root", "clinician"),
        ("token", "root", "x"),
        ("application", "x", "http://app.example.org/", "https://app.example.org/"),
        ("application", "x", "https://app.example.org/", "javascript:alert(1)"),
    ]
    for arguments in wrong:
        with pytest.raises(InputError):
            run(record, *arguments)
    unknown: list[tuple[str, ...]] = [("link", "nobody"), ("token", "root", "patient/*.rs", "--patient", "nobody")]
    for arguments in unknown:
        with pytest.raises(UnknownNameError):
            run(record, *arguments)


def test_an_application_that_can_be_launched(record: Path) -> None:
    place = "https://app.example.org"
    public = run(record, "application", "Chart", f"{place}/launch", f"{place}/back", f"{place}/other")
    key, secret = run(record, "application", "Other", f"{place}/launch", f"{place}/back", "--confidential").split("\t")
    server = opened(record)
    one, other = client_of(server.store, public), client_of(server.store, key)
    assert one is not None
    assert (one.method, one.launch_url, len(one.redirects)) == ("none", f"{place}/launch", 2)
    assert other is not None
    assert other.check_client_secret(secret)
    assert not other.check_client_secret("vs_other")
    server.close()


def test_providers_have_their_secrets_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRUVIAN_CLIENT_SECRETS", "A=one=1 C=three")
    providers, ehrs = _providers(
        ["A https://a.example.org twin", "B https://b.example.org twin"], ["C https://c/fhir x"]
    )
    assert [one.client_secret for one in (*providers, *ehrs)] == ["one=1", "", "three"]
    assert "one=1" not in repr(providers)
    for wrong in (["A https://a.example.org"], ["A ftp://a x"], ["D https://d.example.org twin"]):
        with pytest.raises(InputError):
            _providers(wrong, [])


def test_roles_by_claims_are_told_at_the_start() -> None:
    providers, _ = _providers(["A https://a.example.org twin", "B https://b.example.org twin"], [])
    told = ["A groups=doctors clinician new", "A 'groups=ward one' auditor", "B realm_access.roles=x=y researcher"]
    one, other = _with_roles(providers, told)
    assert one.roles == (RoleRule("groups", "doctors", "clinician", True), RoleRule("groups", "ward one", "auditor"))
    assert other.roles == (RoleRule("realm_access.roles", "x=y", "researcher"),)
    kept = orjson.loads(orjson.dumps([asdict(one) for one in (one, other)]))
    assert [provider_told(each) for each in kept] == [one, other]  # as worker processes get them
    for wrong in ("C g=a clinician", "A g clinician", "A g= auditor", "A g=a wizard", "A g=a patient", "A g=a owner x",
                  "A 'g=a owner", "A"):  # fmt: skip
        with pytest.raises(InputError):
            _with_roles(providers, [wrong])
