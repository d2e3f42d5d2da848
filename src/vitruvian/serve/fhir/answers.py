"""An answer of a twin as resources: what it says (Observation), how likely (RiskAssessment), what the guard says
(DetectedIssue), a draft order (MedicationRequest, proposal), by which software (Device) and from what (Provenance).

Nothing here is an order: a person decides. Probabilities are percent, as FHIR R4 has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vitruvian import __version__
from vitruvian.core import now_ms, stable_id, to_datetime
from vitruvian.serve.fhir.entry import Json
from vitruvian.serve.fhir.kept_answers import ANSWER
from vitruvian.serve.fhir.made import ASSEMBLER, SOFTWARE, marked
from vitruvian.tables.codes import UCUM, codes_of
from vitruvian.twin.doors import Told

GUARD = "urn:vitruvian:guard"
FACT = "urn:vitruvian:fact"
_SEVERITY = {"refusal": "high", "warning": "moderate", "note": "low"}
_SNOMED = "http://snomed.info/sct"
_ROUTES = {
    "oral": ("26643006", "Oral route"),
    "iv": ("47625008", "Intravenous route"),
    "sc": ("34206005", "Subcutaneous route"),
}


@dataclass(frozen=True)
class Answered:
    """One answer about one person ("Patient/id"), and the moment it was given."""

    told: Told
    patient: str
    at: str = field(default_factory=lambda: to_datetime(now_ms()).isoformat(timespec="milliseconds"))

    def url(self, what: str) -> str:
        """The name of one of its resources: the same answer at the same moment always gives the same."""
        key = stable_id(self.patient, self.told.twin, self.told.question, self.told.sentence, self.at, what)
        return f"urn:uuid:{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"

    @property
    def as_of(self) -> str:
        """The moment that it tells of: that of its data, to the day where their clock is not known."""
        said = self.told.data
        return str(said.get("as_of") or str(said.get("at") or "")[:10] or self.at)

    def after(self, hours: float) -> str:
        """A moment `hours` after the one that it tells of."""
        start = datetime.fromisoformat(self.as_of) + timedelta(hours=hours)
        return start.isoformat(timespec="seconds") if start.tzinfo else start.date().isoformat()

    @property
    def subject(self) -> Json:
        """Whose it is."""
        return {"reference": self.patient}


def resources(one: Answered) -> list[tuple[str, Json]]:
    """(URL, resource) of everything that an answer says."""
    told = one.told
    found = [(one.url("device"), _device()), (one.url("answer"), _answer(one))]
    found += [(one.url(f"issue {k}"), _issue(one, k)) for k in range(len(told.messages))]
    if told.twin == "dose":
        found += [(one.url(f"risk {k}"), _risk(one, option)) for k, option in _shown(told)]
        if (best := _best(told)) is not None:
            found.append((one.url("order"), _order(one, best)))
    return [*found, (one.url("provenance"), _provenance(one, [url for url, _ in found[1:]]))]


def _device() -> Json:
    return {
        "resourceType": "Device",
        "meta": marked("derived"),
        "status": "active",
        "deviceName": [{"name": "Vitruvian", "type": "model-name"}],
        "type": SOFTWARE,
        "version": [{"value": __version__}],
    }


def _answer(one: Answered) -> Json:
    told = one.told
    code = f"{told.twin}.{told.question}"
    return {
        "resourceType": "Observation",
        "meta": marked("derived"),
        "status": "preliminary",
        "code": {"coding": [{"system": ANSWER, "code": code}], "text": f"Answer of the twin {told.twin}"},
        "subject": one.subject,
        "effectiveDateTime": one.as_of,
        "issued": one.at,
        "valueString": told.sentence,
        "device": {"reference": one.url("device")},
    } | ({"note": [{"text": text} for text in told.reasons]} if told.reasons else {})


def _issue(one: Answered, k: int) -> Json:
    message = one.told.messages[k]
    words = message.code.replace("-", " ").capitalize()
    found: Json = {
        "resourceType": "DetectedIssue",
        "meta": marked("derived"),
        "status": "preliminary",
        "code": {
            "coding": [{"system": GUARD, "code": message.code}],
            "text": words,
        },
        "severity": _SEVERITY[message.severity],
        "patient": one.subject,
        "identifiedDateTime": one.at,
        "author": {"reference": one.url("device")},
        "detail": message.text,
    }
    found |= {"evidence": [{"code": [{"text": message.source}]}]} if message.source else {}
    return found | ({"mitigation": [{"action": {"text": message.todo}}]} if message.todo else {})


def _shown(told: Told) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The recommended and the standard option."""
    options, wanted = told.data.get("options") or (), ("recommended", "standard")
    for k in sorted({told.data[name] for name in wanted if told.data.get(name) is not None}):
        yield k, options[k]


def _best(told: Told) -> Mapping[str, Any] | None:
    k = told.data.get("recommended")
    return None if told.refused or k is None else told.data["options"][k]


def _risk(one: Answered, option: Mapping[str, Any]) -> Json:
    goal = one.told.data.get("goal") or {}
    target = f"target: {goal.get('title') or goal.get('metric')} {_range(goal)}"
    harms = goal.get("harms") or ()
    named = harms if len(harms) == len(option["p_harm"]) else tuple(option["p_harm"])
    outcomes = [(target, option["p_target"])]
    outcomes += [(f"harm: {name}", p) for name, p in zip(named, option["p_harm"].values(), strict=True)]
    return {
        "resourceType": "RiskAssessment",
        "meta": marked("derived"),
        "status": "preliminary",
        "code": {"text": f"{one.told.data['drug']} {option['regimen']}"},
        "subject": one.subject,
        "occurrenceDateTime": one.at,
        "performer": {"reference": one.url("device")},
        "method": {"text": "; ".join(model["title"] for model in one.told.data.get("models") or ()) or "model"},
        "prediction": [{"outcome": {"text": text}, "probabilityDecimal": round(100 * p, 2)} for text, p in outcomes],
        "note": [{"text": f"Median and 90 % interval: {_interval(option['metric'])}"}],
    }


def _order(one: Answered, option: Mapping[str, Any]) -> Json:
    drug = str(one.told.data["drug"])
    codings = [{"system": system, "code": code} for system, code in codes_of(drug)]
    issues = [{"reference": one.url(f"issue {k}")} for k in range(len(one.told.messages))]
    return {
        "resourceType": "MedicationRequest",
        "meta": marked("derived"),
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": ({"coding": codings} if codings else {}) | {"text": drug},
        "subject": one.subject,
        "authoredOn": one.at,
        "requester": {"reference": one.url("device")},
        "dosageInstruction": list(_dosage(one, option)),
        "note": [{"text": one.told.sentence}, {"text": "A proposal of software. A person decides."}],
    } | ({"detectedIssue": issues} if issues else {})


def _dosage(one: Answered, option: Mapping[str, Any]) -> Iterator[Json]:
    """Dosage instructions of an option of an answer on dosing (its first dose apart, where that is larger)."""
    code, display = _ROUTES.get(option["route"], ("", option["route"]))
    coding = [{"system": _SNOMED, "code": code, "display": display}] if code else []
    route = ({"coding": coding} if coding else {}) | {"text": option["route"]}
    lasting = {"duration": option["duration_h"], "durationUnit": "h"} if option["duration_h"] else {}
    first = option["loading_dose"]
    starts: list[Json] = [{}, {}]
    if (due := option.get("first_h")) is not None:
        starts = [{"boundsPeriod": {"start": one.after(hours)}} for hours in (due, due + option["interval_h"])]
    if first:
        text = f"first {first:g} {option['dose_unit']}"
        yield _instruction(1, text, starts[0] | {"count": 1} | lasting, route, first, option["dose_unit"])
    repeat = starts[1 if first else 0] | {"frequency": 1, "period": option["interval_h"], "periodUnit": "h"} | lasting
    yield _instruction(2 if first else 1, option["regimen"], repeat, route, option["dose"], option["dose_unit"])


def _instruction(number: int, text: str, repeat: Json, route: Json, amount: float, unit: str) -> Json:
    return {
        "sequence": number,
        "text": text,
        "timing": {"repeat": repeat},
        "route": route,
        "doseAndRate": [{"doseQuantity": {"value": amount, "unit": unit, "system": UCUM, "code": unit}}],
    }


def _provenance(one: Answered, targets: Sequence[str]) -> Json:
    used = [item for item in one.told.data.get("data_used") or () if item.get("fact_id")]
    entity = [
        {"role": "source", "what": {"identifier": {"system": FACT, "value": item["fact_id"]}, "display": item["name"]}}
        for item in used
    ]
    return {
        "resourceType": "Provenance",
        "meta": marked("derived"),
        "target": [{"reference": url} for url in targets],
        "recorded": one.at,
        "agent": [{"type": ASSEMBLER, "who": {"reference": one.url("device")}}],
        "entity": entity or [{"role": "source", "what": one.subject}],
    }


def _range(goal: Mapping[str, Any]) -> str:
    low, high, unit = goal.get("low"), goal.get("high"), goal.get("unit", "")
    ends = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
    return " ".join([*filter(None, ends), str(unit)]).strip()


def _interval(metric: Mapping[str, Any]) -> str:
    return f"{metric['median']:.4g} ({metric['low']:.4g} to {metric['high']:.4g}) {metric['unit']}"
