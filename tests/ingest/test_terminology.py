"""Codes that no table names are kept and told."""

from __future__ import annotations

from typing import Any

from vitruvian.ingest import unknown_codes
from vitruvian.ingest.terminology import is_known
from vitruvian.record import Fact
from vitruvian.tables.codes import ATC, LOINC, RXNORM, SNOMED


def fact(kind: str, system: str, code: str, **detail: Any) -> Fact:
    values: dict[str, Any] = dict.fromkeys(Fact.__dataclass_fields__, None)
    return Fact(**values | {"kind": kind, "system": system, "code": code, "display": f"d{code}", "detail": detail})


def test_unknown_codes_are_counted_by_how_often_they_come() -> None:
    facts = [
        fact("observation", LOINC, "2160-0"),
        fact("observation", LOINC, "99999-9"),
        fact("observation", LOINC, "99999-9"),
        fact("social", SNOMED, "266919005"),
        fact("condition", SNOMED, "59621000"),
        fact("condition", SNOMED, "1"),
        fact("medication_request", RXNORM, "860975", drug="metformin"),
        fact("medication_request", RXNORM, "7"),
        fact("encounter", SNOMED, "2"),
        fact("observation", "", ""),
    ]
    assert unknown_codes(facts)[0] == (LOINC, "99999-9", "d99999-9", 2)
    assert {(one[0], one[1]) for one in unknown_codes(facts)[1:]} == {(SNOMED, "1"), (RXNORM, "7"), ("", "")}


def test_what_is_known() -> None:
    assert is_known(ATC, "B01AA03")
    assert is_known(LOINC, "72166-2")
    assert not is_known("http://other.org", "2160-0")
