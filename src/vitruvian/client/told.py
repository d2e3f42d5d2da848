"""What a server answers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Person:
    """One person, as far as you may see them."""

    id: str
    name: str | None
    sex: str | None
    birth_date: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """A statement about a person: `value` and `unit` are canonical, `value_raw` and `unit_raw` as received."""

    id: str
    person: str
    kind: str
    system: str
    code: str
    display: str
    value: float | None
    unit: str | None
    value_raw: float | None
    unit_raw: str | None
    value_code: str | None
    value_text: str | None
    start: datetime | None
    end: datetime | None
    known: datetime | None
    status: str
    flags: tuple[str, ...]
    trusted: bool
    basis: str
    source: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """One measurement: a sample of a stream, or a fact beside samples."""

    start: datetime
    end: datetime | None
    value: float | None
    unit: str | None
    text: str | None
    source: str | None
    flags: str
    kind: str


@dataclass(frozen=True)
class Field:
    """One value that a question takes."""

    name: str
    title: str
    kind: str
    unit: str
    default: float | str | bool | None
    low: float | None
    high: float | None
    choices: tuple[tuple[str, str], ...]
    optional: bool
    about: str


@dataclass(frozen=True)
class Question:
    """Something that may be asked of a twin."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Status:
    """How a twin stands for a person; `subject` says what it is about where a twin has several (a drug)."""

    twin: str
    title: str
    state: str
    sentence: str
    newest: str
    credibility: str
    missing: tuple[Mapping[str, str], ...]
    next_question: str
    subject: str


@dataclass(frozen=True)
class Message:
    """A caution or note of an answer."""

    severity: str
    code: str
    text: str
    todo: str = ""
    source: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class Answer:
    """What a twin told; a refusal is an answer too. `data` holds all of it, `pictures` the curves, as JSON."""

    twin: str
    question: str
    sentence: str
    refused: bool
    messages: tuple[Message, ...]
    tables: tuple[Table, ...]
    pictures: tuple[Json, ...]
    reasons: tuple[str, ...]
    citations: tuple[str, ...]
    data: Json


@dataclass(frozen=True)
class Scenario:
    """A saved what-if."""

    id: str
    person: str
    revision: int
    title: str
    twin: str
    question: str
    values: Mapping[str, Any]
    at: str | None


@dataclass(frozen=True)
class Account:
    """What became of every record that came in: records_in = stored + duplicate + quarantined."""

    records_in: int
    stored: int
    duplicate: int
    quarantined: int
    people: tuple[str, ...]
    problems: tuple[str, ...]


def person_of(told: Json) -> Person:
    """A person of JSON."""
    return _made(Person, told, sources=tuple(told["sources"]))


def fact_of(told: Json) -> Fact:
    """A fact of JSON."""
    times = {name: _moment(told[name]) for name in ("start", "end", "known")}
    return _made(Fact, told, flags=tuple(told["flags"]), **times)


def sample_of(told: Json) -> Sample:
    """A sample of JSON."""
    return _made(Sample, told, start=datetime.fromisoformat(told["start"]), end=_moment(told["end"]))


def question_of(told: Json) -> Question:
    """A question of JSON."""
    every = tuple(_made(Field, one, choices=tuple((a, b) for a, b in one["choices"])) for one in told["fields"])
    return _made(Question, told, fields=every)


def statuses_of(told: Json) -> list[Status]:
    """How a twin stands, of JSON."""
    same = {"twin": told["twin"], "title": told["title"]}
    return [_made(Status, one, missing=tuple(one["missing"]), **same) for one in told["status"]]


def answer_of(told: Json) -> Answer:
    """An answer of JSON."""
    tables = (
        _made(Table, one, columns=tuple(one["columns"]), rows=tuple(tuple(row) for row in one["rows"]))
        for one in told["tables"]
    )
    return _made(
        Answer, told, messages=tuple(_made(Message, one) for one in told["messages"]), tables=tuple(tables),
        pictures=tuple(told["pictures"]), reasons=tuple(told["reasons"]), citations=tuple(told["citations"]),
    )  # fmt: skip


def scenario_of(told: Json) -> Scenario:
    """A saved what-if of JSON."""
    return _made(Scenario, told | told["what"])


def account_of(told: Json) -> Account:
    """The account of an ingest, of JSON."""
    return _made(Account, told, people=tuple(told["people"]), problems=tuple(told["problems"]))


def _made(kind: type[T], told: Json, **other: Any) -> T:
    """A value of a kind; what a newer server says beside is left out."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: told[name] for name in names if name not in other}, **other)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
