"""A number as received and in its canonical unit: what every format with laboratory values shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vitruvian.core import DataError, UnitError, convert, is_tabled, ucum
from vitruvian.tables.codes import Analyte

# HbA1c: NGSP % = 0.09148 × IFCC mmol/mol + 2.152 (Hoelzel et al. 2004, doi:10.1373/clinchem.2003.024802)
_NGSP_SLOPE, _NGSP_SHIFT = 0.09148, 2.152


@dataclass(frozen=True, slots=True)
class Measured:
    """A number as received and in its canonical unit, with what is doubtful about it."""

    value: float | None
    unit: str | None
    raw: float | None
    unit_raw: str | None
    flags: tuple[str, ...] = ()


NOTHING = Measured(None, None, None, None)


def measured(raw: float, unit: str | None, analyte: Analyte | None = None) -> Measured:
    """A number with the unit as received; raises `UnitError` without a unit where the analyte needs one.

    A unit that the analyte cannot have is flagged "wrong_unit", a number without one "no_unit"; neither has a
    canonical value. A unit that only the unit library can judge is flagged "unit_unchecked".
    """
    if analyte is not None:
        return _canonical(raw, unit, analyte)
    if not unit:
        return Measured(None, None, raw, None, ("no_unit",))
    try:
        code = ucum(unit)
    except UnitError:
        return Measured(None, None, raw, unit, ("no_unit",))
    return Measured(raw, code, raw, unit, () if is_tabled(code) else ("unit_unchecked",))


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
        value = _converted(raw, ucum(unit), analyte)
    except UnitError:
        return Measured(None, None, raw, unit, ("wrong_unit",))
    if not math.isfinite(value):
        raise DataError("a quantity is too large", got=f"{raw:g} {unit}")
    return Measured(value, analyte.unit, raw, unit)


def _converted(raw: float, unit: str, analyte: Analyte) -> float:
    """In the analyte's unit; of one analyte U and [iU] are the same (enzymes in IU/L, TSH in mU/L)."""
    if analyte.name == "hba1c" and unit in ("mmol/mol", "10*-3"):
        return _NGSP_SLOPE * raw + _NGSP_SHIFT
    if analyte.name == "hba1c_ifcc" and unit == "%":
        return (raw - _NGSP_SHIFT) / _NGSP_SLOPE
    here, there = (text.replace("[iU]", "U").replace("[IU]", "U") for text in (unit, analyte.unit))
    return convert(raw, here, there, molar_mass=analyte.molar_mass)
