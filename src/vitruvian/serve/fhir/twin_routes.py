"""`$twin`: a question to a person's twin, answered in resources."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.fhir.answering import only_person, seen_by
from vitruvian.serve.fhir.answers import Answered, resources
from vitruvian.serve.fhir.bundles import bundle, entry_text
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.twin.doors import ask, twin_doors

router = APIRouter()
_OWN = frozenset({"twin", "question", "at", "_format", "_pretty"})


@router.get("/Patient/{name}/$twin")
def twin(name: str, request: Request, caller: Annotated[Caller, Allow("read", "fhir")]) -> Response:
    """The answer of a twin (`twin`, `question`, `at`, and the values of the question) as a Bundle of resources.

    It rests on whatever the caller may see, so that a token needs to cover all types.
    """
    given = dict(request.query_params.multi_items())
    if "twin" not in given or "question" not in given:
        raise SearchError("a twin and a question are needed", allowed=f"twin: {', '.join(twin_doors())}")
    seen = seen_by(caller, request)
    seen.demand("*", "r")
    patient = caller.patient(only_person(seen, name))
    values = {key: value for key, value in given.items() if key not in _OWN}
    told = ask(patient, given["twin"], given["question"], values, given.get("at"))
    found = resources(Answered(told, f"Patient/{name}"))
    return bundle("collection", [], [entry_text(url, orjson.dumps(one)) for url, one in found])
