"""Saved what-ifs of a person, and several beside each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from vitruvian.core import InputError, UnknownNameError
from vitruvian.serve import scenarios as saved
from vitruvian.serve.api.once import IdempotencyKey, once
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.api.twins import Values
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.scenarios import Scenario, WhatIf
from vitruvian.serve.server import server_of
from vitruvian.twin.doors import Told, ask

router = APIRouter(prefix="/patients/{person}/scenarios", tags=["scenarios"], route_class=Tagged)
Asker = Annotated[Caller, Allow("read", "scenarios")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="ETag of the scenario that was read.")]


class WhatIfIn(BaseModel):
    """A question to a twin with its values, under a title."""

    title: str = Field(min_length=1, max_length=200)
    twin: str
    question: str
    values: Values = Field(default_factory=dict)
    at: str | None = None


class CompareIn(BaseModel):
    """Which scenarios are put beside each other."""

    scenarios: list[str] = Field(min_length=1, max_length=8)


class Beside(BaseModel):
    """One scenario and its answer."""

    scenario: Scenario
    told: Told


class Compared(BaseModel):
    """Scenarios beside each other: `differ` holds the values that are not the same in all, in the same order."""

    options: list[Beside]
    differ: dict[str, list[float | str | bool | None]]


@router.get("")
def scenarios(request: Request, person: str, caller: Asker) -> list[Scenario]:
    """One's own what-ifs of this person."""
    return saved.all_of(server_of(request), caller, person)


@router.post("", status_code=201)
def save(
    request: Request, response: Response, person: str, caller: Asker, what: WhatIfIn, key: IdempotencyKey = None
) -> Scenario:
    """Save a what-if; its values are checked."""
    server = server_of(request)
    with once(server, caller, key, "scenario", person, what.model_dump()) as (name, before):
        made = _there(request, caller, person, name) if before else None
        if made is None:
            made = saved.save(server, caller, person, WhatIf(**what.model_dump()), name)
    response.headers["location"] = f"/api/v1/patients/{made.person}/scenarios/{made.id}"
    return _tagged(response, made)


@router.post("/compare")
def compare(request: Request, person: str, caller: Asker, which: CompareIn) -> Compared:
    """Answers of several scenarios beside each other. For many or slow ones, submit a job of kind "compare"."""
    patient = caller.patient(person)
    found = [saved.one_of(server_of(request), caller, person, one) for one in which.scenarios]
    told = [ask(patient, one.what.twin, one.what.question, one.what.values, one.what.at) for one in found]
    options = [Beside(scenario=one, told=answer) for one, answer in zip(found, told, strict=True)]
    return Compared(options=options, differ=_differ([one.what for one in found]))


@router.get("/{scenario}")
def scenario(request: Request, response: Response, person: str, scenario: str, caller: Asker) -> Scenario:
    """One what-if."""
    return _tagged(response, saved.one_of(server_of(request), caller, person, scenario))


@router.put("/{scenario}")
def change(
    request: Request,
    response: Response,
    person: str,
    scenario: str,
    caller: Asker,
    what: WhatIfIn,
    if_match: IfMatch = None,
) -> Scenario:
    """Change a what-if; with `If-Match` only if nobody did meanwhile."""
    server, revision = server_of(request), _revision(if_match)
    return _tagged(response, saved.change(server, caller, person, scenario, WhatIf(**what.model_dump()), revision))


@router.delete("/{scenario}", status_code=204)
def remove(request: Request, person: str, scenario: str, caller: Asker) -> None:
    """Remove a what-if."""
    saved.remove(server_of(request), caller, person, scenario)


def _tagged(response: Response, one: Scenario) -> Scenario:
    response.headers["etag"] = f'"{one.revision}"'
    return one


def _revision(tag: str | None) -> int | None:
    if tag is None or tag.strip() == "*":
        return None
    number = tag.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise InputError("not an ETag of a scenario", got=tag, todo="Send the ETag that came with it.")
    return int(number)


def _there(request: Request, caller: Caller, person: str, scenario: str) -> Scenario | None:
    try:
        return saved.one_of(server_of(request), caller, person, scenario)
    except UnknownNameError:
        return None


def _differ(whats: list[WhatIf]) -> dict[str, list[float | str | bool | None]]:
    names = dict.fromkeys(name for one in whats for name in one.values)
    found = {name: [one.values.get(name) for one in whats] for name in names}
    return {name: values for name, values in found.items() if len({repr(one) for one in values}) > 1}
