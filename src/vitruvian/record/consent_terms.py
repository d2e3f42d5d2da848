"""Which facts a rule of a consent speaks of: `provision.class` and `provision.code` of FHIR R4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitruvian.tables.categories import CATEGORIES, CATEGORY_SYSTEM, sensitivity_classes

RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"
EVERYTHING = "everything"

# resource type → kinds of the facts that come from it
_KINDS = {
    "Patient": "demographic",
    "Observation": "observation social exposure imaging_feature waveform",
    "Condition": "condition",
    "AllergyIntolerance": "allergy",
    "Procedure": "procedure",
    "Encounter": "encounter",
    "Immunization": "immunization",
    "FamilyMemberHistory": "family_history",
    "DiagnosticReport": "report dicom",
    "DocumentReference": "document note mention",
    "Composition": "document note mention",
    "CarePlan": "care_plan",
    "Goal": "goal",
    "ServiceRequest": "service_request",
    "Coverage": "coverage",
    "Specimen": "specimen",
    "QuestionnaireResponse": "answer",
    "MedicationRequest": "medication_request",
    "MedicationStatement": "medication_statement",
    "MedicationAdministration": "medication_administration",
    "MedicationDispense": "medication_dispense",
    "ImagingStudy": "imaging_study image segmentation dicom image_index imaging_feature",
    "Media": "image waveform dicom",
    "Medication": "medication",
    "Device": "device device_metric",
    "DeviceUseStatement": "device_use",
    "MolecularSequence": "genome genotype variants somatic_variants",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Categories, kinds and codes that a rule names; None where it does not narrow by them.

    `strange`: it also names classes that are not known here.
    """

    categories: frozenset[str] | None = None
    kinds: frozenset[str] = frozenset()
    codes: frozenset[str] | None = None
    strange: bool = False

    def cover(self, categories: frozenset[str], kind: str | None, code: str | None, every: bool) -> bool | None:
        """Whether facts of these categories, kind and code are meant; None where that cannot be judged.

        With `every`, all categories of a fact must be named (a permission), else one is enough (a denial).
        """
        found = [self._by_class(categories, kind, every), self._by_code(code)]
        return False if False in found else None if None in found else True

    def _by_class(self, categories: frozenset[str], kind: str | None, every: bool) -> bool | None:
        if self.categories is None:
            return True
        if categories <= self.categories if every else categories & self.categories:
            return True
        if kind is not None and kind in self.kinds:
            return True
        return None if self.strange or (self.kinds and kind is None) else False

    def _by_code(self, code: str | None) -> bool | None:
        if self.codes is None:
            return True
        return None if code is None else code in self.codes


def terms_of(classes: Sequence[Mapping[str, Any]], codes: Iterable[Mapping[str, Any]]) -> Terms:
    """The terms of a provision: `class` (codings) and `code` (codeable concepts)."""
    named = {str(c.get("code") or "") for concept in codes for c in concept.get("coding") or ()}
    wanted = frozenset(named) if codes else None
    if not classes:
        return Terms(codes=wanted)
    categories: set[str] = set()
    kinds: set[str] = set()
    strange = False
    for one in classes:
        system, code = one.get("system") or "", str(one.get("code") or "")
        if code == EVERYTHING and system == CATEGORY_SYSTEM:
            return Terms(codes=wanted)
        if code in CATEGORIES and system == CATEGORY_SYSTEM:
            categories.add(code)
        elif code in sensitivity_classes():
            categories.add(sensitivity_classes()[code])
        elif code in _KINDS and system in (RESOURCE_TYPES, ""):
            kinds |= set(_KINDS[code].split())
        else:
            strange = True
    return Terms(frozenset(categories), frozenset(kinds), wanted, strange)
