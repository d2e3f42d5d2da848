"""Saved what-ifs: a question to a person's twin with its values, of one account; sealed under the person's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Row, Table, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vitruvian.core import DataError, InputError, UnknownNameError, now_ms, to_datetime
from vitruvian.serve.caller import Caller
from vitruvian.serve.jobs import opened, owner_of, sealed
from vitruvian.serve.problems import Precondition
from vitruvian.serve.server import Server
from vitruvian.serve.store import metadata
from vitruvian.twin.doors import checked, twin_door

_MOST = 200
"""Scenarios that one account keeps of one person."""

scenarios = Table(
    "scenario",
    metadata,
    Column("scenario", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("person", Text, nullable=False, index=True),
    Column("owner", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("told", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class WhatIf:
    """A question to a twin with its values, under a title."""

    title: str
    twin: str
    question: str
    values: Mapping[str, float | str | bool | None] = field(default_factory=dict)
    at: str | None = None


@dataclass(frozen=True)
class Scenario:
    """A saved what-if; `revision` grows with every change."""

    id: str
    person: str
    revision: int
    made: str
    changed: str
    what: WhatIf


def save(server: Server, caller: Caller, person: str, what: WhatIf, scenario: str) -> Scenario:
    """A new scenario with an id. Raises `InputError` for values that the question does not take."""
    patient = caller.patient(person)
    _check(caller, person, what)
    mine = (scenarios.c.account == caller.account) & (scenarios.c.person == patient.id)
    row: dict[str, Any] = {
        "scenario": scenario,
        "account": caller.account,
        "person": patient.id,
        "owner": owner_of(patient),
    }
    row |= {"revision": 1, "made_ms": now_ms(), "changed_ms": now_ms()}
    told = sealed(server.record, owner_of(patient), scenario, vars(what))
    try:
        with server.store.transaction() as connection:
            count = connection.execute(select(func.count()).select_from(scenarios).where(mine)).scalar_one()
            if count >= _MOST:
                raise InputError("too many scenarios", got=count, allowed=_MOST, todo="Remove some.")
            connection.execute(insert(scenarios).values(**row, told=told))
    except IntegrityError:  # the same request, sent twice at once
        pass
    return one_of(server, caller, person, scenario)


def change(server: Server, caller: Caller, person: str, scenario: str, what: WhatIf, revision: int | None) -> Scenario:
    """The scenario with another what-if; raises `Precondition` where it is no longer at `revision`."""
    before = one_of(server, caller, person, scenario)
    if revision is not None and revision != before.revision:
        raise Precondition("it was changed meanwhile", got=revision, allowed=before.revision, todo="Read it again.")
    _check(caller, person, what)
    owner = owner_of(caller.patient(person))
    new = {"revision": before.revision + 1, "changed_ms": now_ms(), "owner": owner}
    same = (scenarios.c.scenario == scenario) & (scenarios.c.revision == before.revision)
    with server.store.transaction() as connection:
        told = sealed(server.record, owner, scenario, vars(what))
        if not connection.execute(update(scenarios).where(same).values(**new, told=told)).rowcount:
            raise Precondition("it was changed meanwhile", got=before.revision, todo="Read it again.")
    return one_of(server, caller, person, scenario)


def remove(server: Server, caller: Caller, person: str, scenario: str) -> None:
    """Remove a scenario; raises `UnknownNameError`."""
    one_of(server, caller, person, scenario)
    with server.store.transaction() as connection:
        connection.execute(delete(scenarios).where(scenarios.c.scenario == scenario))


def all_of(server: Server, caller: Caller, person: str) -> list[Scenario]:
    """The caller's scenarios of a person, the oldest first."""
    patient = caller.patient(person)
    mine = (scenarios.c.account == caller.account) & (scenarios.c.person == patient.id)
    with server.store.transaction() as connection:
        query = select(scenarios).where(mine).order_by(scenarios.c.made_ms, scenarios.c.scenario)
        rows = connection.execute(query).all()
    return [_opened(server, row) for row in rows]


def one_of(server: Server, caller: Caller, person: str, scenario: str) -> Scenario:
    """One scenario; raises `UnknownNameError`."""
    patient = caller.patient(person)
    mine = (scenarios.c.account == caller.account) & (scenarios.c.person == patient.id)
    with server.store.transaction() as connection:
        row = connection.execute(select(scenarios).where(mine, scenarios.c.scenario == scenario)).first()
    if row is None:
        raise UnknownNameError("no such scenario", got=repr(scenario))
    return _opened(server, row)


def _opened(server: Server, row: Row[Any]) -> Scenario:
    try:
        what = WhatIf(**opened(server.record, row.owner, row.scenario, row.told))
    except DataError as error:  # the source's part of the person was erased
        raise UnknownNameError("no such scenario", got=repr(row.scenario)) from error
    made, changed = (to_datetime(ms).isoformat(timespec="seconds") for ms in (row.made_ms, row.changed_ms))
    return Scenario(row.scenario, row.person, row.revision, made, changed, what)


def _check(caller: Caller, person: str, what: WhatIf) -> None:
    if not what.title.strip():
        raise InputError("a scenario needs a title")
    patient = caller.patient(person)
    try:
        known = {one.name: one for one in twin_door(what.twin).questions(patient)}
        if what.question not in known:
            raise UnknownNameError("no such question", got=repr(what.question), allowed=", ".join(known))
        checked(known[what.question], what.values)
    except UnknownNameError as error:  # the address is right, what was sent to it is not
        raise InputError(error.what, got=error.got, allowed=error.allowed, todo=error.todo) from error
