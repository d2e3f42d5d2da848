"""One's own account, purposes and breaking the glass, and the administration of accounts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from applications import hidden
from browsers import GOOD, NAMES, fill, send
from fastapi.testclient import TestClient
from served import Served
from sqlalchemy import select, update

from vitruvian.core import AccessError, InputError
from vitruvian.serve.identity import Account, add_account, caller_of_token, sign_in_link
from vitruvian.serve.identity.accounts import change_roles, set_active
from vitruvian.serve.identity.emergencies import all_emergencies, emergencies
from vitruvian.serve.identity.links import redeemed
from vitruvian.serve.identity.passwords import password_fits
from vitruvian.serve.identity.sessions import COOKIE, begin, session_of, sessions
from vitruvian.serve.identity.tokens import new_token

pytestmark = pytest.mark.usefixtures("forgiven")


# -- one's own account ------------------------------------------------------------------------------------------


def test_a_new_password_ends_other_sessions(served: Served, browser: TestClient, person: Account) -> None:
    send(browser, person.name, GOOD)
    elsewhere = begin(served.server.store, person.id)
    assert fill(browser, "/account/password", new="x", again="x", password="wrong").status_code == 403
    short = fill(browser, "/account/password", new="short", again="short", password=GOOD)
    differ = fill(browser, "/account/password", new=GOOD + "1", again=GOOD + "2", password=GOOD)
    assert (short.status_code, differ.status_code) == (422, 422)
    new = "another horse battery"
    assert fill(browser, "/account/password", new=new, again=new, password=GOOD).status_code == 200
    assert session_of(served.server.store, elsewhere) is None
    assert browser.get("/account").status_code == 200
    assert password_fits(served.server.store, person.id, new)


def test_the_first_password_needs_a_session_that_has_just_begun(served: Served, browser: TestClient) -> None:
    store = served.server.store
    made = add_account(store, f"new {next(NAMES)}", ["clinician"])
    browser.get(sign_in_link(store, "", made.id))
    with store.transaction() as connection:
        mine = update(sessions).where(sessions.c.account == made.id)
        connection.execute(mine.values(made_ms=sessions.c.made_ms - 16 * 60_000))
    assert fill(browser, "/account/password", new=GOOD, again=GOOD).status_code == 403
    browser.get(sign_in_link(store, "", made.id))
    assert fill(browser, "/account/password", new=GOOD, again=GOOD).status_code == 200


def test_personal_tokens(served: Served, browser: TestClient, person: Account) -> None:
    send(browser, person.name, GOOD)
    page = fill(browser, "/account/tokens", label="agent", scopes="patient/*.rs", patient="sample-a", days="7")
    found = re.search(r"<code>(vt_[\w-]+)</code>", page.text)
    assert found is not None
    caller = caller_of_token(served.server, found[1])
    assert (caller.only, caller.scopes, caller.actor.purpose) == ("sample-a", {"patient/*.rs"}, "treatment")
    for wrong in ({"scopes": "x/y"}, {"scopes": "patient/*.rs"}, {"scopes": "user/*.rs", "days": "400"},
                  {"scopes": "user/*.rs", "days": "nan"}, {"scopes": "openid"}):  # fmt: skip
        assert fill(browser, "/account/tokens", label="x", **wrong).status_code == 422
    assert fill(browser, "/account/tokens", label="x", scopes="user/*.rs", patient="nobody").status_code == 404
    held = {"authorization": f"Bearer {found[1]}", "accept": "application/json"}
    assert served.anybody.get("/account", headers=held).status_code == 403  # a token is not a session
    other = TestClient(served.app, follow_redirects=False, headers={"accept": "text/html"})
    stranger = add_account(served.server.store, f"stranger {next(NAMES)}", ["clinician"])
    other.get(sign_in_link(served.server.store, "", stranger.id))
    token = hidden(browser.get("/account").text)["token"]
    assert fill(other, "/account/tokens/remove", token=token).status_code == 404
    assert fill(browser, "/account/tokens/remove", token=token).status_code == 303
    with pytest.raises(AccessError):
        caller_of_token(served.server, found[1])


def test_no_token_is_made_for_an_emergency(served: Served, person: Account) -> None:
    for purpose in ("emergency", "ETREAT", "BTG", "nonsense"):
        with pytest.raises(InputError):
            new_token(served.server.store, person.id, "x", ["user/*.rs"], purpose=purpose)


# -- purposes and breaking the glass ----------------------------------------------------------------------------


def test_purposes_are_those_of_the_roles_and_the_session_is_new(served: Served, browser: TestClient) -> None:
    store = served.server.store
    made = add_account(store, f"both {next(NAMES)}", ["clinician", "researcher"])
    browser.get(sign_in_link(store, "", made.id))
    before = browser.cookies[COOKIE]
    assert fill(browser, "/purpose", "/purpose", purpose="research").status_code == 303
    assert browser.cookies[COOKIE] != before
    assert session_of(store, before) is None
    assert ">research<" in browser.get("/purpose").text
    for purpose in ("emergency", "payment", "any", "marketing", "nonsense", "ETREAT"):
        assert fill(browser, "/purpose", "/purpose", purpose=purpose).status_code == 403, purpose


def test_breaking_the_glass(own_served: Served) -> None:
    from vitruvian.record import give_consent

    server, browser = own_served.server, own_served.client("clinician", json=False)
    give_consent(server.record, "sample-b", "deny", "treatment", "everything")
    assert browser.get("/patients/sample-b").status_code == 404
    reason = "Found unconscious, allergies unknown"
    for wrong in ({"person": "sample-b", "reason": "because"}, {"person": "sample-b", "reason": "x" * 40}):
        assert browser.post("/break-glass", data=wrong).status_code == 422
    assert browser.post("/break-glass", data={"person": "nobody", "reason": reason}).status_code == 404
    before = browser.cookies.get(COOKIE, domain="") or ""
    went = browser.post("/break-glass", data={"person": "sample-b", "reason": reason})
    assert (went.status_code, went.headers["location"]) == (303, "/patients/sample-b")
    browser.cookies.delete(COOKIE, domain="")  # what the fixture set by hand
    assert browser.cookies[COOKIE] != before
    assert session_of(server.store, before) is None
    assert browser.get("/patients/sample-b").status_code == 200
    assert browser.get("/patients/sample-a").status_code == 404  # this person alone
    csrf = hidden(browser.get("/purpose").text)["csrf"]
    browser.headers["x-csrf-token"] = csrf
    made = browser.post("/account/tokens", data={"label": "x", "scopes": "user/*.rs"})
    assert made.status_code == 403  # the emergency does not outlive itself
    kept = all_emergencies(server)
    assert [(one.person, one.reason) for one in kept] == [("sample-b", reason)]
    with server.store.transaction() as connection:
        assert reason not in str(connection.execute(select(emergencies)).all())
        assert "sample-b" not in str(connection.execute(select(emergencies)).all())
    log = server.record.acting("operations").audit_log(actor=kept[0].account)
    assert "break_glass" in [row.action for row in log]
    assert any('"emergency":1' in row.detail or '"emergency":true' in row.detail for row in log)
    assert all(reason not in row.detail for row in log)
    with server.store.transaction() as connection:
        connection.execute(update(sessions).values(purpose_until_ms=sessions.c.purpose_until_ms - 31 * 60_000))
    assert browser.get("/patients/sample-b").status_code == 404  # half an hour is over
    assert browser.get("/patients/sample-a").status_code == 200
    auditor = own_served.client("auditor", json=False)
    assert reason in auditor.get("/accounts/emergencies").text
    assert browser.get("/accounts/emergencies").status_code == 403


def test_an_emergency_is_ended_and_others_cannot_declare_one(own_served: Served) -> None:
    browser = own_served.client("clinician", json=False)
    reason = {"person": "sample-a", "reason": "Collapsed in the waiting room"}
    assert browser.post("/break-glass", data=reason).status_code == 303
    browser.cookies.delete(COOKIE, domain="")
    browser.headers["x-csrf-token"] = hidden(browser.get("/purpose").text)["csrf"]
    assert browser.post("/break-glass/end").status_code == 303
    assert browser.get("/patients/sample-b").status_code == 200
    for role in ("researcher", "patient", "administrator", "payer"):
        other = own_served.client(role, json=False)
        assert other.post("/break-glass", data=reason).status_code == 403, role


def test_nobody_slips_into_an_emergency(served: Served, person: Account) -> None:
    caller = caller_of_token(served.server, new_token(served.server.store, person.id, "x", ["user/*.rs"]))
    assert caller.acting("research").actor.purpose == "research"
    for purpose in ("emergency", "ETREAT", "BTG"):
        with pytest.raises(AccessError):
            caller.acting(purpose)


# -- administration ---------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(served: Served) -> TestClient:
    """A browser of an administrator."""
    return served.client("administrator", json=False)


def test_many_accounts_stand_on_small_pages(own_served: Served) -> None:
    administrator, store = own_served.client("administrator", json=False), own_served.server.store
    made = [add_account(store, f"Reader {k:03}", ["clinician"]) for k in range(60)]
    pages = [administrator.get("/accounts", params={"part": k}).text for k in (1, 2, 3)]
    assert all(len(one.encode()) <= 15_000 for one in pages)
    assert all(any(f"/accounts/{one.id}/change" in page for page in pages) for one in made)
    assert f'action="/accounts/{made[0].id}/reset"' in administrator.get(f"/accounts/{made[0].id}/change").text
    assert administrator.get("/accounts/none/change").status_code == 404


def test_accounts_are_made_with_a_link(served: Served, administrator: TestClient, browser: TestClient) -> None:
    name = f"Grace {next(NAMES)}"
    page = administrator.post("/accounts", data={"name": name, "roles": ["clinician", "researcher"]})
    found = re.search(r"<code>([^<]+/sign-in/once\?key=[^<]+)</code>", page.text)
    assert found is not None
    assert browser.get(found[1][found[1].index("/sign-in") :]).status_code == 303
    assert name in browser.get("/account").text
    for wrong in ({"name": name.upper(), "roles": "clinician"}, {"name": "", "roles": "clinician"},
                  {"name": "x\x00", "roles": "clinician"}, {"name": "new", "roles": "wizard"},
                  {"name": "new", "roles": "patient"},
                  {"name": "new", "roles": "clinician", "own": "sample-a"}):  # fmt: skip
        assert administrator.post("/accounts", data=wrong).status_code == 422, wrong


def test_only_an_owner_makes_owners(served: Served, administrator: TestClient) -> None:
    store = served.server.store
    root = add_account(store, f"root {next(NAMES)}", ["owner"])
    mine = add_account(store, f"mine {next(NAMES)}", ["clinician"])
    tried: list[tuple[str, dict[str, str]]] = [
        ("/accounts", {"name": "o", "roles": "owner"}),
        (f"/accounts/{mine.id}/roles", {"roles": "owner"}),
        (f"/accounts/{root.id}/roles", {"roles": "clinician"}),
        (f"/accounts/{root.id}/link", {}),
        (f"/accounts/{root.id}/reset", {}),
        (f"/accounts/{root.id}/active", {"active": "false"}),
    ]
    for path, data in tried:
        assert administrator.post(path, data=data).status_code == 403, path
    owner = served.client("owner", json=False)
    assert owner.post(f"/accounts/{mine.id}/roles", data={"roles": "owner"}).status_code == 303


def test_disabling_and_resetting_end_every_way_in(served: Served, administrator: TestClient, person: Account) -> None:
    store = served.server.store
    session, token = begin(store, person.id), new_token(store, person.id, "x", ["user/*.rs"])
    link = sign_in_link(store, "", person.id)
    assert administrator.post(f"/accounts/{person.id}/active", data={"active": "false"}).status_code == 303
    assert session_of(store, session) is None
    assert redeemed(store, link.partition("key=")[2]) is None
    with pytest.raises(AccessError):
        caller_of_token(served.server, token)
    assert administrator.post(f"/accounts/{person.id}/link").status_code == 403
    assert administrator.post(f"/accounts/{person.id}/active", data={"active": "true"}).status_code == 303
    with pytest.raises(AccessError):
        caller_of_token(served.server, token)
    assert password_fits(store, person.id, GOOD)
    assert administrator.post(f"/accounts/{person.id}/reset").status_code == 200
    assert not password_fits(store, person.id, GOOD)
    assert administrator.post("/accounts/none/reset").status_code == 404


def test_roles_act_on_the_next_request(served: Served, administrator: TestClient, person: Account) -> None:
    store = served.server.store
    session, token = begin(store, person.id), new_token(store, person.id, "x", ["user/*.rs"])
    assert administrator.post(f"/accounts/{person.id}/roles", data={"roles": "auditor"}).status_code == 303
    assert session_of(store, session) is None
    assert not caller_of_token(served.server, token).may("read")


def test_the_last_one_who_administers_stays(tmp_path: Any) -> None:
    from vitruvian.serve.store import Store

    store = Store.open(str(tmp_path / "s.db"))
    root = add_account(store, "root", ["owner"])
    for change in (lambda: set_active(store, root.id, False), lambda: change_roles(store, root.id, ["clinician"])):
        with pytest.raises(InputError):
            change()
    add_account(store, "second", ["administrator"])
    assert not set_active(store, root.id, False).active
    store.close()


@pytest.mark.parametrize("role", ["clinician", "researcher", "patient", "auditor", "payer", "data_loader"])
def test_others_do_not_administer(served: Served, role: str) -> None:
    other = served.client(role, json=False)
    assert other.get("/accounts").status_code == 403
    assert other.post("/accounts", data={"name": "x", "roles": "clinician"}).status_code == 403
