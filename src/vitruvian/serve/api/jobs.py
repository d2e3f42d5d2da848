"""Long work: submit, follow, stop, resume, read what it told."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.serve import jobs as work
from vitruvian.serve.api.once import IdempotencyKey, once
from vitruvian.serve.api.paging import CursorText, Limit, Page, cursor, page_of, read_cursor
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.api.twins import Values
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.jobs import Job, Result
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=Tagged)
Asker = Annotated[Caller, Allow("read", "jobs")]


class Asked(BaseModel):
    """A question to a twin."""

    twin: str
    question: str
    values: Values = Field(default_factory=dict)
    at: str | None = None
    title: str = ""


class AskOne(Asked):
    """A question to one person's twin."""

    kind: Literal["ask"]
    person: str


class AskSeveral(BaseModel):
    """Several questions about one person, to compare."""

    kind: Literal["compare"]
    person: str
    options: list[Asked] = Field(min_length=1, max_length=100)


class AskMany(Asked):
    """One question to the twins of many people; of all whom the caller may see where `people` is absent."""

    kind: Literal["ask-many"]
    people: list[str] | None = Field(None, min_length=1, max_length=10_000)


class JobOut(BaseModel):
    """A job: how far it is."""

    job: Job
    progress: float = Field(ge=0, le=1)


@router.post("", status_code=202)
def submit(
    request: Request,
    response: Response,
    caller: Asker,
    asked: Annotated[AskOne | AskSeveral | AskMany, Field(discriminator="kind")],
    key: IdempotencyKey = None,
) -> JobOut:
    """Submit a job; follow it at the address in `Location`."""
    server, told = server_of(request), asked.model_dump(exclude={"kind"})
    with once(server, caller, key, "job", asked.kind, told) as (name, before):
        job = _there(request, caller, name) if before else None
        if job is None:
            job = work.submit(server, caller, asked.kind, told, name)
    response.headers["location"] = f"/api/v1/jobs/{job.id}"
    return _out(job)


@router.get("")
def jobs(request: Request, caller: Asker, limit: Limit = 50, after: CursorText = None) -> Page[JobOut]:
    """One's own jobs, the oldest first."""
    mine = sorted(work.jobs_of(server_of(request), caller), key=_key)
    found, last = page_of(mine, _key, read_cursor(after, "jobs"), limit)
    return Page(items=[_out(one) for one in found], next=cursor(last, "jobs"))


@router.get("/{job}")
def job(request: Request, job: str, caller: Asker) -> JobOut:
    """How far a job is."""
    return _out(work.job_of(server_of(request), caller, job))


@router.get("/{job}/results")
def results(request: Request, job: str, caller: Asker, limit: Limit = 100, after: CursorText = None) -> Page[Result]:
    """What the finished steps told. Rights and consents are looked at again: what may no longer be seen is absent."""
    every = work.results_of(server_of(request), caller, job)
    found, last = page_of(every, lambda one: (one.step,), read_cursor(after, job), limit)
    return Page(items=found, next=cursor(last, job))


@router.post("/{job}/cancel")
def cancel(request: Request, job: str, caller: Asker) -> JobOut:
    """Stop before the next step; what is finished stays."""
    return _out(work.cancel(server_of(request), caller, job))


@router.post("/{job}/resume")
def resume(request: Request, job: str, caller: Asker) -> JobOut:
    """Go on after it was cancelled or failed; finished steps are not done again."""
    return _out(work.resume(server_of(request), caller, job))


def _out(job: Job) -> JobOut:
    return JobOut(job=job, progress=job.done / job.steps if job.steps else 1.0)


def _there(request: Request, caller: Caller, job: str) -> Job | None:
    try:
        return work.job_of(server_of(request), caller, job)
    except UnknownNameError:
        return None


def _key(job: Job) -> tuple[Any, ...]:
    return job.made, job.id
