"""Doing jobs: a thread in each process takes one at a time, under a lease that it keeps renewing.

A step is kept the moment it is finished. A process that dies lets its lease run out; another one, or the next start,
goes on with the first step that has no result.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from vitruvian.core import AccessError, VitruvianError, now_ms
from vitruvian.serve.caller import Caller
from vitruvian.serve.identity import account_of, as_caller
from vitruvian.serve.jobs.job import jobs, results
from vitruvian.serve.jobs.kept import mark_of, owner_of, sealed
from vitruvian.serve.jobs.kinds import Step, kind_of
from vitruvian.serve.jobs.submitting import steps_of
from vitruvian.serve.science import needed
from vitruvian.serve.server import Server

LEASE_MS = 15_000
_RENEW_S = 5.0
_LOOK_S = 2.0
_LOG = logging.getLogger("vitruvian.serve.jobs")


class _Stopped(Exception):
    """The job was cancelled, or is no longer this worker's."""


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """Do jobs while the server runs; the step under way is finished before it ends."""
    wake, end = threading.Event(), threading.Event()
    server.parts["jobs"] = wake
    worker = threading.Thread(target=_work, args=(server, wake, end), name="jobs", daemon=True)
    worker.start()
    try:
        yield
    finally:
        end.set()
        wake.set()
        await run_in_threadpool(worker.join)


def _work(server: Server, wake: threading.Event, end: threading.Event) -> None:
    name = secrets.token_hex(8)
    while not end.is_set():
        try:
            row = _take(server, name)
            if row is not None:
                _do(server, row, name, end)
                continue
        except (SQLAlchemyError, VitruvianError):  # the store fails: try again later
            _LOG.exception("jobs")
        wake.wait(_LOOK_S)
        wake.clear()


def _take(server: Server, worker: str) -> Row[Any] | None:
    """The oldest job that waits or whose worker is gone, now leased to this one."""
    now = now_ms()
    free = or_(jobs.c.state == "waiting", (jobs.c.state == "running") & (jobs.c.lease_ms < now))
    oldest = select(jobs.c.job).where(free).order_by(jobs.c.made_ms, jobs.c.job).limit(1)
    with server.store.engine.connect() as connection:
        if connection.execute(oldest).first() is None:
            return None
    lease = {"state": "running", "worker": worker, "lease_ms": now + LEASE_MS, "changed_ms": now}
    with server.store.transaction() as connection:
        found = connection.execute(oldest).scalar()
        taken = connection.execute(update(jobs).where(jobs.c.job == found, free).values(**lease)).rowcount
        return connection.execute(select(jobs).where(jobs.c.job == found)).first() if taken else None


def _do(server: Server, row: Row[Any], worker: str, end: threading.Event) -> None:
    try:
        with _leased(server, row.job, worker):
            _steps(server, row, worker, end)
    except _Stopped:
        return
    except VitruvianError as error:
        _end(server, row, worker, "failed", str(error))
    except Exception:
        _LOG.exception("a job failed")
        _end(server, row, worker, "failed", "An error of the server; its log names this job's kind and place.")


def _steps(server: Server, row: Row[Any], worker: str, end: threading.Event) -> None:
    needed(server)
    kind, steps = kind_of(row.kind), steps_of(server, row)
    for number in range(row.done, row.steps):
        if end.is_set():
            return _hand_back(server, row, worker)
        caller = _caller(server, row)
        step = Step(*steps[number])
        mark = mark_of(caller, step.person)
        told = kind.act(caller, step)
        owner = owner_of(caller.patient(step.person))
        place = f"{row.job}/{number}"
        one = {"job": row.job, "step": number, "person": step.person, "owner": owner, "mark": mark}
        _finished(server, worker, one | {"told": sealed(server.record, owner, place, told)})
    _end(server, row, worker, "done")


def _finished(server: Server, worker: str, result: dict[str, Any]) -> None:
    """Keep a step's result and count it, in one transaction; raises `_Stopped` where it is no longer wanted."""
    mine = (jobs.c.job == result["job"]) & (jobs.c.worker == worker) & (jobs.c.state == "running")
    try:
        with server.store.transaction() as connection:
            now = {"done": result["step"] + 1, "changed_ms": now_ms(), "lease_ms": now_ms() + LEASE_MS}
            if not connection.execute(update(jobs).where(mine).values(**now)).rowcount:
                raise _Stopped
            connection.execute(insert(results).values(**result))
            if connection.execute(select(jobs.c.stop).where(mine)).scalar():
                state = {"state": "cancelled", "changed_ms": now_ms()}
                unfinished = mine & (jobs.c.done < jobs.c.steps)
                stopped = connection.execute(update(jobs).where(unfinished).values(**state)).rowcount
            else:
                stopped = 0
    except IntegrityError as error:  # another worker did the same step
        raise _Stopped from error
    if stopped:
        raise _Stopped


def _caller(server: Server, row: Row[Any]) -> Caller:
    """Who asked, with the rights they have now, no wider than those they asked with."""
    account = account_of(server.store, row.account)
    if account is None or not account.active:
        raise AccessError("the account is not active")
    if row.until_ms is not None and row.until_ms < now_ms():
        raise AccessError("the emergency is over")
    scopes = frozenset(row.scopes.split()) or None
    caller = as_caller(server, account, purpose=row.purpose)
    return replace(caller, scopes=scopes, only=row.only or None, until_ms=row.until_ms)


def _end(server: Server, row: Row[Any], worker: str, state: str, problem: str = "") -> None:
    told = sealed(server.record, row.owner, f"{row.job}/problem", {"problem": problem}) if problem else None
    mine = (jobs.c.job == row.job) & (jobs.c.worker == worker)
    with server.store.transaction() as connection:
        new = {"state": state, "problem": told, "changed_ms": now_ms()}
        connection.execute(update(jobs).where(mine, jobs.c.state == "running").values(**new))


def _hand_back(server: Server, row: Row[Any], worker: str) -> None:
    mine = (jobs.c.job == row.job) & (jobs.c.worker == worker)
    with server.store.transaction() as connection:
        connection.execute(update(jobs).where(mine, jobs.c.state == "running").values(state="waiting"))


@contextmanager
def _leased(server: Server, job: str, worker: str) -> Iterator[None]:
    """Renew the lease while a step goes on."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEW_S):
            try:
                with server.store.transaction() as connection:
                    mine = (jobs.c.job == job) & (jobs.c.worker == worker) & (jobs.c.state == "running")
                    connection.execute(update(jobs).where(mine).values(lease_ms=now_ms() + LEASE_MS))
            except SQLAlchemyError:
                _LOG.exception("a lease was not renewed")

    thread = threading.Thread(target=renew, name="job lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
