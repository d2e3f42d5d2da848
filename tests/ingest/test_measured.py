"""Numbers in canonical units: every unit of the Synthea data, mass and amount, what is refused; golden rows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from vitruvian.core import UnitError, convert, ucum
from vitruvian.core.units import is_tabled
from vitruvian.ingest.measured import measured
from vitruvian.tables.codes import LOINC, analyte


@pytest.mark.parametrize(
    ("code", "value", "unit", "expected", "canonical"),
    [  # value in another unit, and the value of published conversion tables (SI to conventional)
        ("2345-7", 5.55, "mmol/L", 100.0, "mg/dL"),  # glucose: x 18.0156
        ("2160-0", 88.4, "umol/L", 1.0, "mg/dL"),  # creatinine: / 88.4
        ("2093-3", 5.17, "mmol/L", 199.9, "mg/dL"),  # cholesterol: x 38.67
        ("2571-8", 1.7, "mmol/L", 150.5, "mg/dL"),  # triglycerides: x 88.57
        ("1975-2", 17.1, "umol/L", 1.0, "mg/dL"),  # bilirubin: / 17.1
        ("3094-0", 2.5, "mmol/L", 7.0, "mg/dL"),  # urea nitrogen: x 2.8
        ("17861-6", 2.5, "mmol/L", 10.02, "mg/dL"),  # calcium: x 4.008
        ("3084-1", 0.357, "mmol/L", 6.0, "mg/dL"),  # urate: x 16.81
        ("3024-7", 12.87, "pmol/L", 1.0, "ng/dL"),  # free thyroxine: / 12.87
        ("9318-7", 3.4, "mg/mmol", 30.0, "mg/g"),  # albumin/creatinine: 3 mg/mmol is 30 mg/g (KDIGO)
        ("4548-4", 53.0, "mmol/mol", 7.0, "%"),  # HbA1c, doi:10.1373/clinchem.2003.024802
        ("59261-8", 7.0, "%", 53.0, "mmol/mol"),
        ("89579-7", 0.014, "ug/L", 14.0, "ng/L"),
        ("33762-6", 125.0, "ng/L", 125.0, "pg/mL"),
        ("718-7", 8.7, "g/L", 0.87, "g/dL"),
        ("777-3", 212.0, "10*3/uL", 212.0, "10*9/L"),
        ("777-3", 212.0, "K/uL", 212.0, "10*9/L"),
        ("789-8", 4.5, "M/uL", 4.5, "10*12/L"),
        ("1742-6", 31.0, "IU/L", 31.0, "U/L"),
        ("1742-6", 0.5, "ukat/L", 30.0, "U/L"),
        ("3016-3", 2.1, "mU/L", 2.1, "m[iU]/L"),
        ("3016-3", 2.1, "uIU/mL", 2.1, "m[iU]/L"),
        ("2744-1", 7.4, "pH", 7.4, "[pH]"),
        ("8310-5", 98.6, "[degF]", 37.0, "Cel"),
    ],
)
def test_golden(code: str, value: float, unit: str, expected: float, canonical: str) -> None:
    found = measured(value, unit, analyte(LOINC, code))
    assert found.value == pytest.approx(expected, rel=2e-3)
    assert (found.unit, found.raw, found.unit_raw, found.flags) == (canonical, value, unit, ())


@pytest.mark.parametrize(
    ("code", "unit"),
    [("2345-7", "g/L/h"), ("777-3", "mg/dL"), ("4548-4", "mmol/L"), ("33914-3", "mL/min"), ("2160-0", "m" + "9" * 30)],
)
def test_a_unit_that_cannot_be_is_flagged_and_gives_no_value(code: str, unit: str) -> None:
    found = measured(5.0, unit, analyte(LOINC, code))
    assert (found.value, found.unit, found.raw, found.unit_raw, found.flags) == (None, None, 5.0, unit, ("wrong_unit",))


def test_no_unit_is_never_guessed() -> None:
    with pytest.raises(UnitError, match="has no unit"):
        measured(5.0, None, analyte(LOINC, "2345-7"))
    assert measured(2.4, None, analyte(LOINC, "6301-6")).value == 2.4
    assert measured(5.0, "", None).flags == ("no_unit",)


def test_every_unit_of_the_bundles_is_known_without_the_library(shared: Path) -> None:
    with (shared / "data/fhir/contents.csv").open(encoding="utf-8") as stream:
        units = {row["unit"] for row in csv.DictReader(stream) if row["unit"]}
    assert len(units) == 29
    assert not [unit for unit in units if not is_tabled(ucum(unit))]
    assert ucum("(score)") == "{score}"
    assert convert(1, "10*3/uL", "/uL") == 1000.0  # plain pint: 30
    assert convert(1, "10*9/L", "/L") == 1e9  # plain pint: 90
    assert convert(1, "K/uL", "10*9/L") == convert(1, "M/uL", "10*12/L") == 1.0


@pytest.mark.parametrize("unit", ["m999999999", "10*999999999", "g" * 200, "s-99999", "1/" + "9" * 50])
def test_an_absurd_unit_is_refused_at_once(unit: str) -> None:
    with pytest.raises(UnitError):
        convert(1.0, unit, "m")
