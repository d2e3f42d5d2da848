"""The Python client against a server behind a socket: what it gives is what the record holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from served import Listening, listening

from vitruvian.client import Client
from vitruvian.client.told import answer_of
from vitruvian.core import AccessError, InputError, StoreError, UnknownNameError
from vitruvian.ingest import samples
from vitruvian.record import Record
from vitruvian.twin.doors import Told


@pytest.fixture(scope="module")
def there(server_record: Path) -> Iterator[Listening]:
    """One server for this file."""
    with listening(server_record) as one:
        yield one


@pytest.fixture
def client(there: Listening) -> Iterator[Client]:
    """The owner's."""
    with Client(there.url, there.people.token("owner")) as one:
        yield one


def test_people_and_facts_are_those_of_the_record(client: Client, server_record: Path) -> None:
    assert [one.id for one in client.patients()] == sorted(samples())
    (found,) = client.patients("H-A-0001")
    assert (found.id, found.name, found.birth_date) == ("sample-a", "Anton Sample", "1944-08-20")
    assert list(client.patients("H-X-0001")) == []
    with Record.open(server_record) as record:
        facts = record.patient("sample-a").facts()
        timeline = record.patient("sample-a").timeline()
    got = list(client.patient("H-A-0001").facts())
    assert [(one.id, one.value, one.unit, one.start, one.detail) for one in got] == [
        (one.id, one.value, one.unit, one.start, one.detail) for one in facts
    ]
    assert [one.id for one in client.patient("sample-a").timeline()] == [one.id for one in timeline]


def test_narrowed_reads(client: Client) -> None:
    patient = client.patient("sample-a")
    creatinine = list(patient.facts(code="creatinine", since="2025-09-01"))
    assert creatinine
    assert {one.code for one in creatinine} == {"2160-0"}
    assert [one.value for one in patient.measurements("creatinine")][-len(creatinine) :] == [
        one.value for one in creatinine
    ]
    assert patient.source(creatinine[0])["resourceType"] == "Observation"
    assert list(patient.facts(known_by="1900-01-01")) == []


def test_a_twin_is_asked(client: Client) -> None:
    patient = client.patient("sample-a")
    drugs = {one.subject for one in patient.twins() if one.twin == "dose"}
    assert "apixaban" in drugs
    question = patient.questions("dose")[0]
    assert "vancomycin" in [value for one in question.fields if one.name == "drug" for value, _ in one.choices]
    with pytest.raises(InputError, match="not a choice"):
        patient.ask("dose", drug="water")  # the first question
    glucose = client.patient("sample-e")
    answer = glucose.ask("glucose", "usual_day", days=7)
    assert (answer.twin, answer.question) == ("glucose", "usual_day")
    assert answer.tables
    assert answer.citations
    saved = glucose.save("as it is", "glucose", "usual_day", days=7)
    assert glucose.scenarios() == [saved]
    (again,) = glucose.compare([saved])
    assert again.sentence == answer.sentence


@pytest.mark.slow
def test_a_dose_is_asked(client: Client) -> None:
    patient = client.patient("sample-a")
    answer = patient.ask("dose", drug="vancomycin")
    assert (answer.twin, answer.question) == ("dose", patient.questions("dose")[0].name)
    assert answer.refused or answer.tables
    assert answer.citations


def test_long_work_is_followed(client: Client) -> None:
    seen: list[float] = []
    job = client.ask_many("dose", "recommend", ["sample-a", "sample-d"], drug="water")
    assert job.wait(on_progress=seen.append).state == "done"
    assert job.progress == 1
    assert [one.person for one in job.results()] == ["sample-a", "sample-d"]
    assert all("not a choice" in one.problem for one in job.results())
    glucose = client.patient("sample-e")
    (told,) = glucose.submit("glucose", "usual_day", days=7).wait().results()
    assert told.answer
    assert told.answer.sentence == glucose.ask("glucose", "usual_day", days=7).sentence
    assert client.job(job.id).state == "done"
    assert job.id in [one.id for one in client.jobs()]


def test_files_are_accounted_for(client: Client, tmp_path: Path) -> None:
    bad = tmp_path / "nothing.csv"
    bad.write_text("a,b\n1,2\n")
    told = client.ingest(bad)
    assert (told.records_in, told.stored, told.quarantined) == (1, 0, 1)
    assert told.problems


def test_errors_are_those_of_the_house(client: Client, there: Listening) -> None:
    with pytest.raises(UnknownNameError, match="no such patient"):
        client.patient("sample-z").person()
    with pytest.raises(UnknownNameError, match="no such twin"):
        client.patient("sample-a").ask("liver", "anything")
    with pytest.raises(InputError, match="not a choice"):
        client.patient("sample-a").ask("dose", drug="water")
    with Client(there.url, "vt_invented") as stranger, pytest.raises(AccessError, match="token"):
        list(stranger.patients())
    with Client("http://127.0.0.1:1", "vt_x") as nowhere, pytest.raises(StoreError, match="cannot be reached"):
        nowhere.patient("sample-a").person()


def test_it_waits_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says 429 twice, then answers; the wait that it asks for is kept."""
    slept: list[float] = []
    monkeypatch.setattr("vitruvian.client.connection.time.sleep", slept.append)
    answers = iter(
        [httpx.Response(429, headers={"retry-after": "3"}), httpx.Response(429), httpx.Response(200, json=[])]
    )
    with Client("http://x", "t", transport=httpx.MockTransport(lambda _: next(answers))) as client:
        assert client.patient("sample-a").scenarios() == []
    assert slept == [3.0, 1.0]


def test_no_answer_in_time_is_not_an_absent_server() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("timed out", request=request)

    with (
        Client("http://x", "t", timeout_s=7, transport=httpx.MockTransport(slow)) as client,
        pytest.raises(StoreError, match=r"no answer within 7 s.*Ask as a job"),
    ):
        client.patient("sample-a").person()


def test_cautions_say_what_to_do() -> None:
    told = {"severity": "warning", "code": "old", "text": "It is old.", "todo": "Measure again.", "source": "label"}
    (message,) = answer_of(asdict(Told("dose", "q", "s")) | {"messages": [told]}).messages
    assert (message.todo, message.source) == ("Measure again.", "label")
