"""The authorisation matrix, made from the routes of the application: role × resource × consent × channel.

A route that declares nothing, or what has no row in `matrix`, fails. Requests are made for real.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from matrix import ROLES, ROWS, WITHOUT, Way, ways_of
from served import ANYTHING, Served, wait_until
from sqlalchemy import update
from starlette.routing import Match
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from vitruvian.serve.every_route import every_route
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.identity.tokens import tokens

API = "/api/v1"
QUICK = ("clinician", "auditor", "data_loader", "patient")
"""Roles of the default run: together they are allowed and refused everything."""


@pytest.fixture(scope="module")
def ways(served: Served) -> list[Way]:
    """All routes but the program's own files."""
    return [one for one in ways_of(served.app) if one.path not in WITHOUT]


def may(role: str, way: Way) -> bool:
    """Whether the rows allow a role what a route demands."""
    return all(role in ROWS[one].split() for one in way.demands or ())


def ask(client: TestClient, way: Way, person: str, body: Any = None, **known: str) -> httpx.Response:
    """The request, with an empty body where one is needed."""
    content = None if way.method in ("GET", "DELETE") else ({} if body is None else body)
    return client.request(way.method, way.filled(person, **known), json=content)


def test_every_route_declares_a_demand_that_has_a_row(ways: list[Way]) -> None:
    assert len(ways) > 50
    assert not [str(one) for one in ways if one.demands is None]
    assert not {str(one): one.demands for one in ways if not set(one.demands or ()) <= set(ROWS)}


def test_no_route_hides_another(served: Served) -> None:
    """The first route that fits a path is the one that was meant: `/fhir/.well-known/…` is no type of FHIR."""
    every = [one for one in every_route(served.app) if isinstance(one.original_route, APIRoute)]
    for one in every:
        for method in one.methods or ():
            path = re.sub(r"{\w+(?::\w+)?}", "x1", one.path)
            asked = {"type": "http", "path": path, "method": method, "headers": [], "root_path": ""}
            first = next(other for other in every if other.matches(asked)[0] is Match.FULL)
            assert first.original_route.endpoint is one.original_route.endpoint, (one.path, first.path)


def test_nobody_signed_in_gets_nothing(served: Served, ways: list[Way]) -> None:
    for way in ways:
        if not way.demands or way.socket:
            continue
        found = ask(served.anybody, way, "sample-a")
        assert found.status_code == 401, way
        assert "sample" not in found.text.replace("sample-a", ""), way


@pytest.mark.parametrize("role", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in ROLES])
def test_roles_may_what_their_row_says(served: Served, ways: list[Way], role: str) -> None:
    """On a person whom nobody knows: who may ask is told so, who may not is refused."""
    by_token, wrong = served.client(role, scopes=ANYTHING), []
    for way in ways:
        if not way.demands or way.socket or (_streams(way) and may(role, way)):
            continue
        found = ask(served.client(role), way, "sample-z")
        if (found.status_code == 403) is may(role, way) and not _of_themselves(role, way):
            wrong.append(f"{way}: {found.status_code}")
        if found.status_code >= 500:
            wrong.append(f"{way}: {found.text}")
        if not may(role, way) and ask(by_token, way, "sample-z").status_code != 403:
            wrong.append(f"{way} by token")
    assert not wrong


def _of_themselves(role: str, way: Way) -> bool:
    """A patient asks the audit of themselves alone: of another person, or all, they are refused, known or not.

    Who comes back from a sign-in elsewhere that they did not begin is refused as well.
    """
    return (role == "patient" and way.demands == (("audit", "audit"),)) or way.path == "/smart/back"


def test_a_token_does_no_more_than_its_scopes(served: Served, ways: list[Way]) -> None:
    """Reading scopes change nothing, and no scope administers, consents or audits."""
    reader = served.client("owner", scopes=["user/*.rs"])
    narrow = served.client("owner", scopes=["user/Observation.rs"])
    for way in ways:
        if not way.demands or way.socket or way.demands[0][1] in ("fhir", "cds", "agents", "metrics", "own"):
            continue
        if way.demands[0][0] not in ("read", "search", "derive", "export"):
            assert ask(reader, way, "sample-z").status_code == 403, way
        assert ask(narrow, way, "sample-z").status_code == 403, way


def test_a_token_with_patient_scopes_but_no_patient_is_refused(served: Served, ways: list[Way]) -> None:
    secret = served.people.token("owner", scopes=["patient/*.cruds"], patient="sample-a")
    with served.server.store.transaction() as connection:
        connection.execute(update(tokens).where(tokens.c.hash == hashed(secret)).values(patient=""))
    client = served.client()
    client.cookies.clear()
    client.headers["authorization"] = f"Bearer {secret}"
    for way in ways:
        if way.demands and not way.socket:
            assert ask(client, way, "sample-a").status_code == 401, way


# -- one person's data are not another's ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Things:
    """Ids of real things of sample-a, made by the clinician."""

    fact: str
    scenario: str
    job: str

    @property
    def known(self) -> dict[str, str]:
        """As parameters of paths."""
        return vars(self)


@pytest.fixture(scope="module")
def things(served: Served) -> Things:
    """Real ids: without them a probe would find nothing to be refused."""
    client = served.client("clinician")
    fact = client.get(f"{API}/patients/sample-a/facts?limit=1").json()["items"][0]["id"]
    question = {"twin": "dose", "question": "recommend", "values": {"drug": "vancomycin"}}
    made = client.post(f"{API}/patients/sample-a/scenarios", json={"title": "as it is", **question})
    quick = question | {"values": {"drug": "water"}}  # the answer is that there is no such drug
    submitted = client.post(f"{API}/jobs", json={"kind": "compare", "person": "sample-a", "options": [quick]})
    job = submitted.json()["job"]["id"]
    wait_until(lambda: client.get(f"{API}/jobs/{job}").json()["progress"] == 1)
    assert client.get(f"{API}/jobs/{job}/results").json()["items"][0]["told"]["problem"]
    return Things(fact, made.json()["id"], job)


def others(served: Served) -> Iterator[tuple[str, TestClient]]:
    """Those who are bound to sample-b, by every channel."""
    yield "patient by session", served.client("patient", own=["sample-b"])
    yield "patient by token", served.client("patient", own=["sample-b"], scopes=ANYTHING, patient="sample-b")
    yield "clinician's token of a patient", served.client("clinician", scopes=ANYTHING, patient="sample-b")
    yield "owner's token of a patient", served.client("owner", scopes=["patient/*.cruds"], patient="sample-b")


def test_another_persons_ids_are_as_good_as_invented_ones(served: Served, ways: list[Way], things: Things) -> None:
    """Same status, same words: neither existence nor content of sample-a shows to those bound to sample-b."""
    wrong = []
    for who, client in others(served):
        for way in ways:
            if not way.points or way.socket or _about_nobody(way):
                continue
            real = ask(client, way, "sample-a", **things.known)
            invented = ask(client, way, "sample-z", fact="0" * 32, scenario="1" * 32, job="2" * 32)
            if real.status_code != invented.status_code or real.status_code < 400:
                wrong.append(f"{way} as {who}: {real.status_code}, {invented.status_code}")
            if _words(real.text, things) != _words(invented.text, things):
                wrong.append(f"{way} as {who}: {real.text} but {invented.text}")
    assert not wrong


def test_things_of_one_account_are_not_anothers(served: Served, things: Things) -> None:
    """Not even of the owner, who may see the same person."""
    for client in (served.client("owner"), served.client("clinician", who="another")):
        for path in (f"{API}/jobs/{things.job}", f"{API}/jobs/{things.job}/results",
                     f"{API}/patients/sample-a/scenarios/{things.scenario}"):  # fmt: skip
            assert client.get(path).status_code == 404, path
        assert not client.get(f"{API}/jobs").json()["items"]
        assert client.post(f"{API}/jobs/{things.job}/cancel").status_code == 404
        assert client.delete(f"{API}/patients/sample-a/scenarios/{things.scenario}").status_code == 404


def test_a_narrower_token_does_not_see_wider_jobs(served: Served, things: Things) -> None:
    for scopes, patient in ((["user/*.rs"], None), (ANYTHING, "sample-a"), (ANYTHING, None)):
        client = served.client("clinician", scopes=scopes, patient=patient)
        assert client.get(f"{API}/jobs/{things.job}").status_code == 404
        assert not client.get(f"{API}/jobs").json()["items"]


def test_lists_hold_only_the_one_person(served: Served, ways: list[Way], things: Things) -> None:
    for who, client in others(served):
        for way in ways:
            for path in _lists(way):
                found = client.get(path)
                assert "sample-a" not in found.text, f"{path} as {who}"
                assert "Anton" not in found.text, f"{path} as {who}"


# -- consent acts on the next request ---------------------------------------------------------------------------------


def test_consent_withdrawn_acts_on_the_next_request(served: Served, ways: list[Way], things: Things) -> None:
    """Every route of a person: what a clinician saw is gone with the denial, jobs and what was kept warm included."""
    clinician = served.client("clinician")
    by_token = served.client("clinician", scopes=ANYTHING)
    person = served.client("patient")
    readable = [one for one in ways if one.method == "GET" and one.points and not (_streams(one) or _about_nobody(one))]
    before = {one: ask(clinician, one, "sample-a", **things.known).status_code for one in readable if _cheap(one)}
    seen = [one for one, status in before.items() if status == 200]
    assert len(seen) >= 12
    denied = person.post(f"{API}/patients/sample-a/consents", json={"kind": "deny", "purpose": "treatment"})
    assert denied.status_code == 201
    try:
        for way in readable:
            for client in (clinician, by_token):
                found = ask(client, way, "sample-a", **things.known)
                if found.status_code not in (403, 404):
                    assert found.status_code == ask(client, way, "sample-z").status_code >= 400, f"{way}: {found.text}"
                assert "Anton" not in found.text, way
        hidden = ask(clinician, _way(ways, f"GET {API}/patients/{{person}}"), "sample-a")
        invented = ask(clinician, _way(ways, f"GET {API}/patients/{{person}}"), "sample-z")
        assert _words(hidden.text, things) == _words(invented.text, things)
        for way in ways:
            for path in _lists(way):
                assert "Anton" not in clinician.get(path).text, path
        assert not clinician.get(f"{API}/jobs").json()["items"]
    finally:
        assert person.delete(f"{API}/patients/sample-a/consents?purpose=treatment").json() == {"withdrawn": 1}
    for way in seen:
        assert ask(clinician, way, "sample-a", **things.known).status_code == 200, way


def test_a_part_denied_withholds_results_that_rest_on_it(served: Served, things: Things) -> None:
    """The person is still seen, but what was computed with more than may be seen now is not shown."""
    clinician, person = served.client("clinician"), served.client("patient")
    deny = {"kind": "deny", "purpose": "treatment", "category": "genome"}
    assert person.post(f"{API}/patients/sample-a/consents", json=deny).status_code == 201
    try:
        (found,) = clinician.get(f"{API}/jobs/{things.job}/results").json()["items"]
        assert found["told"] is None
        assert found["withheld"]
    finally:
        person.delete(f"{API}/patients/sample-a/consents?purpose=treatment&category=genome")
    (found,) = clinician.get(f"{API}/jobs/{things.job}/results").json()["items"]
    assert found["told"]


def test_purposes_count_in_results(served: Served, things: Things) -> None:
    """Without a consent, research sees nobody: not by another purpose of the same account either."""
    for_research = served.client("clinician", purpose="research")
    assert for_research.get(f"{API}/jobs/{things.job}/results").status_code in (403, 404)


# -- sockets ----------------------------------------------------------------------------------------------------------


def test_sockets_refuse_as_routes_do(served: Served, ways: list[Way]) -> None:
    for way in ways:
        if not way.socket:
            continue
        for client in (served.anybody, *(served.client(role) for role in ROLES if not may(role, way))):
            with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)):  # noqa: SIM117
                with client.websocket_connect(way.filled("sample-a")) as socket:
                    socket.receive()


def _about_nobody(way: Way) -> bool:
    """Open, of accounts, or of what was sent itself: no person's data are behind it."""
    return not way.demands or way.demands[0][0] in ("own", "administer") or way.path.startswith("/account")


def _lists(way: Way) -> list[str]:
    """Addresses of what it lists: of a FHIR type, several."""
    if way.method != "GET" or way.socket or way.points or not way.demands or _streams(way):
        return []
    kinds = ("Patient", "Observation", "MedicationRequest", "Provenance") if way.names else ("",)
    return [way.filled("", kind=one) for one in kinds]


def _streams(way: Way) -> bool:
    """Answers that do not end."""
    return way.path.endswith(("/events", "/stream", "/live")) or way.path == "/mcp"


def _cheap(way: Way) -> bool:
    """Reads that compute nothing for long."""
    return "twins/dose" not in way.path and "report" not in way.path


def _way(ways: list[Way], name: str) -> Way:
    return next(one for one in ways if str(one) == name)


def _words(text: str, things: Things) -> str:
    """An answer without the ids that were sent, and without what differs with every request."""
    for one in ("sample-a", "sample-z", *things.known.values(), "0" * 32, "1" * 32, "2" * 32):
        text = text.replace(one, "ID")
    text = re.sub(r'"(trace|csrf)":"[^"]*"', "", text)
    return re.sub(r"\b[0-9a-f]{32}\b|content=\"[^\"]{20,}\"|value=\"[^\"]{20,}\"", "", text)
