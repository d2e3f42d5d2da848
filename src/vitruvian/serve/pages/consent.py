"""Consent in plain language: what data, what for, what was said, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import ANY_PURPOSE, SPELLINGS
from vitruvian.record import Effect, consent_effects, consents_of, give_consent, withdraw_consent
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.person import called
from vitruvian.serve.pages.render import page

router = APIRouter(prefix="/patients/{person}/consent")
Consenting = Annotated[Caller, Allow("consent", "consent")]

PURPOSES: Mapping[str, str] = {
    "treatment": "Care: those who treat this person",
    "emergency": "Emergency: those who treat when there is no time to ask",
    "research": "Research",
    "public_health": "Public health",
    "payment": "Payment and insurance",
}
_YOURS = {name: title.replace("this person", "you") for name, title in PURPOSES.items()}
DATA: Mapping[str, str] = {
    "general": "Diagnoses, drugs, laboratory values, vital signs: all that is not named below",
    "genome": "Genome and genes",
    "omics": "Proteins, metabolites, gene activity",
    "wearable": "Wearables and monitors",
    "image": "Images, such as X-ray and ultrasound",
    "note": "Doctors’ and nurses’ notes",
    "social": "Life: work, housing, habits",
    "mental_health": "Mental health",
    "substance_use": "Alcohol and drugs",
    "sexual_health": "Sexual health",
}


@router.get("")
def consent_page(request: Request, person: str, caller: Consenting) -> Response:
    """What may be seen for what now, and everything that was said."""
    patient = caller.patient(person)
    said = [_said(one) for one in consents_of(caller.record, patient.id)]
    own = not caller.may("search")
    effects = _table(consent_effects(caller.record, patient.id))
    return page(
        request, "consent.html", caller, patient=patient, name=called(patient), said=list(reversed(said)),
        effects=effects, data=DATA, own=own,
        purposes=_YOURS if own else PURPOSES,
    )  # fmt: skip


@router.post("")
def give(
    person: str,
    caller: Consenting,
    kind: Annotated[Literal["permit", "deny"], Form()],
    purpose: Annotated[str, Form()],
    category: Annotated[str, Form()],
    until: Annotated[str, Form()] = "",
) -> Response:
    """Permit or deny; it counts from the next read on."""
    patient = caller.patient(person)
    give_consent(caller.record, patient.id, kind, purpose, category, until or None)
    return _back(person)


@router.post("/withdraw")
def withdraw(
    person: str, caller: Consenting, purpose: Annotated[str, Form()], category: Annotated[str, Form()]
) -> Response:
    """Take back what was said on a purpose and category; it counts from the next read on."""
    patient = caller.patient(person)
    withdraw_consent(caller.record, patient.id, purpose, category)
    return _back(person)


def _back(person: str) -> Response:
    return RedirectResponse(f"/patients/{quote(person, safe='')}/consent", 303)


def _table(effects: Sequence[Effect]) -> dict[str, dict[str, Effect]]:
    found: dict[str, dict[str, Effect]] = {one: {} for one in DATA}
    for one in effects:
        found[one.category][one.purpose] = one
    return found


def _said(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A Consent resource in words; `simple` where it is one that can be taken back here."""
    provision = resource.get("provision") or {}
    codes = [str(one.get("code")) for one in provision.get("purpose") or ()] or [ANY_PURPOSE]
    classes = [str(one.get("code")) for one in provision.get("class") or ()] or ["everything"]
    names = {code: name for name, code in SPELLINGS.items()}
    return {
        "kind": provision.get("type") or "see the document",
        "purposes": [names.get(one, one) for one in codes],
        "data": [DATA.get(one, one) for one in classes],
        "categories": classes,
        "when": str(resource.get("dateTime") or ""),
        "until": str((provision.get("period") or {}).get("end") or "")[:10],
        "active": resource.get("status") == "active",
        "simple": len(codes) == len(classes) == 1 and provision.keys() <= {"type", "period", "purpose", "class"},
    }
