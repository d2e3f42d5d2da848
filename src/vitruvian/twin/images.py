"""Segmentations in the record → features of each structure, and ejection fraction, kept as derived facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.core import DataError, InputError, Instant, stable_id
from vitruvian.imaging import Feature, LeftVentricle, lesion_features, volume
from vitruvian.ingest import Segment, read_segmentation
from vitruvian.record import Draft, Fact, Patient
from vitruvian.tables.codes import LOINC

METHOD, VERSION = "vitruvian.imaging.shape", "1"
EF_METHOD = "vitruvian.imaging.ventricle"
SYSTEM = "urn:vitruvian:image-feature"
# LOINC "Left ventricular Ejection fraction"; the other features have names of their own
_CODES = {"ejection_fraction": (LOINC, "10230-1")}


@dataclass(frozen=True)
class ImageFeatures:
    """Ids of the derived facts, and which segments were left out and why."""

    facts: tuple[str, ...]
    left_out: tuple[str, ...]


def image_features(patient: Patient) -> ImageFeatures:
    """Volume, surface, diameters and sphericity of every segment of every segmentation, kept as derived facts.

    Raises `InputError` where the person has no segmentation.
    """
    found = patient.facts("segmentation")
    if not found:
        raise InputError("there is no segmentation of this person", todo="Ingest a DICOM SEG object.")
    drafts: list[Draft] = []
    left_out: list[str] = []
    for fact in found:
        try:
            segments = _segments(patient, fact)
        except DataError as error:
            left_out.append(f"segmentation {fact.id}: {error}")
            continue
        for one in segments:
            if one.mask.any():
                drafts += _of_segment(one, fact)
            else:
                left_out.append(f"segmentation {fact.id}: segment {one.number} has no voxel")
    inputs = [one.id for one in found]
    ids = patient.record.derive(patient.id, drafts, method=METHOD, version=VERSION, inputs=inputs) if drafts else []
    return ImageFeatures(tuple(ids), tuple(left_out))


def ejection_fraction(patient: Patient, diastole: Fact, systole: Fact, *, segment: str) -> LeftVentricle:
    """Left-ventricular volumes from the segmentations of both phases, kept as facts. `segment`: label of the cavity.

    Raises `DataError` for a label that is not there, or a ventricle that is larger in systole.
    """
    sizes = []
    for fact in (diastole, systole):
        one = _named(_segments(patient, fact), segment)
        sizes.append(volume(one.mask, one.spacing))
    heart = LeftVentricle(*sizes)
    drafts = [_draft(one, diastole, {"segment": segment}, f".{one.name}") for one in heart.features()]
    inputs = [diastole.id, systole.id]
    method = f"{EF_METHOD}.{stable_id(*inputs)[:12]}"  # another pair of phases is another result, not a newer one
    patient.record.derive(patient.id, drafts, method=method, version=VERSION, inputs=inputs)
    return heart


def _of_segment(one: Segment, fact: Fact) -> Iterable[Draft]:
    told: dict[str, Any] = {
        "segment": one.label,
        "number": one.number,
        "structure": {"system": one.system, "code": one.code},
    }
    told |= {"algorithm": one.algorithm} if one.algorithm else {}
    for feature in lesion_features(one.mask, one.spacing):
        yield _draft(feature, fact, told, f".{fact.id}.{one.number}.{feature.name}")


def _segments(patient: Patient, fact: Fact) -> tuple[Segment, ...]:
    with patient.record.open_blob(fact) as path:
        return read_segmentation(path)


def _named(segments: Iterable[Segment], label: str) -> Segment:
    found = {one.label: one for one in segments}
    if label not in found:
        raise DataError("the segmentation has no such segment", got=label, allowed=", ".join(found))
    return found[label]


def _draft(feature: Feature, fact: Fact, told: Mapping[str, Any], path: str) -> Draft:
    system, code = _CODES.get(feature.name, (SYSTEM, feature.name))
    start = None if fact.start_ms is None else Instant(fact.start_ms, fact.offset, "instant")
    uids = {key: fact.detail[key] for key in ("study_uid", "series_uid", "sop_uid") if key in fact.detail}
    return Draft(
        "imaging_feature", system, code, feature.name.replace("_", " "), path, feature.value, feature.unit,
        feature.value, feature.unit, start=start, status="final", detail={**told, **uids, "segmentation": fact.id},
    )  # fmt: skip
