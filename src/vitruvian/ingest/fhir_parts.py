"""Parts that FHIR resources share: codings, quantities, times, references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.core import DataError, Instant, UnitError, convert, is_tabled, parse_instant, ucum
from vitruvian.tables.codes import LOINC, UCUM, Analyte, analytes

Json = Mapping[str, Any]
_NO_CODE = ("", "", "")


@dataclass(frozen=True, slots=True)
class Measured:
    """A number as received and in its canonical unit, with what is doubtful about it."""

    value: float | None
    unit: str | None
    raw: float | None
    unit_raw: str | None
    flags: tuple[str, ...] = ()


NOTHING = Measured(None, None, None, None)


def coding(concept: Json | None, prefer: Mapping[str, Any] | None = None) -> tuple[str, str, str]:
    """(system, code, display) of a CodeableConcept: the first coding that `prefer` knows, else the first; then text."""
    if not concept:
        return _NO_CODE
    codings = concept.get("coding") or ()
    chosen = codings[0] if codings else {}
    if len(codings) > 1 and prefer is not None:
        chosen = next((one for one in codings if one.get("code") in prefer), chosen)
    display = chosen.get("display") or concept.get("text") or ""
    return chosen.get("system") or "", chosen.get("code") or "", display


def more_codings(concept: Json | None) -> dict[str, Any]:
    """All codings for `detail` where there are several; {} otherwise."""
    codings = (concept or {}).get("coding") or ()
    return (
        {"codings": [[c.get("system"), c.get("code"), c.get("display")] for c in codings]} if len(codings) > 1 else {}
    )


def observed(concept: Json) -> tuple[str, str, str, Analyte | None]:
    """(system, code, display, analyte) of what an observation measures."""
    table = analytes()
    system, code, display = coding(concept, table)
    return system, code, display, table.get(code) if system == LOINC else None


def quantity(part: Json, analyte: Analyte | None = None) -> Measured:
    """A FHIR Quantity; a number without a unit raises `UnitError` where the analyte needs one, and is never guessed."""
    raw = part.get("value")
    if raw is None:
        return Measured(None, None, None, None, ("no_value",))
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise DataError("a quantity's value is not a number", got=repr(raw))
    in_ucum = part.get("system") in (UCUM, None)
    unit = (part.get("code") if in_ucum else None) or part.get("unit")
    if analyte is not None:
        return _canonical(float(raw), unit, analyte)
    if not unit:
        return Measured(None, None, float(raw), None, ("no_unit",))
    try:
        code = ucum(unit)
    except UnitError:
        return Measured(None, None, float(raw), unit, ("no_unit",))
    return Measured(float(raw), code, float(raw), unit, () if is_tabled(code) else ("unit_unchecked",))


def _canonical(raw: float, unit: str | None, analyte: Analyte) -> Measured:
    if unit == analyte.unit:
        return Measured(raw, unit, raw, unit)
    if not unit:
        if analyte.unit == "1":
            return Measured(raw, "1", raw, None)
        raise UnitError(
            f"{analyte.display} has no unit",
            got=f"{raw:g}",
            allowed=f"a UCUM unit such as {analyte.unit}",
            todo="Correct it at the source and ingest again; a unit is never guessed.",
        )
    try:
        value = convert(raw, unit, analyte.unit, molar_mass=analyte.molar_mass)
    except UnitError:
        return Measured(None, None, raw, unit, ("wrong_unit",))
    return Measured(value, analyte.unit, raw, unit)


def moment(text: Any) -> Instant | None:
    """A FHIR date or time; None where absent; raises `DataError` for text that is no date."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise DataError("a date is not text", got=repr(text))
    return parse_instant(text)


def span(resource: Json, name: str) -> tuple[Instant | None, Instant | None]:
    """Start and end of a choice element: nameDateTime, namePeriod, nameInstant."""
    if (text := resource.get(f"{name}DateTime")) is not None:
        return moment(text), None
    if (period := resource.get(f"{name}Period")) is not None:
        return moment(period.get("start")), moment(period.get("end"))
    return moment(resource.get(f"{name}Instant")), None


def reference_id(reference: Json | None) -> str:
    """The text of a reference; "" where there is none."""
    return (reference or {}).get("reference") or ""
