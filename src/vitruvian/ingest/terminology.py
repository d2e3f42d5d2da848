"""Which codes of a person's facts the tables do not know: kept as received, and reported here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vitruvian.record import Fact
from vitruvian.tables.codes import LOINC, SNOMED, analyte, drug_of, exposures, problems, social_codes

_KINDS = frozenset({"observation", "social", "exposure", "condition"})


def unknown_codes(facts: Iterable[Fact]) -> list[tuple[str, str, str, int]]:
    """(system, code, display, how often) of measurements, problems, exposures and drugs that no table names, commonest
    first. Twins cannot use them; the record keeps them all the same."""
    counts: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], str] = {}
    for one in facts:
        medication = one.kind.startswith("medication")
        if not (medication or one.kind in _KINDS) or not (one.code or one.display):
            continue
        if one.detail.get("drug") if medication else is_known(one.system, one.code):
            continue
        counts[one.system, one.code] += 1
        shown.setdefault((one.system, one.code), one.display)
    return [(system, code, shown[system, code], count) for (system, code), count in counts.most_common()]


def is_known(system: str, code: str) -> bool:
    """Whether a table of this package names the code."""
    if (system, code) in social_codes() or (system == LOINC and analyte(system, code)):
        return True
    named = system == SNOMED and any(code == one.snomed for one in problems())
    return named or drug_of(system, code) is not None or code in exposures()
