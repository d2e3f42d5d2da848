"""Notes of the twins as cards of CDS Hooks, with a suggestion where a regimen is recommended."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from vitruvian.serve.fhir import Answered, resources
from vitruvian.twin.doors import Told
from vitruvian.twin.orders import LONGEST, Note

Json = dict[str, Any]
SYSTEM = "urn:vitruvian:cds"
_TITLES = {
    "allergy": "Allergy",
    "dose": "Dose",
    "interaction": "Interaction",
    "genotype": "Pharmacogenetics",
    "state": "Twins",
}
_REASONS = (
    ("benefit", "The benefit outweighs the risk"),
    ("monitored", "Levels or effects will be monitored"),
    ("wrong-data", "The data behind it are wrong or old"),
    ("not-applicable", "It does not apply to this patient"),
)


def card_of(note: Note, url: str, person: str, order: Json | None = None) -> Json:
    """The card of a note; `order` is the draft that a suggestion changes."""
    card = bare_card(note.topic, note.weight, note.summary, _detail(note), url, dose_page(url, person, note.drug))
    if note.weight != "info":
        card["overrideReasons"] = [{"code": code, "system": SYSTEM, "display": text} for code, text in _REASONS]
    if note.told is not None and order is not None:
        card["suggestions"] = [_suggestion(note.told, order)]
        card["selectionBehavior"] = "at-most-one"
    return card


def bare_card(topic: str, weight: str, summary: str, detail: str, url: str, page: str) -> Json:
    """A card with its source, and a link where there is a page."""
    assert len(summary) <= LONGEST
    return {
        "uuid": str(uuid.uuid4()),
        "summary": summary,
        "indicator": weight,
        "detail": detail,
        "source": {
            "label": "Vitruvian",
            "url": url,
            "topic": {"system": SYSTEM, "code": topic, "display": _TITLES[topic]},
        },
    } | ({"links": [{"label": "See it in Vitruvian", "url": page, "type": "absolute"}]} if page else {})


def patient_page(url: str, person: str) -> str:
    """Address of a person's page, "" for one who has none here."""
    if not person:
        return ""
    return f"{url}/patients/{quote(person, safe='')}"


def dose_page(url: str, person: str, drug: str) -> str:
    """Address of the dose page of a drug, "" for a person who has none here."""
    if not person:
        return ""
    return f"{patient_page(url, person)}/twins/dose?drug={quote(drug, safe='')}"


def _detail(note: Note) -> str:
    return "\n\n".join(part for part in (note.detail, f"Source: {note.source}" if note.source else "") if part)


def _suggestion(told: Told, order: Json) -> Json:
    """The draft with the recommended regimen; it stays a draft."""
    made = (one for _, one in resources(Answered(told, "")))
    proposed = next(one for one in made if one["resourceType"] == "MedicationRequest")
    best = told.data["options"][told.data["recommended"]]["regimen"]
    changed = order | {"dosageInstruction": proposed["dosageInstruction"]}
    action = {"type": "update", "description": f"{told.data['drug']}: {best}", "resource": changed}
    return {"label": f"Change to {best}", "uuid": str(uuid.uuid4()), "isRecommended": True, "actions": [action]}
