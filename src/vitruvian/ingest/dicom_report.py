"""DICOM structured reports (PS3.3 C.17.3; TID 300 and 1500 among them) → measurements with units, and the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError, Instant, UnitError
from vitruvian.ingest.dicom_values import DCM, Clock, Coded, coded, items, moment_of, number, text
from vitruvian.ingest.measured import NOTHING, Measured, measured
from vitruvian.record import Draft
from vitruvian.tables.codes import analyte

if TYPE_CHECKING:
    from pydicom import Dataset

DEPTH = 64
_SITES = {"363698007", "G-C0E3"}  # Finding Site
_TRACKING = {"112039": "tracking", "112040": "tracking_uid"}


@dataclass(frozen=True)
class _Place:
    """Where in the tree: path, time and finding site that hold there, and what the groups around are named."""

    path: str
    start: Instant | None
    site: str = ""
    group: str = ""
    tracking: str = ""


def report_facts(data: Dataset, start: Instant | None, clock: Clock) -> Iterator[Draft]:
    """Each numeric content item as an observation, then the report's text as one fact."""
    status = "final" if text(data, "VerificationFlag") == "VERIFIED" else "preliminary"
    if text(data, "CompletionFlag") == "PARTIAL":
        status = "partial"
    root = _Place("", moment_of(data, "ObservationDateTime", clock) or start)
    lines: list[str] = []
    yield from _walk(data, root, clock, status, lines, 0)
    system, code, meaning = coded(data, "ConceptNameCodeSequence")
    if lines or meaning:
        yield Draft(
            "report", system or DCM, code or "SR", meaning or "Structured report", ".report",
            value_text="\n".join(lines) or None, start=start, status=status,
        )  # fmt: skip


def _walk(node: Dataset, place: _Place, clock: Clock, status: str, lines: list[str], depth: int) -> Iterator[Draft]:
    if depth > DEPTH:
        raise DataError("the report is nested too deeply", got=f"> {DEPTH} levels", allowed=f"{DEPTH} levels")
    children = items(node, "ContentSequence")
    here = _within(place, children)
    for k, child in enumerate(children, 1):
        named = coded(child, "ConceptNameCodeSequence")
        own = replace(here, path=f"{here.path}.{k}", start=moment_of(child, "ObservationDateTime", clock) or here.start)
        kind = text(child, "ValueType")
        line = _line(child, kind, named)
        if line:
            lines.append("  " * min(depth, 8) + line)
        if kind == "NUM":
            yield _number(child, named, own, status)
        inner = replace(own, group=named[2] or here.group) if kind == "CONTAINER" else own
        yield from _walk(child, inner, clock, status, lines, depth + 1)


def _within(place: _Place, children: list[Dataset]) -> _Place:
    """What the items of a group say of the group: finding site, tracking identifier."""
    for child in children:
        code = coded(child, "ConceptNameCodeSequence")[1]
        if code in _SITES:
            place = replace(place, site=coded(child, "ConceptCodeSequence")[2])
        elif _TRACKING.get(code) == "tracking":
            place = replace(place, tracking=text(child, "TextValue"))
    return place


def _line(item: Dataset, kind: str, named: Coded) -> str:
    value = {
        "TEXT": lambda: text(item, "TextValue"),
        "CODE": lambda: coded(item, "ConceptCodeSequence")[2],
        "NUM": lambda: _shown_number(item),
        "DATE": lambda: text(item, "Date"),
        "TIME": lambda: text(item, "Time"),
        "DATETIME": lambda: text(item, "DateTime"),
        "PNAME": lambda: text(item, "PersonName"),
    }.get(kind, str)()
    return f"{named[2]}: {value}" if named[2] and value else named[2] or value


def _shown_number(item: Dataset) -> str:
    for one in items(item, "MeasuredValueSequence")[:1]:
        return f"{text(one, 'NumericValue')} {coded(one, 'MeasurementUnitsCodeSequence')[1]}".strip()
    return coded(item, "NumericValueQualifierCodeSequence")[2]


def _number(item: Dataset, named: Coded, place: _Place, status: str) -> Draft:
    system, code, meaning = named
    values = items(item, "MeasuredValueSequence")
    number_, flags = NOTHING, ["no_value"]
    if values:
        number_ = numeric(values[0], named)
        flags = ["no_value"] if number_.raw is None else list(number_.flags)
    if place.start is None:
        flags.append("no_time")
    detail: dict[str, Any] = {
        "group": place.group, "site": place.site, "tracking": place.tracking,
        "qualifier": coded(item, "NumericValueQualifierCodeSequence")[2], "modifiers": _modifiers(item),
    }  # fmt: skip
    return Draft(
        "observation", system, code, meaning, place.path, number_.value, number_.unit, number_.raw, number_.unit_raw,
        start=place.start, status=status, flags=tuple(flags), detail={k: v for k, v in detail.items() if v},
    )  # fmt: skip


def numeric(item: Dataset, named: Coded) -> Measured:
    """NumericValue with its unit, canonical where the code is known; a UCUM unit of 1 is a pure number."""
    raw = number(item, "NumericValue")
    unit = coded(item, "MeasurementUnitsCodeSequence")[1]
    if raw is None:
        return NOTHING
    try:
        return measured(raw, unit or None, analyte(*named[:2]))
    except UnitError:
        return Measured(None, None, raw, unit or None, ("no_unit",))


def _modifiers(item: Dataset) -> dict[str, str]:
    """Concept modifiers and contexts of a number: derivation, laterality, method, phase …"""
    found = {}
    for child in items(item, "ContentSequence"):
        if text(child, "ValueType") == "CODE":
            found[coded(child, "ConceptNameCodeSequence")[2]] = coded(child, "ConceptCodeSequence")[2]
    return found
