"""Which codes, code systems, extensions and addresses are published, and so tell of nobody; anything else is replaced.

A number is taken as a code only in the form, and with the check digit, of its code system, so that a telephone or
hospital number that stands where a code should is found out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from vitruvian.core import is_tabled

_HL7 = re.compile(r"https?://(?:terminology\.)?hl7\.org/[A-Za-z0-9/._-]{0,160}")
_ICD10 = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?").fullmatch
_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+){0,6}|[A-Z]{1,8}\d{0,2}|\d{1,5}(?:-\d)?").fullmatch
_NOTE = re.compile(r"\{(?:[a-z_# ]{0,20}|1\.73_?m2)\}")


def is_snomed(code: str) -> bool:
    """6 to 18 digits, the last of them Verhoeff's (SNOMED CT release file specification, 5.1)."""
    if not re.fullmatch(r"\d{6,18}", code):
        return False
    check = 0
    for place, digit in enumerate(map(int, reversed(code))):
        for _ in range(place % 8):
            digit = _TURN[digit]
        check = _dihedral(check, digit)
    return check == 0


_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _dihedral(a: int, b: int) -> int:
    """The product in the dihedral group of the pentagon, on which Verhoeff's check digit rests."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def is_loinc(code: str) -> bool:
    """Digits, a hyphen and Luhn's check digit; parts and answers (LP…, LA…) likewise (LOINC users' guide, app. C)."""
    found = re.fullmatch(r"(?:LP|LA|LG|LL)?(\d{1,7})-(\d)", code)
    if not found:
        return False
    doubled = (int(d) * (2 - k % 2) for k, d in enumerate(reversed(found[1])))
    return (-sum(d // 10 + d % 10 for d in doubled)) % 10 == int(found[2])


def is_unit(unit: str) -> bool:
    """A unit of UCUM; a note in braces may hold a few small letters."""
    return len(unit) <= 40 and is_tabled(unit) and "{" not in _NOTE.sub("", unit)


def _form(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern).fullmatch


_SYSTEMS: Mapping[str, Callable[[str], object]] = {
    "http://snomed.info/sct": is_snomed,
    "http://loinc.org": is_loinc,
    "http://unitsofmeasure.org": is_unit,
    "http://www.nlm.nih.gov/research/umls/rxnorm": _form(r"\d{1,7}"),
    "http://hl7.org/fhir/sid/icd-10": _ICD10,
    "http://hl7.org/fhir/sid/icd-10-cm": _ICD10,
    "http://hl7.org/fhir/sid/icd-9-cm": _form(r"[VE]?\d{2,3}(?:\.\d{1,2})?"),
    "http://hl7.org/fhir/sid/cvx": _form(r"\d{1,3}"),
    "http://hl7.org/fhir/sid/ndc": _form(r"\d{4,5}-\d{3,4}-\d{1,2}"),
    "http://www.ama-assn.org/go/cpt": _form(r"\d{4}[0-9A-Z]"),
    "http://www.whocc.no/atc": _form(r"[A-Z](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?"),
    "http://dicom.nema.org/resources/ontology/DCM": _form(r"[A-Z]{2,4}|\d{6}"),
    "urn:iso:std:iso:3166": _form(r"[A-Z]{2,3}"),
    "urn:ietf:bcp:47": _form(r"[a-z]{2,3}(?:-[A-Z]{2})?"),
    "http://www.nubc.org/patient-discharge": _form(r"\d\d"),
    "urn:ietf:rfc:3986": _form(r"1\.2\.840\.10008(?:\.\d{1,4}){1,8}"),
    "urn:oid:2.16.840.1.113883.6.238": _form(r"\d{4}-\d"),
}
_EXTENSIONS = frozenset({
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex",
    "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "http://hl7.org/fhir/StructureDefinition/patient-genderIdentity",
    "http://hl7.org/fhir/StructureDefinition/condition-ruledOut",
    "ombCategory", "detailed",
})  # fmt: skip
_WHERE_A_CODE_IS_FREE: Mapping[str, Callable[[str], object]] = {
    "comparator": _form("<|<=|>=|>|ad"),
    "currency": _form("[A-Z]{3}"),
    "language": _form(r"[a-z]{2,3}(?:-[A-Z]{2})?"),
    "contentType": _form(r"(?:application|audio|image|model|multipart|text|video)/(?:[a-z]{1,8}[+.-]?){1,4}"),
    "confidentiality": _form("[ULMNRV]"),
    "action": _form("[CRUDE]"),
    "outcome": _form("0|4|8|12"),
    "when": _form(r"[AP]?C[MDV]?|(?:MORN|AFT|EVE)(?:\.early|\.late)?|NIGHT|PHS|HS|WAKE"),
    "valueCode": _form("M|F|UNK|OTH|masked|unknown|male|female|other"),
}


def is_public(uri: str) -> bool:
    """Whether an address names something published: a code system, a profile of HL7."""
    return uri in _SYSTEMS or _HL7.fullmatch(uri) is not None


def is_published_code(system: str, code: str) -> bool:
    """Whether it has the form of a code of this system."""
    return bool(_SYSTEMS[system](code) if system in _SYSTEMS else is_public(system) and _WORD(code))


def is_free_code(element: str, code: str) -> bool:
    """Whether an element whose codes are not listed may have it."""
    return element in _WHERE_A_CODE_IS_FREE and bool(_WHERE_A_CODE_IS_FREE[element](code))


def is_harmless_extension(url: str) -> bool:
    """Whether an extension is among the few that tell nothing by which a person is known."""
    return url in _EXTENSIONS
