"""What a person permits: read, given, withdrawn."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from vitruvian.record import consents_of, give_consent, withdraw_consent
from vitruvian.serve.api.tagged import Tagged
from vitruvian.serve.caller import Allow, Caller

router = APIRouter(prefix="/patients/{person}/consents", tags=["consent"], route_class=Tagged)
Consenting = Annotated[Caller, Allow("consent", "consent")]
Purpose = Annotated[str, Query(examples=["research"], description="A readable purpose, or a code of HL7 PurposeOfUse.")]
Category = Annotated[str, Query(examples=["genome"], description="A category of facts, or everything.")]


class ConsentIn(BaseModel):
    """A permission or a denial."""

    kind: Literal["permit", "deny"]
    purpose: str = Field(examples=["research"])
    category: str = "everything"
    until: str | None = Field(None, examples=["2027-01-01"])


class Withdrawn(BaseModel):
    """How many consents are no longer in force."""

    withdrawn: int


@router.get("")
def consents(person: str, caller: Consenting) -> list[dict[str, Any]]:
    """Everything that the person said: FHIR Consent resources, in order of their moment."""
    return consents_of(caller.record, caller.patient(person).id)


@router.post("", status_code=201)
def give(person: str, caller: Consenting, said: ConsentIn) -> dict[str, Any]:
    """Permit or deny a purpose; it counts from the next read on."""
    patient = caller.patient(person)
    return give_consent(caller.record, patient.id, said.kind, said.purpose, said.category, said.until)


@router.delete("")
def withdraw(person: str, caller: Consenting, purpose: Purpose, category: Category = "everything") -> Withdrawn:
    """Withdraw what was permitted or denied on this purpose and category."""
    patient = caller.patient(person)
    return Withdrawn(withdrawn=withdraw_consent(caller.record, patient.id, purpose, category))
