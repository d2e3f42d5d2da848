"""Submitting, looking at and stopping jobs. A job belongs to the account that asked, and to tokens no wider than it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vitruvian.core import DataError, InputError, UnknownNameError, now_ms
from vitruvian.serve.caller import Caller
from vitruvian.serve.jobs.job import OVER, Job, job_of_row, jobs, results
from vitruvian.serve.jobs.kept import SERVER, Json, may_see, opened, owner_of, sealed
from vitruvian.serve.jobs.kinds import kind_of, person_of
from vitruvian.serve.server import Server

_WAITING = 100
"""Jobs that one account may have waiting or running."""
KEPT_MS = 30 * 86_400_000
"""How long a job that is over stays."""


@dataclass(frozen=True)
class Result:
    """What one step told; `withheld` where the caller may no longer see what it was computed from."""

    step: int
    person: str
    told: Json | None
    withheld: str = ""


def submit(server: Server, caller: Caller, kind: str, asked: Json, job: str | None = None) -> Job:
    """A new job that waits (with the id `job`, if given). What is asked is checked first.

    Raises `UnknownNameError`, `InputError`, also where too many wait.
    """
    steps = kind_of(kind).plan(caller, asked)
    person = person_of(steps)
    told = {"steps": [[one.person, one.asked] for one in steps]}
    _room_for_one(server, caller)
    row = _row(server, caller, job or new_id(), kind, person, told, len(steps))
    _insert(server, row)
    if (wake := server.parts.get("jobs")) is not None:
        wake.set()
    return job_of(server, caller, row["job"])


def keep(server: Server, caller: Caller, kind: str, told: Json, job: str | None = None) -> Job:
    """What was done at once, kept as a job that is done: the account of an ingest."""
    row = _row(server, caller, job or new_id(), kind, "", {"steps": []}, 1) | {"state": "done", "done": 1}
    _insert(server, row)
    place = f"{row['job']}/0"
    one = {"job": row["job"], "step": 0, "person": "", "owner": SERVER, "mark": ""}
    with server.store.transaction() as connection:
        connection.execute(insert(results).values(**one, told=sealed(server.record, SERVER, place, told)))
    return job_of(server, caller, row["job"])


def jobs_of(server: Server, caller: Caller) -> list[Job]:
    """The caller's jobs, the newest first; of people whom they may still see."""
    query = select(jobs).where(jobs.c.account == caller.account).order_by(jobs.c.made_ms.desc(), jobs.c.job)
    with server.store.transaction() as connection:
        rows = connection.execute(query).all()
    return [_told(server, row) for row in rows if _visible(caller, row)]


def job_of(server: Server, caller: Caller, job: str) -> Job:
    """One job of the caller's; raises `UnknownNameError`."""
    return _told(server, _found(server, caller, job))


def results_of(server: Server, caller: Caller, job: str) -> list[Result]:
    """What the finished steps told, as far as the caller may see it now. Raises `UnknownNameError`."""
    _found(server, caller, job)
    query = select(results).where(results.c.job == job).order_by(results.c.step)
    with server.store.transaction() as connection:
        rows = connection.execute(query).all()
    return list(_results(server, caller, rows))


def cancel(server: Server, caller: Caller, job: str) -> Job:
    """Stop a job before its next step; one that is over stays as it is. Raises `UnknownNameError`."""
    _found(server, caller, job)
    mine = jobs.c.job == job
    with server.store.transaction() as connection:
        connection.execute(update(jobs).where(mine).values(stop=True))
        waits = mine & (jobs.c.state == "waiting")
        connection.execute(update(jobs).where(waits).values(state="cancelled", changed_ms=now_ms()))
    return job_of(server, caller, job)


def resume(server: Server, caller: Caller, job: str) -> Job:
    """Go on with a job that was cancelled or failed; finished steps are not done again. Raises `UnknownNameError`."""
    row = _found(server, caller, job)
    if row.state not in ("cancelled", "failed"):
        raise InputError("the job cannot be resumed", got=row.state, allowed="cancelled, failed")
    _room_for_one(server, caller)
    new = {"state": "waiting", "stop": False, "problem": None, "changed_ms": now_ms(), **_rights(caller)}
    with server.store.transaction() as connection:
        connection.execute(update(jobs).where(jobs.c.job == job, jobs.c.state == row.state).values(**new))
    if (wake := server.parts.get("jobs")) is not None:
        wake.set()
    return job_of(server, caller, job)


def asked_of(server: Server, caller: Caller, job: str) -> list[tuple[str, Json]]:
    """(person, what is asked) of each step of the caller's job. Raises `UnknownNameError`."""
    return steps_of(server, _found(server, caller, job))


def forget(server: Server, caller: Caller, job: str) -> None:
    """Stop a job, and let go of it and of its results. Raises `UnknownNameError`."""
    cancel(server, caller, job)
    with server.store.transaction() as connection:
        connection.execute(delete(results).where(results.c.job == job))
        connection.execute(delete(jobs).where(jobs.c.job == job))


def count_jobs(server: Server) -> dict[str, int]:
    """How many jobs there are by state."""
    query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
    with server.store.engine.connect() as connection:
        return {row.state: int(row[1]) for row in connection.execute(query)}


def new_id() -> str:
    """An id that cannot be guessed."""
    return secrets.token_hex(16)


def steps_of(server: Server, row: Row[Any]) -> list[tuple[str, Json]]:
    """(person, what is asked) of each step of a job's row; raises `DataError` once the person is erased."""
    told = opened(server.record, row.owner, row.job, row.asked)
    return [(person, asked) for person, asked in told["steps"]]


def _results(server: Server, caller: Caller, rows: Any) -> Iterator[Result]:
    for row in rows:
        sees = may_see(caller, row.person, row.mark)
        if sees is None:
            continue
        if not sees:
            yield Result(row.step, row.person, None, "What you may see of this person has changed since: ask again.")
            continue
        try:
            told = opened(server.record, row.owner, f"{row.job}/{row.step}", row.told)
        except DataError:  # erased meanwhile
            continue
        yield Result(row.step, row.person, told)


def _found(server: Server, caller: Caller, job: str) -> Row[Any]:
    with server.store.transaction() as connection:
        row = connection.execute(select(jobs).where(jobs.c.job == job, jobs.c.account == caller.account)).first()
    if row is None or not _visible(caller, row):
        raise UnknownNameError("no such job", got=repr(job))
    return row


def _visible(caller: Caller, row: Row[Any]) -> bool:
    """A token sees what tokens no wider than it asked for, about its patient; nobody sees a job about a person whom
    they may not see."""
    if caller.scopes is not None and not (row.scopes and set(row.scopes.split()) <= caller.scopes):
        return False
    if (caller.only or "") and row.only != caller.only:
        return False
    return not row.person or may_see(caller, row.person, "") is not None


def _told(server: Server, row: Row[Any]) -> Job:
    problem = ""
    if row.problem is not None:
        try:
            problem = opened(server.record, row.owner, f"{row.job}/problem", row.problem)["problem"]
        except DataError:
            problem = "The person was erased."
    return job_of_row(row, problem)


def _row(server: Server, caller: Caller, job: str, kind: str, person: str, told: Json, steps: int) -> Json:
    owner = owner_of(caller.patient(person)) if person else SERVER
    now = now_ms()
    return {
        "job": job, "account": caller.account, **_rights(caller), "kind": kind, "person": person, "owner": owner,
        "asked": sealed(server.record, owner, job, told), "state": "waiting", "steps": steps, "done": 0,
        "problem": None, "stop": False, "made_ms": now, "changed_ms": now, "worker": "", "lease_ms": 0,
    }  # fmt: skip


def _rights(caller: Caller) -> Json:
    """What a worker needs to act as the caller, and no wider."""
    return {
        "scopes": " ".join(sorted(caller.scopes or ())),
        "only": caller.only or "",
        "purpose": caller.actor.purpose,
        "until_ms": caller.until_ms,
    }


def _insert(server: Server, row: Json) -> None:
    """The row, unless the same id is there (the same request sent twice); what is long over goes."""
    with server.store.transaction() as connection:
        old = select(jobs.c.job).where(jobs.c.changed_ms < now_ms() - KEPT_MS, jobs.c.state.in_(OVER))
        connection.execute(delete(results).where(results.c.job.in_(old)))
        connection.execute(delete(jobs).where(jobs.c.job.in_(old)))
    try:
        with server.store.transaction() as connection:
            connection.execute(insert(jobs).values(**row))
    except IntegrityError:
        return


def _room_for_one(server: Server, caller: Caller) -> None:
    mine = (jobs.c.account == caller.account) & jobs.c.state.in_(("waiting", "running"))
    with server.store.transaction() as connection:
        waiting = connection.execute(select(func.count()).select_from(jobs).where(mine)).scalar_one()
    if waiting >= _WAITING:
        raise InputError("too many jobs wait", got=waiting, allowed=_WAITING, todo="Wait, or cancel some.")
