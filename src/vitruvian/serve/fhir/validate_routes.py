"""Routes that check and store nothing: $validate of a resource, $validate-code of a code that twins use."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.core import InputError
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.fhir.body import BadBody, Json, read_object
from vitruvian.serve.fhir.request import Body, fhir_answer
from vitruvian.serve.fhir.validate import issues_of, outcome_of
from vitruvian.serve.fhir.validate_codes import check_code

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Caller, Allow("own", "fhir")]
_CODE_PARTS = {"code": "valueCode", "system": "valueUri", "display": "valueString", "url": "valueUri"}


@router.post("/{kind}/$validate")
@router.post("/{kind}/{name}/$validate")
def validate(kind: str, caller: Anybody, body: Body, name: str = "") -> Response:
    """What is wrong with a resource by the base definitions of FHIR R4; nothing is stored."""
    resource = read_object(body)
    if resource.get("resourceType") == "Parameters" and kind != "Parameters":
        resource = _part(resource, "resource").get("resource", {})
    return fhir_answer(outcome_of(issues_of(resource, kind), kind))


@router.get("/CodeSystem/$validate-code")
@router.get("/ValueSet/$validate-code")
def validate_code(request: Request, caller: Anybody, code: str = "", system: str = "", display: str = "") -> Response:
    """Whether the twins know a code."""
    return _checked(system or request.query_params.get("url", ""), code, display)


@router.post("/CodeSystem/$validate-code")
@router.post("/ValueSet/$validate-code")
def validate_code_body(caller: Anybody, body: Body) -> Response:
    """The same, asked by a Parameters resource: code and system, or a coding."""
    parameters = read_object(body)
    if found := issues_of(parameters, "Parameters"):
        return fhir_answer(outcome_of(found, "Parameters"), 400)
    coding = _part(parameters, "coding").get("valueCoding") or {}
    told = {name: _part(parameters, name).get(value) or coding.get(name, "") for name, value in _CODE_PARTS.items()}
    return _checked(told["system"] or told["url"], told["code"], told["display"])


def _checked(system: str, code: str, display: str) -> Response:
    if not code:
        raise InputError("a code is missing", todo="Give code and system.")
    found = check_code(system, code, display)
    parts: list[dict[str, Any]] = [
        {"name": "result", "valueBoolean": found.result},
        {"name": "message", "valueString": found.message},
    ]
    if found.display:
        parts.append({"name": "display", "valueString": found.display})
    return fhir_answer({"resourceType": "Parameters", "parameter": parts})


def _part(parameters: Json, name: str) -> Json:
    found = parameters.get("parameter")
    if not isinstance(found, list):
        raise BadBody("Parameters hold no parameter")
    return next((one for one in found if isinstance(one, dict) and one.get("name") == name), {})
