"""Whose a DICOM object is, and what it says of that person at the time of its study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson

from vitruvian.core import Instant, content_hash
from vitruvian.ingest.dicom_values import DCM, Clock, coded, items, moment, number, text
from vitruvian.ingest.fhir_clinical import DEMOGRAPHIC
from vitruvian.ingest.whose import said_in, told_person
from vitruvian.record import Draft, SourceRecord, Told
from vitruvian.tables.codes import LOINC

if TYPE_CHECKING:
    from pydicom import Dataset

_SEX = {"M": "male", "F": "female", "O": "other"}


def subject_of(data: Dataset, told: Told) -> str:
    """ "issuer|Patient ID", or the ID alone; else whom the user told.

    Raises `DataError` where nobody is named, or the header names a person other than the told one.
    """
    name = text(data, "PatientID")
    if name:
        issuer = _issuer(data)
        return f"{issuer}|{name}" if issuer else name
    said = said_in(_demographics(data, Clock.of(data, told.zone)))
    return told_person("an empty Patient ID (0010,0020)", said, told)


def identifiers(data: Dataset) -> tuple[tuple[str, str], ...]:
    """(issuer, id) of the Patient ID and of the other patient ids."""
    found = [(_issuer(data), text(data, "PatientID"))]
    found += [(_issuer(one), text(one, "PatientID")) for one in items(data, "OtherPatientIDsSequence")]
    found += [("", one) for one in text(data, "OtherPatientIDs").split("\\")]
    return tuple(dict.fromkeys((system, value) for system, value in found if value))


def _issuer(data: Dataset) -> str:
    return text(data, "IssuerOfPatientID")


def study_record(data: Dataset, subject: str, told: Told) -> SourceRecord | None:
    """Person and study as the header tells them: one record per study, however many files; None if it tells nothing."""
    clock = Clock.of(data, told.zone)
    start = moment(data, "StudyDate", "StudyTime", clock)
    facts = (*_demographics(data, clock), *_body(data, start), *_study(data, start))
    if not facts:
        return None
    shown = orjson.dumps([[f.kind, f.code, f.value, f.value_code, f.value_text, str(f.start)] for f in facts])
    version = content_hash(shown)[:32]
    key = (
        f"{text(data, 'StudyInstanceUID')} {text(data, 'Modality')}".strip()
        or f"person {content_hash(subject.encode())[:16]}"
    )
    known = start.ms if start else None
    return SourceRecord(
        "DicomStudy", "", key, version, version, subject, "study", facts, known_ms=known, identifiers=identifiers(data)
    )


def _demographics(data: Dataset, clock: Clock) -> Iterator[Draft]:
    name = person_name(text(data, "PatientName"))
    if name:
        yield _demographic("name", value_text=name)
    born = moment(data, "PatientBirthDate", "", clock)
    if born is not None:
        yield _demographic("birth_date", value_text=str(born), start=born)
    sex = text(data, "PatientSex")
    if sex:
        yield _demographic("sex", value_code=_SEX.get(sex, "unknown"))


def _demographic(
    code: str, value_text: str | None = None, value_code: str | None = None, start: Instant | None = None
) -> Draft:
    return Draft(
        "demographic", DEMOGRAPHIC, code, code.replace("_", " "), f".{code}",
        value_text=value_text, value_code=value_code, start=start, status="final",
    )  # fmt: skip


def person_name(written: str) -> str:
    """ "Family^Given^Middle^Prefix^Suffix=ideographic=phonetic" → "Prefix Given Middle Family Suffix" of the first
    group that is there."""
    group = next((one for one in written.split("=") if one.strip("^ ")), "")
    family, given, middle, prefix, suffix = [*(one.strip() for one in group.split("^")), "", "", "", "", ""][:5]
    return " ".join(one for one in (prefix, given, middle, family, suffix) if one)


def _body(data: Dataset, start: Instant | None) -> Iterator[Draft]:
    """Weight (kg) and size (m) as told to the scanner; zero stands for unknown."""
    flags = () if start is not None else ("no_time",)
    weight, size = number(data, "PatientWeight"), number(data, "PatientSize")
    if weight:
        yield Draft(
            "observation", LOINC, "29463-7", "Body weight", ".weight", weight, "kg", weight, "kg",
            start=start, status="final", flags=flags,
        )  # fmt: skip
    if size:
        yield Draft(
            "observation", LOINC, "8302-2", "Body height", ".size", size * 100, "cm", size, "m",
            start=start, status="final", flags=flags,
        )  # fmt: skip


def _study(data: Dataset, start: Instant | None) -> Iterator[Draft]:
    uid = text(data, "StudyInstanceUID")
    if not uid:
        return
    system, code, meaning = coded(data, "ProcedureCodeSequence")
    modality = text(data, "Modality")
    detail = {
        "study_uid": uid, "accession": text(data, "AccessionNumber"), "age": text(data, "PatientAge"),
        "institution": text(data, "InstitutionName"), "reason": text(data, "ReasonForStudy"),
    }  # fmt: skip
    yield Draft(
        "imaging_study", system if code else DCM, code or modality,
        text(data, "StudyDescription") or meaning or f"{modality} study".strip(), ".study",
        start=start, status="available", detail={k: v for k, v in detail.items() if v},
    )  # fmt: skip
