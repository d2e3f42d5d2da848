"""Units for people."""

from __future__ import annotations

_UNITS = {
    "1": "", "{INR}": "", "{ratio}": "", "{score}": "", "%": "%", "mm[Hg]": "mmHg", "cm[H2O]": "cmH₂O", "Cel": "°C",
    "[degF]": "°F", "[lb_av]": "lb", "[in_i]": "in", "[iU]": "units", "[iU]/h": "units/h", "[iU]/d": "units/d",
}  # fmt: skip


def unit_text(unit: str) -> str:
    """A UCUM unit for people: "mg.h/L" → "mg·h/L", "umol/L" → "µmol/L"; nothing for numbers without unit."""
    if unit in _UNITS:
        return _UNITS[unit]
    text = unit.replace("[iU]", "IU").replace("mm[Hg]", "mmHg")
    text = text.replace("{1.73_m2}", "1,73 m²").replace(".", "·").replace("1,73", "1.73")
    text = (
        text.replace("m2", "m²")
        .replace("10*9", "10⁹")
        .replace("10*12", "10¹²")
        .replace("10*6", "10⁶")
        .replace("10*3", "10³")
    )
    return "·".join("/".join(_micro(part) for part in factor.split("/")) for factor in text.split("·"))


def _micro(part: str) -> str:
    return f"µ{part[1:]}" if part in ("ug", "umol", "uL", "u[IU]") else part
