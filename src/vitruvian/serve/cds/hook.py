"""A call of an EHR, read and checked: which hook, whose chart, which draft orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.serve.cds.services import HOOK_OF
from vitruvian.serve.fhir import demand_valid
from vitruvian.serve.problems import HttpError

Json = dict[str, Any]
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_MOST = 50


class BadCall(HttpError):
    """The call is not one of CDS Hooks, or not of this service."""


@dataclass(frozen=True)
class Call:
    """One call: the patient's id in the EHR, and MedicationRequests under their references; `selected` of them are
    being chosen (all where the hook does not say)."""

    hook: str
    instance: str
    patient: str
    drafts: Mapping[str, Json]
    medications: Mapping[str, Json]
    selected: frozenset[str]


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
    return Call(hook, body["hookInstance"], patient, drafts, medications, frozenset(selected) & frozenset(drafts))


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


def _demand_own(order: Json, patient: str) -> None:
    reference = str(order["subject"].get("reference") or "")
    if reference and reference.rpartition("Patient/")[2] != patient:
        raise BadCall("a draft order is of another patient than the call")
