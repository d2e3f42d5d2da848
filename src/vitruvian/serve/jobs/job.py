"""A job: long work that goes on after its request, in steps, under the rights of who asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Row, Table, Text

from vitruvian.core import to_datetime
from vitruvian.serve.store import metadata

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER = ("done", "failed", "cancelled")

jobs = Table(
    "job",
    metadata,
    Column("job", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("scopes", Text, nullable=False),
    Column("only", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("until_ms", BigInteger),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("steps", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("problem", LargeBinary),
    Column("stop", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False, index=True),
    Column("changed_ms", BigInteger, nullable=False),
    Column("worker", Text, nullable=False),
    Column("lease_ms", BigInteger, nullable=False),
)

results = Table(
    "job_result",
    metadata,
    Column("job", Text, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("told", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Job:
    """One job; `done` of `steps` are finished, and stay finished when the server is started again."""

    id: str
    kind: str
    state: State
    done: int
    steps: int
    person: str
    """Whom it is about; "" for nobody or many."""
    made: str
    changed: str
    stopping: bool = False
    problem: str = ""
    """Why it failed."""


def job_of_row(row: Row[tuple[object, ...]], problem: str = "") -> Job:
    """A row of table `job`."""
    made, changed = (to_datetime(ms).isoformat(timespec="seconds") for ms in (row.made_ms, row.changed_ms))
    stopping = bool(row.stop) and row.state not in OVER
    return Job(row.job, row.kind, row.state, row.done, row.steps, row.person, made, changed, stopping, problem)
