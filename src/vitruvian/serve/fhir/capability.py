"""What this server can do, as a CapabilityStatement."""

from __future__ import annotations

from typing import Any

from vitruvian import __version__
from vitruvian.core import to_datetime
from vitruvian.serve.fhir.made import TYPES as MADE
from vitruvian.serve.fhir.parameters import COMMON, Parameter, parameters, types

Json = dict[str, Any]
_READING = ("read", "vread", "history-instance", "history-type", "search-type")
_WRITING = ("create", "update", "patch")
_KIND = {"id": "token", "updated": "date"}
_DEFINITION = "http://hl7.org/fhir/OperationDefinition/"
_SMART = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_MADE = "Also facts of other formats and what twins learned, marked by the tag urn:vitruvian:basis."
_RELEASED_MS = 1_767_225_600_000
"""2026-01-01: when the statement was last changed in kind."""


def capability(url: str) -> Json:
    """The statement of a server at a URL."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": to_datetime(_RELEASED_MS).date().isoformat(),
        "kind": "instance",
        "software": {"name": "Vitruvian", "version": __version__},
        "implementation": {"description": "Records and twins of people", "url": f"{url}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [_rest(url)],
    }


def _rest(url: str) -> Json:
    return {
        "mode": "server",
        "security": _security(url),
        "resource": [_resource(one) for one in types()],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
        "operation": [
            {"name": "everything", "definition": f"{_DEFINITION}Patient-everything"},
            {"name": "validate", "definition": f"{_DEFINITION}Resource-validate"},
            {"name": "export", "definition": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"},
        ],
    }


def _security(url: str) -> Json:
    urls = [("authorize", f"{url}/oauth/authorize"), ("token", f"{url}/oauth/token")]
    inner = [{"url": name, "valueUri": where} for name, where in urls]
    service = {"coding": [{"system": _SMART, "code": "SMART-on-FHIR"}]}
    return {"extension": [{"url": _OAUTH, "extension": inner}], "cors": False, "service": [service]}


def _resource(kind: str) -> Json:
    known = parameters(kind)
    references = [f"{kind}:{name}" for name, one in known.items() if one.kind == "reference"]
    found: Json = {
        "type": kind,
        "interaction": [{"code": one} for one in (*_READING, *_WRITING)],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": True,
        "referencePolicy": ["literal", "local"],
        "searchParam": [_parameter(one) for one in known.values()],
    }
    found |= {"searchInclude": references} if references else {}
    pointing = [f"{source}:{name}" for source in types() for name, one in _references(source) if kind in one.targets]
    found |= {"searchRevInclude": pointing} if pointing else {}
    if kind in MADE:
        found["documentation"] = _MADE
    return found


def _references(kind: str) -> list[tuple[str, Parameter]]:
    return [(name, one) for name, one in parameters(kind).items() if one.kind == "reference"]


def _parameter(one: Parameter) -> Json:
    where = "Resource" if one.name in COMMON else ""
    documentation = {"documentation": "on every resource"} if where else {}
    return {"name": one.name, "type": _KIND.get(one.kind, one.kind)} | documentation
