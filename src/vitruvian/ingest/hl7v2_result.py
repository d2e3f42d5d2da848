"""HL7 v2 OBX segments → facts: value types NM, SN, CE, CWE, ST, TX, FT, DT, TM, TS, ED, RP."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.hl7v2_message import Segment
from vitruvian.ingest.measured import NOTHING, Measured, measured
from vitruvian.record import Draft
from vitruvian.tables.codes import ATC, ICD10, LOINC, RXNORM, SNOMED, Analyte, analyte

SYSTEMS = {"LN": LOINC, "SCT": SNOMED, "SNM": SNOMED, "RXN": RXNORM, "I10": ICD10, "ATC": ATC, "WC": ATC}
TEXT = frozenset({"TX", "FT", "ST"})
# HL7 table 0085, observation result status → status of a FHIR Observation
_STATUS = {"F": "final", "U": "final", "P": "preliminary", "R": "preliminary", "S": "preliminary", "C": "corrected"}
_STATUS |= {"D": "entered-in-error", "W": "entered-in-error", "X": "cancelled", "N": "not-done"}
_STATUS |= {"I": "registered", "O": "registered"}
_FLAGS = "http://terminology.hl7.org/CodeSystem/v2-0078"
_NUMBER = re.compile(r"^\s*(<=|>=|<|>)?\s*([+-]?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?)\s*$")
_RANGE = re.compile(r"^\s*([\d.]+)\s*-\s*([\d.]+)\s*$")
_BOUND = re.compile(r"^\s*(<=?|>=?)\s*([\d.]+)\s*$")


def concept(one: Sequence[str], start: int = 0) -> tuple[str, str, str]:
    """(system, code, display) of a coded element, from its component `start`."""
    code, display, system = ([*one, *[""] * 6])[start : start + 3]
    return SYSTEMS.get(system.strip(), f"urn:hl7v2:{system.strip()}" if system.strip() else ""), code.strip(), display


def best(repetition: Sequence[str]) -> tuple[str, str, str]:
    """The LOINC coding of an element that gives two, else the first."""
    both = [concept(repetition), concept(repetition, 3)]
    return next((one for one in both if one[0] == LOINC and one[1]), both[0] if any(both[0]) else both[1])


def status_of(letter: str) -> str:
    """Status of a result or report; raises `DataError` for a letter that the standard does not have."""
    if letter and letter not in _STATUS:
        raise DataError("unknown result status", got=letter, allowed=", ".join(_STATUS))
    return _STATUS.get(letter, "")


def result(lines: Sequence[Segment], start: Instant | None, known_ms: int | None, more: Mapping[str, Any]) -> Draft:
    """The fact of one result (several segments where a text runs over several); `more` is kept in its detail."""
    first = lines[0]
    repetition = next(iter(first.field(3)), [""])
    system, code, display = best(repetition)
    number, value_code, text, detail = _value(lines, analyte(system, code))
    detail |= more
    if any(repetition[3:6]):
        detail["codings"] = [list(concept(repetition)), list(concept(repetition, 3))]
    if flags := [one[0] for one in first.field(8) if one[0]]:
        detail["interpretation"] = [{"coding": [{"system": _FLAGS, "code": flag}]} for flag in flags]
    if limits := first.whole(7):
        detail["referenceRange"] = [_range(limits)]
    doubts = number.flags if start is not None else (*number.flags, "no_time")
    return Draft(
        "observation", system, code, display, "", number.value, number.unit, number.raw, number.unit_raw, value_code,
        text, start, None, known_ms, status_of(first.text(11)), doubts, detail=detail,
    )  # fmt: skip


def _value(lines: Sequence[Segment], known: Analyte | None) -> tuple[Measured, str | None, str | None, dict[str, Any]]:
    """(number, code, text, detail) of OBX-5 by the type in OBX-2."""
    first, kind = lines[0], lines[0].text(2)
    unit = first.text(6) or None
    parts = first.field(5)
    if not parts and kind not in TEXT:
        return Measured(None, None, None, None, ("no_value",)), None, None, {}
    if kind == "NM" or (kind == "ST" and unit and len(lines) == 1 and _NUMBER.match(first.whole(5))):
        return _numeric(first.whole(5), unit, known)
    match kind:
        case "SN":
            return _structured([*parts[0], "", "", "", ""], unit, known)
        case "CE" | "CWE" | "CNE" | "IS" | "ID" | "CF":
            system, code, display = best(parts[0])
            return NOTHING, code or None, display or code or None, {"value_system": system} if system else {}
        case "ED":
            return _document([*parts[0], "", "", "", "", ""])
        case "RP":
            return NOTHING, None, None, {"pointer": parts[0]}
        case "TX" | "FT" | "ST":
            text = "\n".join(one.whole(5) for one in lines)
            return NOTHING if text else Measured(None, None, None, None, ("no_value",)), None, text or None, {}
        case "DT" | "TM" | "TS" | "DTM" | "":
            return NOTHING, None, first.whole(5), {}
    return NOTHING, None, first.whole(5), {"value_type": kind}


def _numeric(text: str, unit: str | None, known: Analyte | None) -> tuple[Measured, None, None, dict[str, Any]]:
    match = _NUMBER.match(text)
    if match is None:
        raise DataError("a number is not one", got=repr(text[:40]), allowed="OBX-5 of type NM such as 5.4")
    detail = {"comparator": match[1]} if match[1] else {}
    return measured(float(match[2]), unit, known), None, None, detail


def _structured(
    part: Sequence[str], unit: str | None, known: Analyte | None
) -> tuple[Measured, None, str | None, dict[str, Any]]:
    """SN: comparator^number^separator^number; a range or a ratio has no single value and is kept as text."""
    sign, first, separator, second = (one.strip() for one in part[:4])
    if separator or second:
        return NOTHING, None, f"{sign}{first}{separator}{second} {unit or ''}".strip(), {"value": list(part[:4])}
    number, _, _, detail = _numeric(first, unit, known)
    return number, None, None, detail | ({"comparator": sign} if sign in ("<", ">", "<=", ">=") else {})


def _document(part: Sequence[str]) -> tuple[Measured, None, str | None, dict[str, Any]]:
    """ED: source^type^subtype^encoding^data; text is read, anything else stays in the raw message."""
    kind, subtype, encoding, data = part[1], part[2], part[3], part[4]
    detail = {"contentType": f"{kind}/{subtype}".lower(), "encoding": encoding}
    if encoding.lower() == "base64":
        try:
            raw = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise DataError("encapsulated data is not base64", got=str(error)) from error
        text = raw.decode(errors="replace") if kind.upper() in ("TX", "TEXT") else None
        return NOTHING, None, text, {**detail, "size": len(raw)}
    return NOTHING, None, data if encoding.upper() in ("A", "") else None, detail


def _range(text: str) -> dict[str, Any]:
    """The reference range as FHIR writes it: low, high, and the text as received."""
    if match := _RANGE.match(text):
        return {"low": {"value": float(match[1])}, "high": {"value": float(match[2])}, "text": text}
    if match := _BOUND.match(text):
        return {"high" if match[1][0] == "<" else "low": {"value": float(match[2])}, "text": text}
    return {"text": text}
