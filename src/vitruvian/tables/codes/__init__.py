"""Codes of the analytes, drugs, problems and social circumstances that twins use; canonical units, molar masses.

Each row of the TSV files beside this one names its source. A code that is not here is kept by the record all the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
UCUM = "http://unitsofmeasure.org"
EXPOSURE = "urn:vitruvian:exposure"
_SYSTEMS = {"rxnorm": RXNORM, "atc": ATC, "loinc": LOINC, "snomed": SNOMED}


@dataclass(frozen=True)
class Analyte:
    """Something measured: its name here, LOINC code, canonical unit, molar mass (g/mol) if mass and amount mix."""

    name: str
    code: str
    display: str
    unit: str
    molar_mass: float | None
    source: str


@dataclass(frozen=True)
class Problem:
    """A problem that notes name: SNOMED CT and ICD-10 codes, and the spellings by which it is found."""

    name: str
    snomed: str
    icd10: str
    display: str
    spellings: tuple[str, ...]
    source: str


@lru_cache(maxsize=1)
def analytes() -> Mapping[str, Analyte]:
    """Analytes by LOINC code."""
    return MappingProxyType(
        {
            row["code"]: Analyte(
                row["name"],
                row["code"],
                row["display"],
                row["unit"],
                float(row["molar_mass"]) if row["molar_mass"] else None,
                row["source"],
            )
            for row in _rows("analytes.tsv")
        }
    )


def analyte(system: str, code: str) -> Analyte | None:
    """The analyte of a code, or None."""
    return analytes().get(code) if system == LOINC else None


def codes_of(name: str) -> tuple[tuple[str, str], ...]:
    """(system, code) pairs of an analyte or drug by its name here; () if it is not in the tables."""
    return _by_name().get(name.lower(), ())


@lru_cache(maxsize=8192)
def drug_of(system: str, code: str, display: str = "") -> str | None:
    """The drug that a coded medication is: by code, else by an ingredient named in `display`; None if unknown.

    A display that names several tabled ingredients is a combination and gives None.
    """
    known = _drugs().get((system, code))
    if known is not None or not display:
        return known
    words = display.lower()
    found = {name for pattern, name in _patterns() if pattern.search(words)}
    return found.pop() if len(found) == 1 and "/ " not in display else None


@lru_cache(maxsize=1)
def problems() -> tuple[Problem, ...]:
    """Problems that are found in text."""
    return tuple(
        Problem(r["name"], r["snomed"], r["icd10"], r["display"], tuple(r["synonyms"].split(";")), r["source"])
        for r in _rows("problems.tsv")
    )


@dataclass(frozen=True)
class Exposure:
    """Something of a person's surroundings or way of life: name, code, unit ("" for text), plausible range."""

    name: str
    code: str
    title: str
    unit: str
    low: float | None
    high: float | None
    source: str


@lru_cache(maxsize=1)
def exposures() -> Mapping[str, Exposure]:
    """Exposures by name and by code."""
    found = {}
    for r in _rows("exposures.tsv"):
        low, high = (float(r[name]) if r[name] else None for name in ("low", "high"))
        found[r["name"]] = found[r["code"]] = Exposure(
            r["name"], r["code"], r["title"], r["unit"], low, high, r["source"]
        )
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def triggers() -> tuple[tuple[str, str, str], ...]:
    """(meaning, side, words) of what rules a mention in a note: "denies" before it, "was ruled out" after it …"""
    return tuple((r["meaning"], r["side"], r["words"]) for r in _rows("triggers.tsv"))


@lru_cache(maxsize=1)
def social_codes() -> Mapping[tuple[str, str], str]:
    """Names of social circumstances and habits (smoking, alcohol, work, housing …) by (system, code)."""
    return MappingProxyType({(_SYSTEMS[r["system"]], r["code"]): r["name"] for r in _rows("social.tsv")})


@lru_cache(maxsize=1)
def drug_spellings() -> Mapping[str, str]:
    """Names of tabled drugs by each spelling, lower case."""
    return MappingProxyType(
        {
            spelling.strip(): row["name"]
            for row in _rows("drugs.tsv")
            for spelling in [row["name"].replace("_", " "), *row["synonyms"].split(";")]
            if spelling.strip()
        }
    )


def drug_names() -> tuple[str, ...]:
    """Names of all tabled drugs."""
    return tuple(sorted(set(_drugs().values())))


@lru_cache(maxsize=1)
def _drugs() -> Mapping[tuple[str, str], str]:
    return {(_SYSTEMS[row["system"]], row["code"]): row["name"] for row in _rows("drugs.tsv")}


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in analytes().values():
        found.setdefault(one.name, []).append((LOINC, one.code))
    for pair, name in [*_drugs().items(), *social_codes().items()]:
        found.setdefault(name, []).append(pair)
    return {name: tuple(pairs) for name, pairs in found.items()}


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"\b{re.escape(word)}\b"), name) for word, name in sorted(drug_spellings().items()))


def _rows(file: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
