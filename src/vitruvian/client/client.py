"""A client of a Vitruvian server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from vitruvian.client.connection import Connection
from vitruvian.client.job import Job
from vitruvian.client.patient import Patient, Value
from vitruvian.client.told import Account, Json, Person, account_of, person_of


class Client:
    """A server, as the holder of a token sees it; close it, or use it in `with`.

    An answer is waited for `timeout_s` seconds; what may take longer is a job (`patient.submit`, `ask_many`).

    >>> with Client("http://127.0.0.1:8000", token) as server:  # doctest: +SKIP
    ...     print(server.patient("sample-a").ask("dose", drug="vancomycin").sentence)
    """

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 120.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.connection = Connection(url, token, timeout_s, transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()

    def patient(self, id: str) -> Patient:
        """One person, by id or identifier; nothing is read yet."""
        return Patient(self.connection, id)

    def patients(self, identifier: str | None = None) -> Iterator[Person]:
        """People whom you may see; with `identifier` the one whom it means, or nobody."""
        return map(person_of, self.connection.pages("/patients", {"identifier": identifier}))

    def ingest(self, *files: str | Path, patient: str | None = None, zone: str | None = None) -> Account:
        """Take files in; the account of every record in them. Sent again by itself it would count as duplicate."""
        told = {name: value for name, value in (("patient", patient), ("zone", zone)) if value}
        with ExitStack() as stack:
            parts = [("files", (Path(one).name, stack.enter_context(Path(one).open("rb")))) for one in files]
            key = {"Idempotency-Key": uuid.uuid4().hex}
            return account_of(self.connection.send("POST", "/files", files=parts, data=told, headers=key))

    def ask_many(
        self, twin: str, question: str, people: Sequence[str] | None = None, *, at: str | None = None, **values: Value
    ) -> Job:
        """One question to the twins of many people (all whom you may see, if none are named), as a job."""
        asked: Json = {"kind": "ask-many", "twin": twin, "question": question, "values": values, "at": at}
        named = {} if people is None else {"people": list(people)}
        return Job(self.connection, self._submitted(asked | named))

    def job(self, id: str) -> Job:
        """A job of yours."""
        return Job(self.connection, self.connection.send("GET", f"/jobs/{id}"))

    def jobs(self) -> Iterator[Job]:
        """Your jobs, the oldest first."""
        return (Job(self.connection, one) for one in self.connection.pages("/jobs", {}))

    def _submitted(self, asked: Json) -> Any:
        return self.connection.send("POST", "/jobs", json=asked, headers={"Idempotency-Key": uuid.uuid4().hex})
