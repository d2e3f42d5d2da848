"""Units: exact everyday conversions, agreement with ucumvert, and refusals."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core import Quantity, UnitError, convert, ucum
from vitruvian.core.units import _by_library, _known, same_dimension


@pytest.mark.parametrize(
    ("value", "a", "b", "expected"),
    [
        (10, "[lb_av]", "kg", 4.5359237),  # reference sheet: 10 lb = 4.5359 kg
        (10, "lb", "kg", 4.5359237),
        (98.6, "[degF]", "Cel", 37.0),
        (37.0, "Cel", "[degF]", 98.6),
        (1, "10*3/uL", "10*9/L", 1.0),  # plain pint reads 30/uL and 90/L
        (250, "10*9/L", "10*3/uL", 250.0),
        (250, "10*9/L", "/L", 250e9),
        (250, "K/uL", "10*9/L", 250.0),
        (12, "h", "min", 720.0),
        (5, "mg", "g", 0.005),
        (1, "mcg", "mg", 0.001),
        (120, "mL/min", "L/h", 7.2),
        (1, "U/L", "ukat/L", 1 / 60),
        (760, "mm[Hg]", "kPa", 101.3250144354),
        (1, "a", "d", 365.25),
        (6, "ft", "cm", 182.88),
        (90, "mL/min/1.73m2", "mL/min/{1.73_m2}", 90.0),
        (15, "mg/kg/d", "ug/kg/h", 625.0),
        (1, "[gr]", "mg", 64.79891),  # by ucumvert
    ],
)
def test_conversion(value: float, a: str, b: str, expected: float) -> None:
    assert convert(value, a, b) == pytest.approx(expected, rel=1e-12)


def test_molar_mass_bridges_mass_and_amount() -> None:
    assert convert(1, "mg/dL", "umol/L", molar_mass=113.12) == pytest.approx(88.4016973, rel=1e-8)
    assert convert(5.5, "mmol/L", "mg/dL", molar_mass=180.156) == pytest.approx(99.0858, rel=1e-8)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("mL/min/{1.73_m2}", "mL/min"),  # an indexed clearance is not an absolute one
        ("", "kg"),
        ("furlong-ish", "kg"),
        ("kg", "L"),
        ("mg", "mmol"),
        ("U", "[iU]"),
        ("mg", "[pH]"),
    ],
)
def test_refused(a: str, b: str) -> None:
    with pytest.raises(UnitError, match="got"):
        convert(1.0, a, b)


TABLED = ["mg/dL", "mmol/L", "mm[Hg]", "%", "cm", "kg", "kg/m2", "g/dL", "fL", "U/L", "mg/g", "10*3/uL", "10*6/uL"]
TABLED += ["pg", "g/L", "kU/L", "ng/mL", "mL/min", "a", "mo", "wk", "cal"]


@pytest.mark.parametrize("unit", TABLED)
def test_table_agrees_with_ucumvert(unit: str) -> None:
    base = {"mm[Hg]": "Pa", "%": "1", "U/L": "mol/s/L", "kU/L": "mol/s/L", "cal": "J"}.get(unit)
    base = base or {"10*3/uL": "/m3", "10*6/uL": "/m3", "a": "s", "mo": "s", "wk": "s"}.get(unit, unit)
    assert _known(unit) is not None
    multiply, add, divide = _by_library(unit, base)
    assert convert(1.0, unit, base) == pytest.approx((multiply + add) / divide, rel=1e-9)


@settings(deadline=None)
@given(
    st.floats(-1e9, 1e9),
    st.sampled_from(["mg/L", "ug/mL", "ng/mL", "g/dL", "kg/m3"]),
    st.sampled_from(["mg/L", "ug/mL", "ng/mL", "pg/L"]),
)
def test_round_trip(value: float, a: str, b: str) -> None:
    assert convert(convert(value, a, b), b, a) == pytest.approx(value, rel=1e-14)


def test_quantity() -> None:
    assert Quantity.parse("12 h").to("d") == Quantity(0.5, "d")
    assert str(Quantity(5, "mg")) == "5 mg"
    with pytest.raises(UnitError, match="unit is missing"):
        Quantity.parse("12")
    with pytest.raises(UnitError):
        Quantity(float("nan"), "mg")
    assert ucum("mcg/mL") == "ug/mL"
    assert same_dimension("lb", "kg")
    assert not same_dimension("lb", "L")


def test_everyday_units_do_not_load_pint() -> None:
    code = "import sys, vitruvian.core as c; c.convert(1,'lb','kg'); sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
