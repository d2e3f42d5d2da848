"""Whose chart a call is about, and from which data it is answered: this record's, else what the EHR sends or opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitruvian.core import AccessError, DataError, StoreError, UnknownNameError, VitruvianError
from vitruvian.record import Patient
from vitruvian.serve.caller import Caller
from vitruvian.serve.cds.hook import Call, Json
from vitruvian.serve.cds.passing import Passing
from vitruvian.serve.fhir import demand_valid, patient_owner
from vitruvian.serve.oauth import patient_there
from vitruvian.serve.problems import HttpError
from vitruvian.serve.server import Server
from vitruvian.twin import orders

if TYPE_CHECKING:
    from vitruvian.twin.orders import Order

_WAIT_S = 10.0


class NoData(HttpError):
    """The patient is not known here, and the EHR gave no way to read them."""

    status = 412


@dataclass(frozen=True)
class Chart:
    """A patient; `page` is the name of their pages here, "" for one who is not of this record."""

    patient: Patient
    page: str
    passing: str = ""
    """What tells one who is not of this record from others."""
    unread: int = 0
    resources: int = 0
    taken: tuple[Order, ...] = ()
    """What the EHR says is taken now, beside what this record says."""


def chart_of(server: Server, caller: Caller, call: Call) -> Chart | None:
    """The chart of a call; None where nobody here is meant and the call brought nothing. Raises `NoData`."""
    known = _known(server, caller, call)
    if known is not None:
        taken, unread = _taken(call)
        return Chart(known, known.id, unread=unread, taken=taken)
    if not call.brings:
        return None
    if caller.only:
        raise NoData("no such patient", todo="Call with a token that is not of one patient.")
    entries, passing = _entries(server, call), server.parts["passing"]
    assert isinstance(passing, Passing)
    try:
        found = passing.patient(caller.actor, _name(call), entries)
    except (AccessError, UnknownNameError) as error:
        raise NoData("what came does not tell who the patient is", todo="Send Patient in prefetch.") from error
    caller.record.note("cds_passing", resources=len(entries))
    return Chart(found.patient, "", found.key, found.unread, len(entries))


def _known(server: Server, caller: Caller, call: Call) -> Patient | None:
    """The patient of this record: under the EHR's address, else under the id where no other system gave it."""
    if call.server:
        try:
            return caller.patient(_name(call))
        except UnknownNameError:
            pass
    try:
        owner = patient_owner(caller, call.patient)
        found = caller.patient(owner.person)
    except UnknownNameError:
        return None
    elsewhere = call.server and owner.base not in ("", call.server)
    return None if elsewhere and call.server != f"{server.settings.url}/fhir" else found


def _taken(call: Call) -> tuple[tuple[Order, ...], int]:
    """Orders of the active prescriptions that came, and how many of these could not be read."""
    known = {f"Medication/{one.get('id')}": one for one in call.sent if one.get("resourceType") == "Medication"}
    drugs = [one for one in call.sent if one.get("resourceType") == "MedicationRequest"]
    found: list[Order] = []
    unread = 0
    for one in drugs:
        try:
            demand_valid(one)
            found += orders.orders_of(one, known) if one.get("status") == "active" else ()
        except VitruvianError:
            unread += 1
    return tuple(found), unread


def _entries(server: Server, call: Call) -> list[Json]:
    """Entries of what the EHR sent, or of what it lets us read."""
    if any(one.get("resourceType") == "Patient" for one in call.sent):
        return [_entry(call, one) for one in call.sent]
    if not call.server or not call.token:
        raise NoData("this record knows nothing of the patient", todo="Send prefetch, or fhirAuthorization.")
    if call.server not in {one.issuer.rstrip("/") for one in server.settings.ehrs}:
        raise NoData("this server was not told of the EHR", got=call.server, todo="Send prefetch, or start with --ehr.")
    try:
        return patient_there(call.server, call.token, call.patient, _WAIT_S)
    except (StoreError, DataError) as error:
        raise NoData("the EHR could not be read", got=error.what, todo="Send prefetch, or try again.") from error


def _entry(call: Call, resource: Json) -> Json:
    address = f"{call.server}/{resource.get('resourceType')}/{resource.get('id')}"
    return {"resource": resource} | ({"fullUrl": address} if call.server and resource.get("id") else {})


def _name(call: Call) -> str:
    """By what the patient is known of whom the call is."""
    return f"{call.server}/Patient/{call.patient}" if call.server else call.patient
