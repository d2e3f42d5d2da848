"""Signing in: by password, second factor and link; what is guessed, replayed or sent from elsewhere gets nothing."""

from __future__ import annotations

import html
import re
import threading
import time
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pyotp
import pytest
from applications import hidden, returned
from browsers import GOOD, NAMES, fill, send
from fastapi.testclient import TestClient
from served import Served, serving
from sqlalchemy import select, update

from vitruvian.core import AccessError, InputError, now_ms
from vitruvian.serve.identity import Account, add_account, sign_in_link
from vitruvian.serve.identity import attempts as attempts_module
from vitruvian.serve.identity import passwords as passwords_module
from vitruvian.serve.identity.accounts import set_active
from vitruvian.serve.identity.attempts import FREE, attempt, attempts
from vitruvian.serve.identity.forms import local_place
from vitruvian.serve.identity.links import links, redeemed
from vitruvian.serve.identity.passwords import password_fits, passwords, set_password
from vitruvian.serve.identity.second import begin_second, confirm_second, second_factors, second_fits
from vitruvian.serve.identity.sessions import COOKIE, begin, session_of, sessions
from vitruvian.serve.identity.tokens import new_token
from vitruvian.serve.problems import TooMany

pytestmark = pytest.mark.usefixtures("forgiven")


# -- by password ------------------------------------------------------------------------------------------------


def test_name_and_password_begin_a_session(served: Served, browser: TestClient, person: Account) -> None:
    answer = send(browser, person.name.upper(), GOOD, place="/patients/sample-a?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/patients/sample-a?x=1"
    assert re.search(r"HttpOnly.*SameSite=lax", answer.headers["set-cookie"])
    assert browser.get("/account").status_code == 200
    log = served.server.record.audit_log(actor=person.id)
    assert [row.action for row in log][:1] == ["sign_in"]


def test_wrong_name_password_and_account_say_the_same(served: Served, browser: TestClient, person: Account) -> None:
    off = add_account(served.server.store, f"off {next(NAMES)}", ["clinician"])
    set_password(served.server.store, off, GOOD)
    set_active(served.server.store, off.id, False)
    bare = add_account(served.server.store, f"bare {next(NAMES)}", ["clinician"])
    tried = ((person.name, "wrong"), ("nobody", GOOD), (off.name, GOOD), (bare.name, ""), (bare.name, GOOD))
    answers = [send(browser, name, word) for name, word in tried]
    plain = {re.sub(r'value="[^"]*"', "", one.text) for one in answers if one.status_code == 401}
    assert [one.status_code for one in answers] == [401, 401, 401, 422, 401]
    assert len(plain) == 1
    assert COOKIE not in browser.cookies


def test_a_name_that_is_unknown_costs_a_hash_too(served: Served, person: Account, monkeypatch: Any) -> None:
    seen: list[str] = []
    real = passwords_module._HASHER.verify

    class Counting:
        def verify(self, kept: str, plain: str) -> bool:
            seen.append(kept.split("$")[3])
            return bool(real(kept, plain))

        hash = passwords_module._HASHER.hash

    monkeypatch.setattr(passwords_module, "_HASHER", Counting())
    store = served.server.store
    assert not password_fits(store, None, GOOD)
    assert not password_fits(store, "none", GOOD)
    assert password_fits(store, person.id, GOOD)
    assert not password_fits(store, None, "nobody signs in with this")
    assert len(seen) == 4
    assert len(set(seen)) == 1  # the same cost


@pytest.mark.parametrize(
    "password", ["short", "a" * 40, "123456789012345", "vitruvian2026", "passwordpassword", "x" * 300, "ababababababab"]
)
def test_passwords_that_are_guessed_are_refused(served: Served, password: str, person: Account) -> None:
    with pytest.raises(InputError):
        set_password(served.server.store, person, password)
    assert password_fits(served.server.store, person.id, GOOD)


def test_a_password_is_not_the_name_and_is_compared_whole(served: Served) -> None:
    store = served.server.store
    made = add_account(store, f"Wilhelmina Quartermain {next(NAMES)}", ["clinician"])
    with pytest.raises(InputError):
        set_password(store, made, f"{made.name}1")
    long = "one two three four five six seven " * 7
    set_password(store, made, long)
    assert password_fits(store, made.id, long)
    assert not password_fits(store, made.id, long[:100])
    set_password(store, made, "Ångström 12 Ampère")
    assert password_fits(store, made.id, "A\u030angstro\u0308m 12 Ampe\u0300re")


def test_nothing_secret_lies_in_the_store(served: Served, person: Account) -> None:
    server = served.server
    secret = begin_second(server, person.id)
    codes = confirm_second(server, person.id, pyotp.TOTP(secret).now())
    session, link = begin(server.store, person.id), sign_in_link(server.store, "", person.id)
    token = new_token(server.store, person.id, "x", ["user/*.rs"])
    with server.store.transaction() as connection:
        tables = [table for table in passwords.metadata.sorted_tables if table.name != "job"]
        kept = str([connection.execute(select(one)).all() for one in tables])
    for one in (GOOD, secret, *(codes or ()), session, link.partition("=")[2], token):
        assert one not in kept
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in kept


# -- lock-out ---------------------------------------------------------------------------------------------------


def test_failures_make_a_name_wait_even_for_the_right_password(browser: TestClient, person: Account) -> None:
    found = [send(browser, person.name, f"wrong {k}").status_code for k in range(FREE)]
    assert found == [401] * FREE
    variant = f"  {person.name.swapcase()} "
    waiting = send(browser, variant, GOOD)
    assert waiting.status_code == 429
    assert 1 <= int(waiting.headers["retry-after"]) <= 30
    assert COOKIE not in browser.cookies


def test_waiting_is_the_same_for_a_name_that_is_unknown(browser: TestClient) -> None:
    found = [send(browser, "nobody at all", "x").status_code for _ in range(FREE + 1)]
    assert found == [*[401] * FREE, 429]


def test_success_forgets_failures_and_waiting_doubles(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    store, now = served.server.store, now_ms()
    monkeypatch.setattr(attempts_module, "now_ms", lambda: now)
    for _ in range(3 * FREE):
        with attempt(store, "somebody", "10.0.0.1") as one:
            one.passed = True
    waits = []
    for _ in range(FREE + 3):
        try:
            with attempt(store, "somebody", "10.0.0.1"):
                pass
        except TooMany as error:
            waits.append(error.wait_s)
            with store.transaction() as connection:
                connection.execute(update(attempts).values(until_ms=0))
            with attempt(store, "somebody", "10.0.0.1"):
                pass
    assert waits == [30, 60, 120]


def test_an_address_waits_whatever_names_it_tries(served: Served) -> None:
    store = served.server.store
    for k in range(10 * FREE):
        with attempt(store, f"name {k}", f"2001:db8::{k:x}"):  # one network
            pass
    with pytest.raises(TooMany), attempt(store, "another name", "2001:db8::ffff"):
        pass
    with attempt(store, "name of somebody else", "10.0.0.2") as one:
        one.passed = True


def test_an_account_of_ones_own_does_not_buy_an_address_more_guesses(served: Served) -> None:
    store = served.server.store
    for k in range(10 * FREE):
        with attempt(store, f"victim {k}", "10.9.9.9"):
            pass
        if k + 1 < 10 * FREE:
            with attempt(store, "my own", "10.9.9.9") as one:
                one.passed = True
    with pytest.raises(TooMany), attempt(store, "the next victim", "10.9.9.9"):
        pass


def test_many_at_once_are_not_judged_more_often(served: Served) -> None:
    judged: list[int] = []

    def guess() -> None:
        try:
            with attempt(served.server.store, "hurry", "10.1.1.1"):
                judged.append(1)
        except TooMany:
            pass

    many = [threading.Thread(target=guess) for _ in range(4 * FREE)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert len(judged) == FREE


# -- forms, places, sessions ------------------------------------------------------------------------------------


def test_the_form_must_come_from_this_browser(served: Served, browser: TestClient, person: Account) -> None:
    data = {"name": person.name, "password": GOOD}
    assert browser.post("/sign-in", data=data).status_code == 403
    stranger = TestClient(served.app, follow_redirects=False)
    form = hidden(stranger.get("/sign-in").text)
    assert browser.post("/sign-in", data=form | data).status_code == 403
    browser.get("/sign-in")
    assert browser.post("/sign-in", data=form | data).status_code == 403


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\/evil", "javascript:alert(1)", "/%0d\n", "evil",
     "", "///evil.example", "/\t/evil.example", "/ /evil", "http:/evil"],
)  # fmt: skip
def test_signing_in_never_leads_elsewhere(place: str) -> None:
    assert local_place(place) == "/"


def test_places_of_this_server_are_kept(served: Served, browser: TestClient) -> None:
    assert local_place("/a/b?c=d&e=%2F#f") == "/a/b?c=d&e=%2F#f"
    asked = browser.get("/patients/sample-a?x=1")
    assert returned(asked.headers["location"])["next"] == "/patients/sample-a?x=1"


def test_a_session_that_was_there_before_is_not_taken_over(
    served: Served, browser: TestClient, person: Account
) -> None:
    store = served.server.store
    attacker = add_account(store, f"attacker {next(NAMES)}", ["clinician"])
    planted = begin(store, attacker.id)
    browser.cookies.set(COOKIE, planted, domain="testserver.local")
    assert send(browser, person.name, GOOD).status_code == 303
    assert browser.cookies[COOKIE] != planted
    assert session_of(store, planted) is None
    browser.cookies.clear()
    browser.cookies.set(COOKIE, "se_chosen-by-somebody-else", domain="testserver.local")
    assert send(browser, person.name, GOOD).status_code == 303
    assert browser.cookies[COOKIE] != "se_chosen-by-somebody-else"


def test_sessions_end_when_idle_when_old_and_when_asked(served: Served, person: Account) -> None:
    store = served.server.store
    for column, gone in ((sessions.c.seen_ms, 31 * 60_000), (sessions.c.made_ms, 13 * 3_600_000)):
        secret = begin(store, person.id)
        with store.transaction() as connection:
            mine = update(sessions).where(sessions.c.account == person.id)
            connection.execute(mine.values({column: column - gone}))
        assert session_of(store, secret) is None


def test_cookies_over_tls_are_bound_to_the_host(own_record: Any) -> None:
    with serving(own_record, public_url="https://twin.example.org") as there:
        made = add_account(there.server.store, "Anna", ["clinician"])
        link = sign_in_link(there.server.store, "", made.id)
        answer = there.anybody.get(link)
        assert answer.headers["set-cookie"].startswith(f"__Host-{COOKIE}=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "Secure" in there.anybody.get("/sign-in").headers["set-cookie"]


def test_every_change_of_a_session_needs_its_token(served: Served, browser: TestClient, person: Account) -> None:
    send(browser, person.name, GOOD)
    for path in ("/sign-out", "/account/password", "/account/tokens", "/purpose", "/break-glass", "/account/second"):
        assert browser.post(path, data={"csrf": "x"}).status_code == 403, path
        assert browser.post(path, data={}).status_code == 403, path
        assert browser.post(path, json={"csrf": "x"}).status_code == 403, path
    assert browser.get("/account").status_code == 200
    assert fill(browser, "/sign-out").status_code == 303
    assert browser.get("/account").status_code == 303


def test_a_socket_from_another_origin_gets_no_session(served: Served, person: Account) -> None:
    from starlette.requests import HTTPConnection

    from vitruvian.serve.identity import caller_of

    cookie = f"{COOKIE}={begin(served.server.store, person.id)}".encode()

    def knock(origin: bytes) -> Any:
        headers = [(b"host", b"here:8000"), (b"cookie", cookie), (b"origin", origin)]
        scope = {"type": "websocket", "path": "/", "headers": headers, "app": served.app, "query_string": b""}
        return caller_of(HTTPConnection(scope | {"server": ("here", 8000), "scheme": "ws"}))

    assert knock(b"http://here:8000").account == person.id
    for origin in (b"http://evil.example", b"null", b"http://here:8001"):
        with pytest.raises(AccessError):
            knock(origin)


# -- one-time links ---------------------------------------------------------------------------------------------


def test_a_link_signs_in_once(served: Served, browser: TestClient, person: Account) -> None:
    link = sign_in_link(served.server.store, "", person.id)
    assert browser.get(link).status_code == 303
    assert browser.get("/account").status_code == 200
    browser.cookies.clear()
    assert browser.get(link).status_code == 401
    assert COOKIE not in browser.cookies


def test_of_two_who_use_a_link_at_once_one_gets_it(served: Served, person: Account) -> None:
    secret = sign_in_link(served.server.store, "", person.id).partition("key=")[2]
    found: list[str | None] = []
    many = [threading.Thread(target=lambda: found.append(redeemed(served.server.store, secret))) for _ in range(6)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert sorted(found, key=str) == [None] * 5 + [person.id] or found.count(person.id) == 1


def test_links_that_are_old_or_of_a_disabled_account_are_not_valid(served: Served, browser: TestClient) -> None:
    store = served.server.store
    made = add_account(store, f"new {next(NAMES)}", ["clinician"])
    link = sign_in_link(store, "", made.id)
    with store.transaction() as connection:
        connection.execute(update(links).values(until_ms=links.c.until_ms - 16 * 60_000))
    assert browser.get(link).status_code == 401
    link = sign_in_link(store, "", made.id)
    set_active(store, made.id, False)
    assert browser.get(link).status_code == 401


# -- second factor ----------------------------------------------------------------------------------------------


@pytest.fixture
def factor(served: Served, person: Account, monkeypatch: pytest.MonkeyPatch) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """The authenticator app of the person, and the recovery codes; the code of now is spent, and now does not pass."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    totp = pyotp.TOTP(begin_second(served.server, person.id))
    codes = confirm_second(served.server, person.id, totp.at(now))
    assert codes is not None
    return totp, codes


def test_a_second_factor_is_needed_from_its_confirmation_on(
    browser: TestClient, person: Account, factor: tuple[pyotp.TOTP, tuple[str, ...]]
) -> None:
    totp, recovery = factor
    assert send(browser, person.name, GOOD).status_code == 401
    assert send(browser, person.name, GOOD, "000000").status_code == 401
    assert send(browser, person.name, GOOD, totp.at(time.time())).status_code == 401  # used at its confirmation
    assert send(browser, person.name, GOOD, totp.at(time.time() + 30)).status_code == 303
    browser.cookies.clear()
    assert send(browser, person.name, GOOD, recovery[0]).status_code == 303
    browser.cookies.clear()
    assert send(browser, person.name, GOOD, recovery[0]).status_code == 401


def test_a_link_does_not_pass_over_the_second_factor(
    served: Served, browser: TestClient, person: Account, factor: tuple[pyotp.TOTP, tuple[str, ...]]
) -> None:
    totp, recovery = factor
    link = sign_in_link(served.server.store, "", person.id)
    asked = browser.get(link)
    assert (asked.status_code, COOKIE in browser.cookies) == (200, False)
    form = hidden(asked.text)
    for code in ("000000", totp.now(), "", "x" * 30):
        assert browser.post("/sign-in/once", data=form | {"code": code}).status_code in (401, 422)
    assert COOKIE not in browser.cookies
    assert browser.post("/sign-in/once", data={"key": form["key"], "code": recovery[0]}).status_code == 403
    assert browser.post("/sign-in/once", data=form | {"code": totp.at(time.time() + 30)}).status_code == 303
    assert browser.get("/account").status_code == 200
    browser.cookies.clear()
    assert browser.get(link).status_code == 401  # it was used
    link = sign_in_link(served.server.store, "", person.id)
    form = hidden(browser.get(link).text)
    found = [browser.post("/sign-in/once", data=form | {"code": f"{k:06}"}).status_code for k in range(FREE + 1)]
    assert found == [*[401] * FREE, 429]
    assert browser.post("/sign-in/once", data=form | {"code": recovery[1]}).status_code == 429
    assert COOKIE not in browser.cookies


def test_a_code_is_used_once_and_never_an_earlier_one(
    served: Served, person: Account, factor: tuple[pyotp.TOTP, tuple[str, ...]]
) -> None:
    totp, server = factor[0], served.server
    later = totp.at(time.time() + 30)
    assert second_fits(server, person.id, later)
    for code in (later, totp.at(time.time()), totp.at(time.time() - 30), totp.at(time.time() + 90), "", "é", "1" * 40):
        assert not second_fits(server, person.id, code)


def test_a_right_code_at_once_from_two_is_used_once(
    served: Served, person: Account, factor: tuple[pyotp.TOTP, tuple[str, ...]]
) -> None:
    code, found = factor[0].at(time.time() + 30), list[bool]()
    many = [
        threading.Thread(target=lambda: found.append(second_fits(served.server, person.id, code))) for _ in range(5)
    ]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert found.count(True) == 1


def test_guessing_codes_is_locked_out_too(
    browser: TestClient, person: Account, factor: tuple[pyotp.TOTP, tuple[str, ...]]
) -> None:
    found = [send(browser, person.name, GOOD, f"{k:06}").status_code for k in range(FREE + 1)]
    assert found == [*[401] * FREE, 429]


def test_a_secret_moved_to_another_account_does_not_open(
    served: Served, person: Account, factor: tuple[pyotp.TOTP, tuple[str, ...]]
) -> None:
    from vitruvian.core import DataError

    other = add_account(served.server.store, f"mover {next(NAMES)}", ["clinician"])
    with served.server.store.transaction() as connection:
        mine = second_factors.c.account == person.id
        connection.execute(update(second_factors).where(mine).values(account=other.id))
    with pytest.raises(DataError):
        second_fits(served.server, other.id, factor[0].now())


def test_the_secret_is_a_picture_too(browser: TestClient, person: Account) -> None:
    send(browser, person.name, GOOD)
    page = fill(browser, "/account/second", password=GOOD)
    picture = re.search(r'<img src="data:image/svg\+xml;charset=utf-8,([^"]+)" alt="[^"]+"', page.text)
    assert picture is not None
    drawing = ElementTree.fromstring(unquote(html.unescape(picture[1])))
    path = drawing.find(".//{http://www.w3.org/2000/svg}path[@stroke]")
    assert path is not None
    assert drawing.attrib["viewBox"].startswith("0 0 ")
    assert "data:" in page.headers["content-security-policy"].partition("img-src")[2].partition(";")[0]
    assert re.search(r"<code>([A-Z2-7]{32})</code>", page.text)


def test_setting_up_on_the_page(browser: TestClient, person: Account) -> None:
    send(browser, person.name, GOOD)
    assert fill(browser, "/account/second", password="wrong").status_code == 403
    page = fill(browser, "/account/second", password=GOOD)
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page.text)
    assert found is not None
    assert f"secret={found[1]}" in page.text
    assert fill(browser, "/account/second/confirm", code="000000").status_code == 422
    done = fill(browser, "/account/second/confirm", code=pyotp.TOTP(found[1]).now())
    assert len(re.findall(r"<code>[0-9a-f-]{24}</code>", done.text)) == 8
    assert fill(browser, "/account/second", password=GOOD).status_code == 403  # one is in use
    assert fill(browser, "/account/second/remove", password="").status_code == 403
    assert fill(browser, "/account/second/remove", password=GOOD).status_code == 200
