"""Quantities and unit conversion in UCUM.

The units of everyday clinical data are converted exactly from a small table (`_unit_table`), without loading a unit
library; any other UCUM expression goes through ucumvert and pint, which are named nowhere else.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from vitruvian.core._unit_table import FRIENDLY, METRIC, PLAIN, PREFIXES, TEMPERATURES, WHOLE, Dimension
from vitruvian.core.errors import UnitError

_COMPONENT = re.compile(r"^(10[*^])(-?\d{1,2})$|^(.*?[^\d+-])([+-]?\d{1,2})?$")
_NO_UNIT = re.compile(r"\d{7,}|[*^+\-A-Za-z%\])}]\d{3,}")  # powers that would take for ever, in text that is no unit
_NUMBER = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_EXAMPLES = 'UCUM codes such as "mg", "mg/L", "umol/L", "10*9/L", "mL/min/{1.73_m2}", "[lb_av]"'


@dataclass(frozen=True)
class Quantity:
    """A finite number with a UCUM unit."""

    value: float
    unit: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise UnitError("a quantity must be a finite number", got=self.value, todo="Leave the value out instead.")
        object.__setattr__(self, "value", float(self.value))
        object.__setattr__(self, "unit", ucum(self.unit))

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Read "12 h", "5 mg" or "2.5 mg/L"; raises `UnitError` for a bare number."""
        match = _NUMBER.match(text)
        if match is None:
            raise UnitError("not a quantity", got=repr(text), allowed='a number and a unit, such as "12 h"')
        return cls(float(match[1]), match[2])

    def to(self, unit: str, *, molar_mass: float | None = None) -> Quantity:
        """The same quantity in another unit; `molar_mass` (g/mol) bridges mass and amount."""
        return Quantity(convert(self.value, self.unit, unit, molar_mass=molar_mass), unit)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


def convert(value: float, from_unit: str, to_unit: str, *, molar_mass: float | None = None) -> float:
    """`value` in `to_unit`; `molar_mass` in g/mol bridges mass and amount of substance.

    Raises `UnitError` for a missing or unknown unit, and for units of different dimension.
    """
    if from_unit == to_unit and from_unit:
        return float(value)
    multiply, add, divide = scale_to(from_unit, to_unit, molar_mass=molar_mass)
    return (float(value) * multiply + add) / divide


def scale_to(from_unit: str, to_unit: str, *, molar_mass: float | None = None) -> tuple[float, float, float]:
    """(multiply, add, divide) that turn a column in `from_unit` into one in `to_unit`; raises as `convert`."""
    if from_unit == to_unit and from_unit:
        return 1.0, 0.0, 1.0
    if molar_mass is not None and not (math.isfinite(molar_mass) and molar_mass > 0):
        raise UnitError("molar mass must be positive", got=molar_mass, allowed="g/mol > 0")
    return _scale(ucum(from_unit), ucum(to_unit), molar_mass)


def ucum(unit: str) -> str:
    """The UCUM code of a unit as people write it ("lb" → "[lb_av]", "mcg" → "ug"); raises `UnitError` if missing."""
    if not isinstance(unit, str) or not unit.strip():
        raise UnitError(
            "a unit is missing", got=repr(unit), allowed=_EXAMPLES, todo="Say the unit; it is never guessed."
        )
    return _ucum(unit)


@lru_cache(maxsize=4096)
def _ucum(unit: str) -> str:
    unit = unit.strip()
    if len(unit) > 80 or _NO_UNIT.search(unit):
        raise UnitError("not a unit", got=repr(unit[:80]), allowed=_EXAMPLES)
    if unit in WHOLE:
        return WHOLE[unit]
    parts = re.split(r"([/.])", unit) if "{" not in unit and "[" not in unit else [unit]
    return "".join(FRIENDLY.get(part.strip(), part.strip()) for part in parts)


def same_dimension(a: str, b: str) -> bool:
    """Whether `a` converts to `b` without a molar mass; raises `UnitError` if either is unknown."""
    a, b = ucum(a), ucum(b)
    try:
        _scale(a, b, None)
    except UnitError:
        for unit in (a, b):
            _scale(unit, unit, None)
        return False
    return True


def is_tabled(code: str) -> bool:
    """Whether a UCUM code is made of tabulated units only, and so is known without loading the unit library."""
    return _known(code) is not None or code in TEMPERATURES


@lru_cache(maxsize=8192)
def _scale(a: str, b: str, molar_mass: float | None) -> tuple[float, float, float]:
    """(multiply, add, divide) that turn a value in `a` into one in `b`; kept as a ratio to round only once."""
    if a in TEMPERATURES and b in TEMPERATURES:
        (shift_a, factor_a), (shift_b, factor_b) = TEMPERATURES[a], TEMPERATURES[b]
        ratio = factor_a / factor_b
        return _floats(ratio, shift_a * ratio - shift_b)
    known_a, known_b = _known(a), _known(b)
    if known_a is None or known_b is None:
        return _by_library(a, b)
    (factor_a, dimension_a), (factor_b, dimension_b) = known_a, known_b
    ratio = factor_a / factor_b
    if dimension_a != dimension_b:
        ratio *= _molar_bridge(a, b, dict(dimension_a), dict(dimension_b), molar_mass)
    return _floats(ratio, Fraction(0))


def _floats(ratio: Fraction, shift: Fraction) -> tuple[float, float, float]:
    return float(ratio.numerator), float(shift * ratio.denominator), float(ratio.denominator)


def _molar_bridge(a: str, b: str, da: dict[str, int], db: dict[str, int], molar_mass: float | None) -> Fraction:
    """Factor in g/mol (or its inverse) where the two dimensions differ only by mass for amount."""
    difference = {k: da.get(k, 0) - db.get(k, 0) for k in {*da, *db}}
    left = {k: v for k, v in difference.items() if v}
    if left not in ({"N": 1, "M": -1}, {"N": -1, "M": 1}):
        raise UnitError("these units measure different things", got=f"{a} and {b}", allowed=f"a unit like {b}")
    if molar_mass is None:
        raise UnitError(
            "mass and amount of substance need a molar mass", got=f"{a} and {b}", todo="Pass molar_mass in g/mol."
        )
    mass = Fraction(str(molar_mass))
    return mass if left["N"] == 1 else 1 / mass


@lru_cache(maxsize=4096)
def _known(unit: str) -> tuple[Fraction, Dimension] | None:
    """Exact factor and dimension of an expression made of tabulated atoms; None if any part is not tabulated."""
    factor, total, sign = Fraction(1), dict[str, int](), 1
    for token in re.findall(r"\{[^}]*\}|[/.]|(?:\[[^\]]*\]|[^/.{}\[\]])+", _shield(unit)):
        if token in "/.":
            sign = -1 if token == "/" else 1
            continue
        part = _component(token.replace("\x00", "."))
        if part is None:
            return None
        factor *= part[0] ** sign
        for name, power in part[1].items():
            total[name] = total.get(name, 0) + sign * power
    return factor, tuple(sorted((k, v) for k, v in total.items() if v))


def _shield(unit: str) -> str:
    """Hide the dots inside annotations from the tokeniser."""
    return re.sub(r"\{[^}]*\}", lambda m: m[0].replace(".", "\x00"), unit)


def _component(token: str) -> tuple[Fraction, dict[str, int]] | None:
    if token in PLAIN:
        return PLAIN[token]
    if token.startswith("{"):
        return Fraction(1), {}
    if re.fullmatch("[0-9]{1,15}", token) and int(token) > 0:
        return Fraction(int(token)), {}
    match = _COMPONENT.match(token)
    if match is None:
        return None
    if match[1]:
        return Fraction(10) ** int(match[2]), {}
    atom = _atom(match[3])
    power = int(match[4] or 1)
    return None if atom is None else (atom[0] ** power, {k: v * power for k, v in atom[1].items()})


def _atom(name: str) -> tuple[Fraction, dict[str, int]] | None:
    if name in PLAIN:
        return PLAIN[name]
    if name in METRIC:
        return METRIC[name]
    if name[:1] in PREFIXES and name[1:] in METRIC:
        factor, dimension = METRIC[name[1:]]
        return PREFIXES[name[0]] * factor, dimension
    return None


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


def _by_library(a: str, b: str) -> tuple[float, float, float]:
    """Scale by ucumvert and pint, for expressions that the table does not hold."""
    left, right = _library_quantity(a), _library_quantity(b)
    try:
        one, two = (left * 1.0).to(right.units).magnitude, (left * 2.0).to(right.units).magnitude
    except Exception as error:  # pint raises several unrelated types here
        raise UnitError(
            "these units measure different things", got=f"{a} and {b}", allowed=f"a unit like {b}"
        ) from error
    size = float(right.magnitude)
    return float(two - one) / size, float(2 * one - two) / size, 1.0


def _library_quantity(unit: str) -> Any:
    try:
        quantity = _registry().from_ucum(unit)
        quantity.to_base_units()
    except Exception as error:  # lark and pint raise several unrelated types
        raise UnitError("unknown unit", got=repr(unit), allowed=_EXAMPLES, todo="Write the unit in UCUM.") from error
    return quantity
