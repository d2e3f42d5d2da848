"""HL7 v2 PID segment → whose a message is, and demographic facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from vitruvian.core import DataError
from vitruvian.ingest.fhir_clinical import DEMOGRAPHIC
from vitruvian.ingest.hl7v2_message import Segment, instant
from vitruvian.record import Draft

_SEX = {"F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other"}


def subject_of(one: Segment) -> str:
    """The person: the first medical record number (else the first identifier) with who assigned it."""
    found = one.field(3) or one.field(2)
    numbers = [(part[0].strip(), _assigner(part), ([*part, *[""] * 5])[4]) for part in found if part[0].strip()]
    if not numbers:
        raise DataError("the message does not say whose it is", got="no PID-3", todo="Send it with an identifier.")
    key, assigner, _ = next((one for one in numbers if one[2] == "MR"), numbers[0])
    return f"{assigner}/{key}" if assigner else key


def person(one: Segment, zone: tzinfo | None) -> tuple[tuple[Draft, ...], tuple[tuple[str, str], ...]]:
    """(demographic facts, (assigner, identifier) pairs) of a PID segment."""
    names = tuple((_assigner(part), part[0].strip()) for part in one.field(3) if part[0].strip())
    return tuple(_facts(one, zone)), names


def _facts(one: Segment, zone: tzinfo | None) -> Iterator[Draft]:
    if born := instant(one.text(7), zone):
        yield _fact("birth_date", ".PID-7", value_text=str(born)[:10], start=born)
    if letter := one.text(8):
        yield _fact("sex", ".PID-8", value_code=_SEX.get(letter, letter))
    if died := instant(one.text(29), zone):
        yield _fact("death", ".PID-29", start=died)
    elif one.text(30) == "Y":
        yield _fact("death", ".PID-30", value_code="true")
    for k, part in enumerate(one.field(5)):
        family, given, middle = ([*part, "", "", ""])[:3]
        if text := " ".join(filter(None, (given, middle, family.split("&")[0]))):
            yield _fact("name", f".PID-5[{k}]", value_text=text)


def _fact(code: str, path: str, **values: Any) -> Draft:
    return Draft("demographic", DEMOGRAPHIC, code, code.replace("_", " "), path, status="final", **values)


def _assigner(part: list[str]) -> str:
    return ([*part, "", "", ""])[3].split("&")[0].strip()
