"""Codes that FHIR R4 binds elements to (required bindings), where the model library knows only their beginning.

Source: http://hl7.org/fhir/R4/terminologies-valuesets.html (4.0.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_OBSERVATION = "registered preliminary final amended corrected cancelled entered-in-error unknown"
_ENCOUNTER = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
# (element of a type) → its value set
_WHOLE: Mapping[tuple[str, str], str] = {
    ("Observation", "status"): _OBSERVATION,
    ("DetectedIssue", "status"): _OBSERVATION,
    ("RiskAssessment", "status"): _OBSERVATION,
    ("DiagnosticReport", "status"): "registered partial preliminary final amended corrected appended cancelled "
    "entered-in-error unknown",
    ("Encounter", "status"): _ENCOUNTER,
    ("EncounterStatusHistory", "status"): _ENCOUNTER,
    ("DeviceUdiCarrier", "entryType"): "barcode rfid manual card self-reported unknown",
    ("DeviceUseStatement", "status"): "active completed entered-in-error intended stopped on-hold",
    ("QuestionnaireItem", "type"): "group display boolean decimal integer date dateTime time string text url choice "
    "open-choice attachment reference quantity question",
    ("StructureMapGroupRuleTarget", "transform"): "create copy truncate escape cast append translate reference dateOp "
    "uuid pointer evaluate cc c qty id cp",
    ("SupplyRequest", "status"): "draft active suspended cancelled completed entered-in-error unknown",
    ("Task", "status"): "draft requested received accepted rejected ready cancelled in-progress on-hold failed "
    "completed entered-in-error",
}
_OPEN = frozenset({"+", "etc."})


def bound_codes(kind: str, element: str, listed: Sequence[str] | None) -> frozenset[str] | None:
    """Codes that an element of a type may have; None where any is allowed. `listed` is what the library knows."""
    if whole := _WHOLE.get((kind, element)):
        return frozenset(whole.split())
    return frozenset(listed) if listed and _OPEN.isdisjoint(listed) else None
