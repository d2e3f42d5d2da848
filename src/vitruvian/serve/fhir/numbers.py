"""Numbers and quantities of a search: a number means all that rounds to it; units of UCUM are converted.

Source: HL7 FHIR R4, Search, "number", "quantity" and "Prefixes".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from vitruvian.core import VitruvianError, convert
from vitruvian.tables.codes import UCUM

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Number:
    """A number as it was asked for; `half` is half of its last digit."""

    prefix: str
    value: float
    half: float
    system: str = ""
    unit: str = ""

    @classmethod
    def of(cls, prefix: str, text: str) -> Number:
        """A number, or "number|system|unit"; raises `ValueError`."""
        number, _, rest = text.partition("|")
        system, _, unit = rest.partition("|")
        try:
            exact = Decimal(number)
        except InvalidOperation as error:
            raise ValueError(number) from error
        if not exact.is_finite():
            raise ValueError(number)
        half = 0.5 * 10.0 ** int(exact.as_tuple().exponent)
        return cls(prefix, float(exact), half, system, unit)

    def fits(self, found: Any) -> bool:
        """Whether a number, Quantity or Age of a resource fulfils it."""
        value = self._in_unit(found) if isinstance(found, dict) else found
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        low = high = float(value)
        sign = found.get("comparator", "") if isinstance(found, dict) else ""
        low, high = (-math.inf if "<" in sign else low), (math.inf if ">" in sign else high)
        return self._compares(low, high)

    def _compares(self, low: float, high: float) -> bool:
        wide = 0.1 * abs(self.value) if self.prefix == "ap" else self.half
        slack = _ROUNDING * max(abs(self.value), 1e-300)
        edge = min(slack, wide / 2)
        inside = self.value - wide - edge <= low and high < self.value + wide + (edge if self.prefix == "ap" else -edge)
        match self.prefix:
            case "eq" | "ap":
                return inside
            case "ne":
                return not inside
            case "gt" | "sa":
                return (high if self.prefix == "gt" else low) > self.value + slack
            case "lt" | "eb":
                return (low if self.prefix == "lt" else high) < self.value - slack
            case "ge":
                return high >= self.value - slack
        return low <= self.value + slack  # le

    def _in_unit(self, found: dict[str, Any]) -> Any:
        """The value in the unit asked for; None where the units do not meet."""
        value, code, text = found.get("value"), found.get("code"), found.get("unit")
        if not self.unit:
            return value
        if self.unit == code and self.system in ("", found.get("system")):
            return value
        if not self.system and self.unit == text:
            return value
        if found.get("system") != UCUM or self.system not in ("", UCUM) or not isinstance(value, int | float):
            return None
        try:
            return convert(float(value), str(code), self.unit)
        except VitruvianError:
            return None
