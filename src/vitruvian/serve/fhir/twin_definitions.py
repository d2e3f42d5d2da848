"""OperationDefinitions of what FHIR itself does not have: asking a twin, and keeping what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]
DEFINITIONS: Mapping[str, str] = MappingProxyType({"Patient-twin": "twin", "Patient-twin-keep": "twin-keep"})
"""Id of a definition → code of the operation."""
_ABOUT = "A question to a twin of a person. Beside these parameters, each value of the question under its own name."
_KEPT = " The answer is kept as a derived fact; whoever may see everything of the person reads and finds its resources."
_GIVES = "Observation, RiskAssessment, DetectedIssue, MedicationRequest (draft, proposal), Device, Provenance."
_TAKES = {"twin": ("1", "Name of the twin."), "question": ("1", "Name of the question."),
          "at": ("0", "The record as it stood then.")}  # fmt: skip


def definition(name: str, home: str) -> Json:
    """One of them, of a server at a base address."""
    keeps = name == "Patient-twin-keep"
    taken = [
        {"name": one, "use": "in", "min": int(least), "max": "1", "documentation": text, "type": "string"}
        for one, (least, text) in _TAKES.items()
    ]
    given = {"name": "return", "use": "out", "min": 1, "max": "1", "type": "Bundle", "documentation": _GIVES}
    return {
        "resourceType": "OperationDefinition",
        "id": name,
        "url": f"{home}/OperationDefinition/{name}",
        "name": "KeepAnswerOfTwin" if keeps else "AskTwin",
        "status": "active",
        "kind": "operation",
        "description": _ABOUT + (_KEPT if keeps else ""),
        "affectsState": keeps,
        "code": DEFINITIONS[name],
        "resource": ["Patient"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [*taken, given],
    }
