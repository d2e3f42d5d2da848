"""A consent that names a resource type speaks of every fact that such a resource states."""

from __future__ import annotations

import pytest

from vitruvian.record.consent_terms import RESOURCE_TYPES, terms_of


@pytest.mark.parametrize(
    ("resource_type", "kinds"),
    [
        ("ImagingStudy", ("imaging_study", "image", "segmentation", "dicom", "image_index", "imaging_feature")),
        ("Media", ("image", "waveform")),
        ("DiagnosticReport", ("report", "dicom")),
        ("DocumentReference", ("document", "mention")),
        ("Observation", ("observation", "social", "exposure", "imaging_feature", "waveform")),
    ],
)
def test_its_facts_are_meant(resource_type: str, kinds: tuple[str, ...]) -> None:
    terms = terms_of([{"system": RESOURCE_TYPES, "code": resource_type}], ())
    assert not terms.strange
    for kind in kinds:
        assert terms.cover(frozenset({"general"}), kind, "x", every=False) is True, kind
    assert terms.cover(frozenset({"general"}), "allergy", "x", every=False) is False
