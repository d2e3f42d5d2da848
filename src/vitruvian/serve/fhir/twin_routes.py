"""`$twin`: a question to a person's twin, answered in resources; `$twin-keep`: the same, and the answer is kept."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from vitruvian.record import Patient
from vitruvian.serve.caller import Allow, Caller, Open
from vitruvian.serve.fhir.answering import only_person, seen_by
from vitruvian.serve.fhir.answers import Answered, resources
from vitruvian.serve.fhir.bundles import MEDIA, bundle, entry_text
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.given import given_pairs
from vitruvian.serve.fhir.kept_answers import demand_keeping, keep_answer
from vitruvian.serve.fhir.request import Body
from vitruvian.serve.fhir.twin_definitions import DEFINITIONS, definition
from vitruvian.twin.doors import ask, twin_doors

router = APIRouter()
Reader = Annotated[Caller, Allow("read", "fhir")]
_OWN = frozenset({"twin", "question", "at", "_format", "_pretty"})


def _define(name: str) -> None:
    @router.get(f"/OperationDefinition/{name}", dependencies=[Open("it says what this server can do")])
    def defined(request: Request) -> Response:
        """What an operation of this server takes and gives."""
        return JSONResponse(definition(name, home_of(request)), media_type=MEDIA)


for _name in DEFINITIONS:
    _define(_name)


@router.get("/Patient/{name}/$twin")
def twin(name: str, request: Request, caller: Reader) -> Response:
    """The answer of a twin (`twin`, `question`, `at`, and the values of the question) as a Bundle of resources."""
    one = _answered(_patient(caller, request, name), request, name, {})
    return bundle("collection", [], [entry_text(url, orjson.dumps(each)) for url, each in resources(one)])


@router.post("/Patient/{name}/$twin-keep")
def keep(name: str, request: Request, caller: Annotated[Caller, Allow("derive", "fhir")], body: Body) -> Response:
    """The same, asked by parameters or a Parameters resource; the answer stays in the record as a derived fact."""
    seen_by(caller, request).demand("*", "c")
    patient = _patient(caller, request, name)
    demand_keeping(patient)
    one = _answered(patient, request, name, dict(given_pairs(body)))
    kept = keep_answer(patient, name, one.at, resources(one))
    home = home_of(request)
    entries = [entry_text(f"{home}/{each['resourceType']}/{each['id']}", orjson.dumps(each)) for each in kept]
    return bundle("collection", [], entries)


def _patient(caller: Caller, request: Request, name: str) -> Patient:
    """The person. An answer rests on whatever the caller may see of them: a token needs to cover all types."""
    seen = seen_by(caller, request)
    seen.demand("*", "r")
    return caller.patient(only_person(seen, name))


def _answered(patient: Patient, request: Request, name: str, more: dict[str, str]) -> Answered:
    given = dict(request.query_params.multi_items()) | more
    if "twin" not in given or "question" not in given:
        raise SearchError("a twin and a question are needed", allowed=f"twin: {', '.join(twin_doors())}")
    values = {key: value for key, value in given.items() if key not in _OWN}
    told = ask(patient, given["twin"], given["question"], values, given.get("at"))
    return Answered(told, f"Patient/{name}")
