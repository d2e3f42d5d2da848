"""The services that an EHR discovers. Source: HL7 CDS Hooks 2.0."""

from __future__ import annotations

from typing import Any

_ORDERS = "A dose outside this patient's range, interactions with their size in this patient, genotype advice."
_OF = "patient={{context.patientId}}"
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "medications": f"MedicationRequest?{_OF}&status=active",
    "measurements": f"Observation?{_OF}&category=laboratory,vital-signs&_sort=-date&_count=200",
    "conditions": f"Condition?{_OF}",
    "allergies": f"AllergyIntolerance?{_OF}",
}
"""What an EHR may send with a call; each of them may be left out."""
SERVICES: tuple[dict[str, Any], ...] = (
    {
        "id": "vitruvian-patient-view",
        "hook": "patient-view",
        "title": "Vitruvian: what the twins have to say",
        "description": "Drugs that can be individualised, large interactions and advice of genes in what is taken now.",
        "prefetch": PREFETCH,
    },
    {
        "id": "vitruvian-order-select",
        "hook": "order-select",
        "title": "Vitruvian: the order being chosen",
        "description": _ORDERS,
        "prefetch": PREFETCH,
    },
    {
        "id": "vitruvian-order-sign",
        "hook": "order-sign",
        "title": "Vitruvian: the orders being signed",
        "description": _ORDERS,
        "prefetch": PREFETCH,
    },
)
HOOK_OF = {str(one["id"]): str(one["hook"]) for one in SERVICES}
