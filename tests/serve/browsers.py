"""A person before a browser: signing in, filling in the forms of pages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from applications import hidden
from fastapi.testclient import TestClient
from served import Served

from vitruvian.serve.identity import Account, add_account
from vitruvian.serve.identity.attempts import attempts
from vitruvian.serve.identity.passwords import set_password

GOOD = "correct horse battery staple"
NAMES = itertools.count()
"""Numbers that tell the accounts of tests apart."""


def person_with_password(served: Served) -> Account:
    """A clinician who signs in by `GOOD`."""
    made = add_account(served.server.store, f"Dr. {next(NAMES)}", ["clinician"])
    set_password(served.server.store, made, GOOD)
    return made


def new_browser(served: Served) -> TestClient:
    """A browser that is not signed in."""
    made = TestClient(served.app, follow_redirects=False, headers={"accept": "text/html"})
    made.portal, made.app_state = served.anybody.portal, served.anybody.app_state
    return made


@pytest.fixture
def person(served: Served) -> Account:
    """A clinician with a password."""
    return person_with_password(served)


@pytest.fixture
def browser(served: Served) -> TestClient:
    """A browser that is not signed in."""
    return new_browser(served)


@pytest.fixture
def forgiven(served: Served) -> Iterator[None]:
    """Failures of one test do not make the next one wait."""
    yield
    with served.server.store.transaction() as connection:
        connection.execute(attempts.delete())


def send(browser: TestClient, name: str, password: str, code: str = "", place: str = "/") -> Any:
    """Fill in the form."""
    form = hidden(browser.get("/sign-in", params={"next": place}).text)
    return browser.post("/sign-in", data=form | {"name": name, "password": password, "code": code})


def fill(browser: TestClient, path: str, page: str = "/account", **fields: str) -> Any:
    """Send a form of a page, with its CSRF token."""
    csrf = hidden(browser.get(page).text)["csrf"]
    return browser.post(path, data=fields | {"csrf": csrf})
