"""What this server can do, as a CapabilityStatement; the tests do what it says, and find nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vitruvian import __version__
from vitruvian.core import to_datetime
from vitruvian.serve.fhir.made import TYPES as MADE
from vitruvian.serve.fhir.parameters import COMMON, Parameter, parameters, references_to, types
from vitruvian.serve.fhir.twin_definitions import DEFINITIONS

Json = dict[str, Any]
_READING = ("read", "vread", "history-instance", "history-type", "search-type")
_WRITING = ("create", "update", "patch")
_KIND = {"id": "token", "updated": "date"}
_CORE = "http://hl7.org/fhir/OperationDefinition/"
_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
_OPERATIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "": {"export": f"{_BULK}export"},
        "Patient": {"everything": f"{_CORE}Patient-everything", "export": f"{_BULK}patient-export"},
        "Group": {"export": f"{_BULK}group-export"},
        "CodeSystem": {"validate-code": f"{_CORE}CodeSystem-validate-code"},
        "ValueSet": {"validate-code": f"{_CORE}ValueSet-validate-code"},
    }
)
"""Operations by type ("": of the whole server); $validate is one of every type."""
_SMART = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_MADE = "Also facts of other formats and what twins learned and answered, marked by the tag urn:vitruvian:basis."
_NOTICES = "R4 rest-hook without payload; one's own alone."
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
        "resource": [*(_resource(one, url) for one in types()), _subscription()],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
        "operation": _operations("", url),
    }


def _security(url: str) -> Json:
    urls = [("authorize", f"{url}/oauth/authorize"), ("token", f"{url}/oauth/token")]
    inner = [{"url": name, "valueUri": where} for name, where in urls]
    service = {"coding": [{"system": _SMART, "code": "SMART-on-FHIR"}]}
    return {"extension": [{"url": _OAUTH, "extension": inner}], "cors": False, "service": [service]}


def _resource(kind: str, url: str) -> Json:
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
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "local"],
        "searchParam": [_parameter(one) for one in known.values()],
        "operation": _operations(kind, url),
    }
    found |= {"searchInclude": ["*", *references]} if references else {}
    pointing = [f"{source}:{name}" for source, name in references_to(kind)]
    found |= {"searchRevInclude": ["*", *pointing]} if pointing else {}
    if kind in MADE:
        found["documentation"] = _MADE
    return found


def _subscription() -> Json:
    codes = ("create", "read", "search-type", "delete")
    return {"type": "Subscription", "interaction": [{"code": one} for one in codes], "documentation": _NOTICES}


def _operations(kind: str, url: str) -> list[Json]:
    known = dict(_OPERATIONS.get(kind, {})) | ({"validate": f"{_CORE}Resource-validate"} if kind else {})
    if kind == "Patient":
        known |= {code: f"{url}/fhir/OperationDefinition/{name}" for name, code in DEFINITIONS.items()}
    return [{"name": name, "definition": known[name]} for name in sorted(known)]


def _parameter(one: Parameter) -> Json:
    where = "Resource" if one.name in COMMON else ""
    documentation = {"documentation": "on every resource"} if where else {}
    return {"name": one.name, "type": _KIND.get(one.kind, one.kind)} | documentation
