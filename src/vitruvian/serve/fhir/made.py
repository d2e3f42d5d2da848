"""What did not come as FHIR, as resources: facts of other formats, what was extracted and derived, what twins learned.

Each is marked by a tag (`urn:vitruvian:basis`), and tells what it was made from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from vitruvian.core import stable_id, to_datetime
from vitruvian.record import Fact, Held, TwinState, observation
from vitruvian.serve.fhir.entry import Json
from vitruvian.serve.fhir.kept_answers import ANSWER_KIND, answer_resources

_ANSWERS = frozenset({"RiskAssessment", "DetectedIssue", "MedicationRequest"})
TYPES = _ANSWERS | {"Patient", "Observation", "Device", "Provenance"}
"""Types of which there are resources made here."""
BASIS = "urn:vitruvian:basis"
STATE = "urn:vitruvian:twin-state"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_KEY = re.compile(r"([0-9a-f]{32})(?:-(?:device|provenance|\d{1,3}))?")
SOFTWARE = {"coding": [{"system": "http://snomed.info/sct", "code": "706690007", "display": "Software"}]}
ASSEMBLER = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "assembler"}]
}


def patient_id(subject: str) -> str:
    """Logical id of the Patient of a subject: the id at its source, else a name made of it."""
    tail = subject.rpartition("/Patient/")[2]
    return tail if _ID.fullmatch(tail) else stable_id("Patient", subject)


def key_of(name: str) -> str | None:
    """The fact or state behind the id of a resource made here; None for ids of another form."""
    found = _KEY.fullmatch(name)
    return found[1] if found else None


def kinds_behind(kind: str) -> tuple[str, ...]:
    """Kinds of facts of which resources of a type are made, () for any (and for states)."""
    return (ANSWER_KIND,) if kind in _ANSWERS else ()


def made(one: Held, kind: str) -> Iterator[tuple[Json, int]]:
    """(resource, moment it came to be in ms) of one type, of one person."""
    if kind == "Patient":
        if one.subjects and not any(version.type == "Patient" for version in one.versions):
            yield _patient(one), 0
        return
    for fact in one.facts:
        moment = fact.known_ms or 0
        if fact.kind == ANSWER_KIND:
            yield from ((resource, moment) for resource in answer_resources(fact, patient_id(fact.subject), kind))
        elif kind == "Observation":
            yield _of_fact(fact), moment
        elif kind == "Provenance" and fact.basis == "derived":
            yield _derivation(fact), moment
    for state in one.states if kind in _OF_STATE else ():
        yield _OF_STATE[kind](state, _patient_reference(one)), state.created_ms


def _patient(one: Held) -> Json:
    """A person of whom no Patient resource came: their id, and nothing else."""
    return {"resourceType": "Patient", "id": patient_id(one.subjects[0]), "meta": marked("derived")}


def _patient_reference(one: Held) -> Json:
    return {"reference": f"Patient/{patient_id(one.subjects[0])}"}


def _of_fact(fact: Fact) -> Json:
    about: Json = {"subject": {"reference": f"Patient/{patient_id(fact.subject)}"}}
    return observation(fact) | about


def _derivation(fact: Fact) -> Json:
    """By which method a fact was derived."""
    return {
        "resourceType": "Provenance",
        "id": f"{fact.id}-provenance",
        "meta": marked("derived"),
        "target": [{"reference": f"Observation/{fact.id}"}],
        "recorded": _moment(fact.known_ms or 0),
        "agent": [{"type": ASSEMBLER, "who": {"display": fact.parser}}],
        "entity": [{"role": "source", "what": {"reference": f"Patient/{patient_id(fact.subject)}"}}],
    }


def _state(state: TwinState, subject: Json) -> Json:
    """The newest state of a twin: the model, up to when data were used, and every number of its summary."""
    return {
        "resourceType": "Observation",
        "id": state.id,
        "meta": marked("derived"),
        "status": "final",
        "code": {"coding": [{"system": STATE, "code": state.model}], "text": f"State of the twin {state.model}"},
        "subject": subject,
        "effectiveDateTime": _moment(state.cutoff_ms),
        "issued": _moment(state.created_ms),
        "device": {"reference": f"Device/{state.id}-device"},
    } | ({"component": parts} if (parts := list(_parts(state.summary, ""))) else {})


def _parts(summary: Mapping[str, Any], inside: str) -> Iterator[Json]:
    for name, value in summary.items():
        path = f"{inside}.{name}" if inside else name
        code = {"coding": [{"system": STATE, "code": path}], "text": path}
        if isinstance(value, Mapping):
            yield from _parts(value, path)
        elif isinstance(value, bool):
            yield {"code": code, "valueBoolean": value}
        elif isinstance(value, int | float) and math.isfinite(value):
            yield {"code": code, "valueQuantity": {"value": value}}
        elif isinstance(value, str) and value:
            yield {"code": code, "valueString": value}
        elif isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
            yield {"code": code, "valueString": ", ".join(value)}


def _device(state: TwinState, subject: Json) -> Json:
    return {
        "resourceType": "Device",
        "id": f"{state.id}-device",
        "meta": marked("derived"),
        "status": "active",
        "deviceName": [{"name": f"Vitruvian twin {state.model}", "type": "model-name"}],
        "modelNumber": state.model,
        "type": SOFTWARE,
        "version": [{"value": state.version}],
        "patient": subject,
    }


def _provenance(state: TwinState, subject: Json) -> Json:
    return {
        "resourceType": "Provenance",
        "id": f"{state.id}-provenance",
        "meta": marked("derived"),
        "target": [{"reference": f"Observation/{state.id}"}],
        "recorded": _moment(state.created_ms),
        "agent": [{"type": ASSEMBLER, "who": {"reference": f"Device/{state.id}-device"}}],
        "entity": [{"role": "source", "what": subject}],
    }


_OF_STATE = {"Observation": _state, "Device": _device, "Provenance": _provenance}


def marked(basis: str) -> Json:
    """Meta that says that nobody measured it."""
    return {"tag": [{"system": BASIS, "code": basis}]}


def _moment(ms: int) -> str:
    return to_datetime(ms).isoformat(timespec="milliseconds")
