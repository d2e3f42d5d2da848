"""Tables of codes: check digits, units, one meaning per code."""

from __future__ import annotations

import re

import pytest

from vitruvian.core import is_tabled
from vitruvian.tables.codes import ATC, LOINC, RXNORM, analyte, analytes, codes_of, drug_names, drug_of


def check_digit(number: str) -> int:
    """LOINC's mod-10 check digit (Luhn)."""
    doubled = [int(d) * 2 if k % 2 == 0 else int(d) for k, d in enumerate(reversed(number))]
    return -sum(d - 9 if d > 9 else d for d in doubled) % 10


@pytest.mark.parametrize("code", sorted(analytes()))
def test_loinc_codes_have_their_check_digit_and_a_known_unit(code: str) -> None:
    number, digit = code.split("-")
    assert check_digit(number) == int(digit)
    one = analytes()[code]
    assert is_tabled(one.unit)
    assert one.source
    assert one.molar_mass is None or 10 < one.molar_mass < 1e5


def test_every_drug_has_an_ingredient_and_an_atc_code() -> None:
    for name in drug_names():
        pairs = codes_of(name)
        assert any(system == RXNORM for system, _ in pairs), name
        assert any(system == ATC and re.fullmatch(r"[A-Z]\d\d[A-Z]{2}\d\d", code) for system, code in pairs), name


def test_look_up() -> None:
    found = analyte(LOINC, "2160-0")
    assert found is not None
    assert (found.name, found.unit, found.molar_mass) == ("creatinine", "mg/dL", 113.12)
    assert analyte("http://other.org", "2160-0") is None
    assert codes_of("no such thing") == ()
    assert drug_of(ATC, "B01AF02") == "apixaban"
    assert drug_of(RXNORM, "0", "Warfarin Sodium 5 MG Oral Tablet") == "warfarin"
    assert drug_of(RXNORM, "0", "Acetaminophen 325 MG / oxyCODONE Hydrochloride 5 MG Oral Tablet") is None
    assert drug_of(RXNORM, "0", "Something else") is None
