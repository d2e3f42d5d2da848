"""Parts that FHIR resources share: codings, quantities, times, references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vitruvian.core import DataError, Instant, parse_instant
from vitruvian.ingest.measured import NOTHING as NOTHING
from vitruvian.ingest.measured import Measured as Measured
from vitruvian.ingest.measured import measured
from vitruvian.record import Draft
from vitruvian.tables.codes import LOINC, UCUM, Analyte, analytes

Json = Mapping[str, Any]
_NO_CODE = ("", "", "")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")


def coding(concept: Json | None, prefer: Mapping[str, Any] | None = None) -> tuple[str, str, str]:
    """(system, code, display) of a CodeableConcept: the first coding that `prefer` knows, else the first; then text."""
    if not concept:
        return _NO_CODE
    codings = concept.get("coding") or ()
    chosen = codings[0] if codings else {}
    if len(codings) > 1 and prefer is not None:
        chosen = next((one for one in codings if one.get("code") in prefer), chosen)
    display = clean(chosen.get("display") or concept.get("text") or "")
    return chosen.get("system") or "", chosen.get("code") or "", display


def codes(concepts: Any) -> list[str]:
    """The first code of each concept of a list, "" where it has none."""
    found = []
    for one in concepts or ():
        codings = one.get("coding")
        found.append((codings[0].get("code") if codings else "") or "")
    return found


def clean(text: str) -> str:
    """Text without the invisible characters (zero-width spaces, byte-order marks) that some exports hold."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


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
        raise DataError("a quantity's value is not a number", got=repr(raw)[:40])
    in_ucum = part.get("system") in (UCUM, None)
    return measured(float(raw), (part.get("code") if in_ucum else None) or part.get("unit"), analyte)


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


def some(part: Json, *names: str) -> dict[str, Any]:
    """The named elements that are there, for `detail`."""
    return {name: part[name] for name in names if name in part}


def known(text: Any) -> int | None:
    """Milliseconds of a date or time, for `known_ms`."""
    found = moment(text)
    return found.ms if found else None


def verified(resource: Json) -> str:
    """Clinical status of a condition or allergy; entered-in-error where its verification says so."""
    wrong = coding(resource.get("verificationStatus"))[1] == "entered-in-error"
    return "entered-in-error" if wrong else coding(resource.get("clinicalStatus"))[1]


def plain(
    kind: str,
    resource: Json,
    concept: Json | None,
    start: Instant | None,
    end: Instant | None,
    kept: Mapping[str, Any] | None = None,
    *,
    display: str = "",
    value_code: str | None = None,
    known_ms: int | None = None,
) -> Draft:
    """A fact that says what, when and in which status; `kept` goes into its detail, `display` stands in for none."""
    system, code, shown = coding(concept)
    detail = more_codings(concept)
    return Draft(
        kind, system, code, shown or display, start=start, end=end, status=resource.get("status") or "",
        value_code=value_code, known_ms=known_ms, detail={**detail, **kept} if kept else detail,
    )  # fmt: skip
