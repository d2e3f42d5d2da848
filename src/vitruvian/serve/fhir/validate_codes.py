"""The codes that twins use, for `$validate-code`."""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core import InputError, UnitError, same_dimension
from vitruvian.tables import codes
from vitruvian.tables.codes import ATC, EXPOSURE, ICD10, LOINC, RXNORM, SNOMED, UCUM


@dataclass(frozen=True)
class CodeAnswer:
    """Whether a code is one that the twins know, under which name, and what was asked."""

    result: bool
    message: str
    display: str = ""


SYSTEMS = (LOINC, RXNORM, ATC, SNOMED, ICD10, EXPOSURE, UCUM)
"""Code systems of which the twins use codes."""


def check_code(system: str, code: str, display: str = "") -> CodeAnswer:
    """Whether the twins know a code; one they do not know is no error of the sender: it is kept by the record.

    Raises `InputError` for a code system of which they use none.
    """
    if system not in SYSTEMS:
        raise InputError("the twins use no codes of this system", got=system or "no system", allowed=", ".join(SYSTEMS))
    name = _name_of(system, code)
    if name is None:
        return CodeAnswer(False, f"{code} is not among the codes that the twins use; the record keeps it as it came.")
    if display and system != UCUM and not _same(display, name):
        return CodeAnswer(True, f"The code is known as {name}; the display differs.", name)
    return CodeAnswer(True, f"The twins know it as {name}.", name)


def _name_of(system: str, code: str) -> str | None:
    if system == UCUM:
        return _unit(code)
    if system == LOINC and (found := codes.analyte(system, code)):
        return found.display
    if (drug := codes.drug_of(system, code)) is not None:
        return drug.replace("_", " ")
    if (social := codes.social_codes().get((system, code))) is not None:
        return social.replace("_", " ")
    for one in codes.problems():
        if code and code == {SNOMED: one.snomed, ICD10: one.icd10}.get(system):
            return one.display
    exposure = codes.exposures().get(code) if system == EXPOSURE else None
    return exposure.title if exposure else None


def _unit(code: str) -> str | None:
    try:
        return code if same_dimension(code, code) else None
    except UnitError:
        return None


def _same(display: str, name: str) -> bool:
    words = set(display.lower().replace(",", " ").split())
    return not words.isdisjoint(name.lower().replace(",", " ").split())
