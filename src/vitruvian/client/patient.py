"""One person at a server: facts, measurements, twins, saved what-ifs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from vitruvian.client.connection import Connection
from vitruvian.client.job import Job
from vitruvian.client.told import (
    Answer,
    Fact,
    Json,
    Person,
    Question,
    Sample,
    Scenario,
    Status,
    answer_of,
    fact_of,
    person_of,
    question_of,
    sample_of,
    scenario_of,
    statuses_of,
)
from vitruvian.core import InputError

Value = float | str | bool | None


@dataclass(frozen=True)
class Patient:
    """A person of a record; `id` may be an identifier such as a hospital number. Nothing is read until you ask."""

    connection: Connection
    id: str

    def person(self) -> Person:
        """Who they are, as far as you may see. Raises `UnknownNameError`."""
        return person_of(self.connection.send("GET", self._path()))

    def facts(
        self,
        kind: str | None = None,
        code: str | None = None,
        since: str | None = None,
        until: str | None = None,
        *,
        known_by: str | None = None,
    ) -> Iterator[Fact]:
        """Facts in order of start; `code` is a code or a name ("creatinine"), times are ISO 8601."""
        query = {"kind": kind, "code": code, "since": since, "until": until, "known_by": known_by, "limit": 1000}
        return map(fact_of, self.connection.pages(self._path("facts"), query))

    def timeline(self, since: str | None = None, until: str | None = None) -> Iterator[Fact]:
        """Everything that has a time, in order."""
        query = {"since": since, "until": until, "limit": 1000}
        return map(fact_of, self.connection.pages(self._path("timeline"), query))

    def source(self, fact: Fact) -> Any:
        """The source record behind a fact, as received."""
        return self.connection.send("GET", self._path("facts", fact.id, "source"))

    def measurements(self, name: str, since: str | None = None, until: str | None = None) -> Iterator[Sample]:
        """Measurements of one kind ("glucose", a LOINC code, "heart_rate"), in order of start."""
        query = {"since": since, "until": until, "limit": 10_000}
        return map(sample_of, self.connection.pages(self._path("measurements", name), query))

    def twins(self, at: str | None = None) -> list[Status]:
        """How each twin stands for this person."""
        told = self.connection.send("GET", self._path("twins"), query={"at": at})
        return [status for one in told for status in statuses_of(one)]

    def questions(self, twin: str) -> list[Question]:
        """What may be asked of a twin, with units and ranges."""
        return [question_of(one) for one in self.connection.send("GET", self._path("twins", twin, "questions"))]

    def ask(self, twin: str, question: str | None = None, *, at: str | None = None, **values: Value) -> Answer:
        """A twin's answer: `ask("dose", drug="vancomycin")`. Without `question` the first one of the twin.

        A refusal is an answer (`Answer.refused`). Raises `UnknownNameError`, `InputError` for values.
        """
        path = self._path("twins", twin, "questions", question or self._first(twin))
        return answer_of(self.connection.send("POST", path, json=values, query={"at": at}))

    def submit(self, twin: str, question: str | None = None, *, at: str | None = None, **values: Value) -> Job:
        """The same question as a job."""
        asked = {"twin": twin, "question": question or self._first(twin), "values": values, "at": at}
        return Job(
            self.connection, self.connection.send("POST", "/jobs", json=asked | {"kind": "ask", "person": self.id})
        )

    def scenarios(self) -> list[Scenario]:
        """Your saved what-ifs of this person."""
        return [scenario_of(one) for one in self.connection.send("GET", self._path("scenarios"))]

    def save(
        self, title: str, twin: str, question: str | None = None, *, at: str | None = None, **values: Value
    ) -> Scenario:
        """Save a what-if."""
        what = {"title": title, "twin": twin, "question": question or self._first(twin), "values": values, "at": at}
        return scenario_of(self.connection.send("POST", self._path("scenarios"), json=what))

    def compare(self, scenarios: Sequence[Scenario]) -> list[Answer]:
        """The answers of several saved what-ifs, in their order."""
        which = {"scenarios": [one.id for one in scenarios]}
        told = self.connection.send("POST", self._path("scenarios", "compare"), json=which)
        return [answer_of(one["told"]) for one in told["options"]]

    def consents(self) -> list[Json]:
        """What the person permits or denies: FHIR Consent resources."""
        found: list[Json] = self.connection.send("GET", self._path("consents"))
        return found

    def _first(self, twin: str) -> str:
        every = self.questions(twin)
        if not every:
            raise InputError("the twin takes no question for this person", got=twin)
        return every[0].name

    def _path(self, *parts: str) -> str:
        return "/" + "/".join(quote(one, safe="") for one in ("patients", self.id, *parts))
