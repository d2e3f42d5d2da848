"""A call of an EHR, read and checked: which hook, whose chart, which draft orders, what it sends or opens with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vitruvian.serve.cds.services import HOOK_OF
from vitruvian.serve.fhir import demand_valid
from vitruvian.serve.problems import HttpError

Json = dict[str, Any]
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_MOST, _MOST_SENT = 50, 2000


class BadCall(HttpError):
    """The call is not one of CDS Hooks, or not of this service."""


@dataclass(frozen=True)
class Call:
    """One call: the patient's id in the EHR, and MedicationRequests under their references; `selected` of them are
    being chosen (all where the hook does not say). `sent` are the prefetched resources; `server` is the EHR's FHIR and
    `token` opens it, "" where it did not say."""

    hook: str
    instance: str
    patient: str
    drafts: Mapping[str, Json]
    medications: Mapping[str, Json]
    selected: frozenset[str]
    sent: tuple[Json, ...] = ()
    server: str = ""
    token: str = field(default="", repr=False)

    @property
    def brings(self) -> bool:
        """Whether it came with data, or with where to read them."""
        return bool(self.sent or self.server)


def call_of(service: str, body: Json) -> Call:
    """The call of a service. Raises `BadCall`, `Invalid`."""
    hook, context = body.get("hook"), body.get("context")
    if hook != HOOK_OF[service]:
        raise BadCall("the service is called for another hook", got=str(hook)[:40], allowed=HOOK_OF[service])
    if not isinstance(body.get("hookInstance"), str) or not isinstance(context, dict):
        raise BadCall("hookInstance or context is missing")
    patient = str(context.get("patientId") or "").removeprefix("Patient/")
    if _ID.fullmatch(patient) is None:
        raise BadCall("context.patientId is no id")
    drafts, medications = ({}, {}) if hook == "patient-view" else _orders(context, patient)
    selected = context.get("selections") if hook == "order-select" else list(drafts)
    if not isinstance(selected, list) or not all(isinstance(one, str) for one in selected):
        raise BadCall("context.selections is no list of references")
    chosen = frozenset(selected) & frozenset(drafts)
    told = (_sent(body.get("prefetch"), patient), *_opened(body, patient))
    return Call(hook, body["hookInstance"], patient, drafts, medications, chosen, *told)


def _sent(prefetch: Any, patient: str) -> tuple[Json, ...]:
    """The prefetched resources, those of bundles one by one. What could not be prefetched is null or an outcome."""
    if prefetch is not None and not isinstance(prefetch, dict):
        raise BadCall("prefetch is no object")
    found: list[Any] = []
    for key, one in (prefetch or {}).items():
        if one is None:
            continue
        if not isinstance(one, dict) or not isinstance(one.get("resourceType"), str):
            raise BadCall("a prefetched value is no resource", got=str(key)[:40])
        entries = one.get("entry", []) if one["resourceType"] == "Bundle" else [{"resource": one}]
        if not isinstance(entries, list):
            raise BadCall("a prefetched Bundle has no list of entries", got=str(key)[:40])
        found += [each.get("resource") for each in entries if isinstance(each, dict)]
    kept = [one for one in found if isinstance(one, dict) and one.get("resourceType") != "OperationOutcome"]
    if len(kept) > _MOST_SENT:
        raise BadCall("too many prefetched resources", got=str(len(kept)), allowed=f"up to {_MOST_SENT}")
    for one in kept:
        _demand_of(one, patient)
    return tuple(kept)


def _opened(body: Json, patient: str) -> tuple[str, str]:
    """Address of the EHR's FHIR and the token that opens it, "" where they are not told."""
    server, told = body.get("fhirServer"), body.get("fhirAuthorization")
    if server is not None and not isinstance(server, str):
        raise BadCall("fhirServer is no address")
    if told is None:
        return (server or "").rstrip("/"), ""
    token = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not server:
        raise BadCall("fhirAuthorization has no access_token, or no fhirServer")
    if str(told.get("patient") or patient).removeprefix("Patient/") != patient:
        raise BadCall("fhirAuthorization is for another patient than the call")
    return server.rstrip("/"), token


def _orders(context: Json, patient: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """MedicationRequests and Medications of the draft orders, by reference."""
    bundle = context.get("draftOrders")
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise BadCall("context.draftOrders is no Bundle")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise BadCall("context.draftOrders has no list of entries, or too many", allowed=f"up to {_MOST}")
    found: dict[str, dict[str, Json]] = {"MedicationRequest": {}, "Medication": {}}
    for k, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or kind not in found:
            continue  # orders of other kinds: nothing to say
        demand_valid(resource)
        if kind == "MedicationRequest":
            _demand_own(resource, patient)
        name = f"{kind}/{resource['id']}" if "id" in resource else f"entry[{k}]"
        found[kind][name] = resource
        if isinstance(entry.get("fullUrl"), str):
            found["Medication"] |= {entry["fullUrl"]: resource} if kind == "Medication" else {}
    return found["MedicationRequest"], found["Medication"]


def _demand_of(resource: Json, patient: str) -> None:
    """Raise where a prefetched resource is of another patient."""
    about = resource.get("subject") or resource.get("patient")
    reference = str(about.get("reference") or "") if isinstance(about, dict) else ""
    of = resource.get("id") if resource.get("resourceType") == "Patient" else reference.rpartition("Patient/")[2]
    if of and of != patient:
        raise BadCall("a prefetched resource is of another patient than the call")


def _demand_own(order: Json, patient: str) -> None:
    reference = str(order["subject"].get("reference") or "")
    if reference and reference.rpartition("Patient/")[2] != patient:
        raise BadCall("a draft order is of another patient than the call")
