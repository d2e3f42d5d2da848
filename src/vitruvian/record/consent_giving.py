"""Giving and withdrawing consent: real FHIR Consent resources, taken in like any other, so that they go out again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from vitruvian.core import ANY_PURPOSE, PURPOSE_SYSTEM, InputError, now_ms, parse_instant, purpose_code, to_datetime
from vitruvian.record.access import consent_resources
from vitruvian.record.consent import ACTIVE
from vitruvian.record.consent_terms import EVERYTHING
from vitruvian.record.scratch import scratch_folder
from vitruvian.tables.categories import CATEGORIES, CATEGORY_SYSTEM

if TYPE_CHECKING:
    from vitruvian.record.record import Record

Json = dict[str, Any]
Kind = Literal["permit", "deny"]
_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
_OPT_IN = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}
_PRIVACY = {"system": "http://loinc.org", "code": "59284-0", "display": "Consent Document"}


def consents_of(record: Record, name: str) -> list[Json]:
    """The Consent resources of a person, whatever their status, in order of their moment."""
    person, subjects = record.governed("consent", name)
    with record.transaction() as connection:
        found = consent_resources(connection, record.keys, subjects)
        record._note(connection, "consent", person, {"rows": len(found)})
    return sorted((one for _, one in found), key=lambda one: str(one.get("dateTime") or ""))


def give_consent(
    record: Record, name: str, kind: Kind, purpose: str, category: str = EVERYTHING, until: str | None = None
) -> Json:
    """Permit or deny a purpose (or "any") for a category of facts, until a day or for good; gives the resource.

    What the same person said here before on the same purpose and category is withdrawn with it. Raises `InputError`
    for an unknown purpose, category or date.
    """
    code = _checked(purpose, category)
    person, subjects = record.governed("consent", name)
    subject = person if person in subjects else subjects[0]
    provision: Json = {"type": kind}
    if until is not None:
        provision["period"] = {"end": str(parse_instant(until))}
    if code != ANY_PURPOSE:
        provision["purpose"] = [{"system": PURPOSE_SYSTEM, "code": code}]
    if category != EVERYTHING:
        provision["class"] = [{"system": CATEGORY_SYSTEM, "code": category}]
    resource = {
        "resourceType": "Consent",
        "id": uuid.uuid4().hex,
        "status": ACTIVE,
        "scope": {"coding": [{"system": _SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [_PRIVACY]}],
        "patient": {"reference": _reference(subject)},
        "dateTime": _now(),
        "policyRule": {"coding": [_OPT_IN]},
        "provision": provision,
    }
    before = [(one, old) for one, old in _active(record, subjects) if _about(old) == _about(resource)]
    _take_in(record, person, [*_withdrawn(before), (subject, resource)])
    return resource


def withdraw_consent(record: Record, name: str, purpose: str, category: str = EVERYTHING) -> int:
    """Make inactive whatever the person permits or denies on this purpose and category; gives how many consents."""
    code = _checked(purpose, category)
    person, subjects = record.governed("consent", name)
    about = (frozenset() if code == ANY_PURPOSE else frozenset({code}), category)
    old = [(one, found) for one, found in _active(record, subjects) if _about(found) == about]
    if old:
        _take_in(record, person, _withdrawn(old))
    return len(old)


def _checked(purpose: str, category: str) -> str:
    code = purpose_code(purpose)
    if not code:
        raise InputError("no such purpose", got=purpose, allowed="treatment, research … or a code of HL7 PurposeOfUse")
    if category not in (*CATEGORIES, EVERYTHING):
        raise InputError("no such category", got=category, allowed=", ".join((*CATEGORIES, EVERYTHING)))
    return code


def _active(record: Record, subjects: Sequence[str]) -> list[tuple[str, Json]]:
    with record.engine.begin() as connection:
        found = consent_resources(connection, record.keys, subjects)
    return [(subject, one) for subject, one in found if one.get("status") == ACTIVE]


def _about(resource: Mapping[str, Any]) -> tuple[frozenset[str], str] | None:
    """Purposes and category of a consent of the simple kind that is given here; None for others."""
    provision = resource.get("provision") or {}
    if not provision.keys() <= {"type", "period", "purpose", "class"} or len(provision.get("class") or ()) > 1:
        return None
    named = [one.get("code") for one in provision.get("class") or ()]
    purposes = frozenset(str(one.get("code")) for one in provision.get("purpose") or ())
    return purposes, str(named[0]) if named else EVERYTHING


def _withdrawn(old: Sequence[tuple[str, Json]]) -> list[tuple[str, Json]]:
    return [(subject, one | {"status": "inactive"}) for subject, one in old]


def _take_in(record: Record, person: str, resources: Sequence[tuple[str, Json]]) -> None:
    """Through the ingest, as one file; each a new version of its resource."""
    entries = []
    for subject, one in resources:
        version = int((one.get("meta") or {}).get("versionId") or 0) + 1 if _is_number(one) else 1
        resource = one | {"meta": {**(one.get("meta") or {}), "versionId": str(version), "lastUpdated": _now()}}
        base, at_server, _ = subject.rpartition("/Patient/")
        url = f"{base}/Consent/{one['id']}" if at_server else f"urn:uuid:{one['id']}"
        entries.append({"fullUrl": url, "resource": resource})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    with scratch_folder() as folder:
        path = Path(folder) / "consent.json"
        path.write_bytes(orjson.dumps(bundle))
        record.take_in_for(person, path)


def _is_number(one: Mapping[str, Any]) -> bool:
    return str((one.get("meta") or {}).get("versionId") or "0").isdigit()


def _reference(subject: str) -> str:
    return subject if "://" in subject else f"Patient/{subject}"


def _now() -> str:
    return to_datetime(now_ms()).isoformat(timespec="milliseconds")
