"""Whatever is sent to the interface that it describes itself, the server does not fail, and it answers as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from fastapi.testclient import TestClient
from served import Served, serving

_ROLES = ("owner", "clinician", "patient")


@pytest.fixture(scope="module")
def target(server_record: Path) -> Iterator[Served]:
    """A server that answers with 500 where it fails, rather than raise into the test."""
    with serving(server_record) as one:
        yield one


@pytest.fixture(scope="module")
def schema(target: Served) -> Any:
    """What the server says of itself."""
    return schemathesis.openapi.from_dict(target.app.openapi())


def client_of(served: Served, role: str) -> TestClient:
    """Signed in; errors of the server come as answers."""
    made = served.client(role)
    client = TestClient(served.app, raise_server_exceptions=False, follow_redirects=False)
    client.portal, client.app_state = made.portal, made.app_state
    client.headers, client.cookies = made.headers, made.cookies
    return client


def request_of(case: Any, client: TestClient) -> httpx.Request:
    """The request of a case, as it would go over a wire, with who is signed in."""
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {name: value for name, value in sent.headers.items() if name.lower() not in ("authorization", "cookie")}
    return client.build_request(str(sent.method), str(sent.url), headers=headers, content=sent.body or b"")


def probe(served: Served, schema: Any, examples: int, seed: int) -> tuple[int, dict[str, str]]:
    """How many requests were made of every operation, sound and unsound; and which were answered with 5xx.

    Answers that do not end are left out.
    """
    asked, failed = 0, {}

    def ask(operation: Any, client: TestClient, seed: int) -> None:
        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy())
        def one(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = client.send(request_of(case, client))
            if answer.status_code >= 500:
                failed[operation.label] = f"{answer.status_code} {case.as_curl_command()}"[:1000]

        one()

    for index, found in enumerate(schema.exclude(path_regex="/(events|stream)$").get_all_operations()):
        ask(found.ok(), client_of(served, _ROLES[index % len(_ROLES)]), seed + index)
    return asked, failed


def test_no_request_makes_the_server_fail(target: Served, schema: Any) -> None:
    asked, failed = probe(target, schema, examples=1, seed=1)
    assert not failed
    assert asked > 45  # every operation once


@pytest.mark.slow
def test_no_request_of_many_makes_the_server_fail(target: Served, schema: Any) -> None:
    asked, failed = probe(target, schema, examples=25, seed=1000)
    assert not failed
    assert asked > 800
