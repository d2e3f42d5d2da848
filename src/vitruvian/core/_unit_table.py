"""Exact factors of the units that clinical data use most (UCUM), and friendly spellings of them."""

from __future__ import annotations

from fractions import Fraction

# base dimensions: L length (m), M mass (g), T time (s), N amount (mol), I arbitrary international unit,
# S one square metre of indexed body surface (1.73 m2, kept apart so that an indexed rate never becomes absolute)
Dimension = tuple[tuple[str, int], ...]

PREFIXES: dict[str, Fraction] = {
    "": Fraction(1),
    "f": Fraction(1, 10**15),
    "p": Fraction(1, 10**12),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "c": Fraction(1, 100),
    "d": Fraction(1, 10),
    "k": Fraction(1000),
    "M": Fraction(10**6),
}

_PA = {"M": 1, "L": -1, "T": -2}

# metric atoms take prefixes
METRIC: dict[str, tuple[Fraction, dict[str, int]]] = {
    "g": (Fraction(1), {"M": 1}),
    "m": (Fraction(1), {"L": 1}),
    "s": (Fraction(1), {"T": 1}),
    "mol": (Fraction(1), {"N": 1}),
    "eq": (Fraction(1), {"N": 1}),
    "osm": (Fraction(1), {"N": 1}),
    "L": (Fraction(1, 1000), {"L": 3}),
    "l": (Fraction(1, 1000), {"L": 3}),
    "U": (Fraction(1, 60 * 10**6), {"N": 1, "T": -1}),
    "kat": (Fraction(1), {"N": 1, "T": -1}),
    "[iU]": (Fraction(1), {"I": 1}),
    "[IU]": (Fraction(1), {"I": 1}),
    "Pa": (Fraction(1000), _PA),
    "bar": (Fraction(10**8), _PA),
    "m[Hg]": (Fraction("133322.387415") * 1000, _PA),
    "m[H2O]": (Fraction("9806.65") * 1000, _PA),
    "J": (Fraction(1000), {"M": 1, "L": 2, "T": -2}),
    "W": (Fraction(1000), {"M": 1, "L": 2, "T": -3}),
    "cal": (Fraction(4184), {"M": 1, "L": 2, "T": -2}),
    "Hz": (Fraction(1), {"T": -1}),
    "t": (Fraction(10**6), {"M": 1}),
}

PLAIN: dict[str, tuple[Fraction, dict[str, int]]] = {
    "min": (Fraction(60), {"T": 1}),
    "h": (Fraction(3600), {"T": 1}),
    "d": (Fraction(86400), {"T": 1}),
    "wk": (Fraction(604800), {"T": 1}),
    "mo": (Fraction("30.4375") * 86400, {"T": 1}),
    "a": (Fraction("365.25") * 86400, {"T": 1}),
    "%": (Fraction(1, 100), {}),
    "[ppm]": (Fraction(1, 10**6), {}),
    "[ppth]": (Fraction(1, 1000), {}),
    "[lb_av]": (Fraction("453.59237"), {"M": 1}),
    "[oz_av]": (Fraction("28.349523125"), {"M": 1}),
    "[in_i]": (Fraction("0.0254"), {"L": 1}),
    "[ft_i]": (Fraction("0.3048"), {"L": 1}),
    "{1.73_m2}": (Fraction(1), {"S": 1}),
}

# offset scales: kelvin = (value + shift) × factor
TEMPERATURES: dict[str, tuple[Fraction, Fraction]] = {
    "K": (Fraction(0), Fraction(1)),
    "Cel": (Fraction("273.15"), Fraction(1)),
    "[degF]": (Fraction("459.67"), Fraction(5, 9)),
}

# spellings that people and laboratories write → UCUM
FRIENDLY: dict[str, str] = {
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "pound": "[lb_av]",
    "pounds": "[lb_av]",
    "oz": "[oz_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "ft": "[ft_i]",
    "mcg": "ug",
    "µg": "ug",
    "μg": "ug",
    "gram": "g",
    "grams": "g",
    "ml": "mL",
    "dl": "dL",
    "µL": "uL",
    "μL": "uL",
    "ul": "uL",
    "µmol": "umol",
    "μmol": "umol",
    "cc": "mL",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "mins": "min",
    "minute": "min",
    "minutes": "min",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "months": "mo",
    "y": "a",
    "yr": "a",
    "year": "a",
    "years": "a",
    "IU": "[iU]",
    "mEq": "meq",
    "mOsm": "mosm",
    "mmHg": "mm[Hg]",
    "cmH2O": "cm[H2O]",
    "degC": "Cel",
    "°C": "Cel",
    "degF": "[degF]",
    "°F": "[degF]",
    "kcal": "kcal",
    "bpm": "1/min",
    "beats": "1",
    "INR": "{INR}",
    "K": "K",
    "10^3": "10*3",
    "10^6": "10*6",
    "10^9": "10*9",
    "10^12": "10*12",
    "x10^3": "10*3",
    "x10^9": "10*9",
    "m^2": "m2",
    "ratio": "1",
    "pH": "[pH]",
}

# whole expressions whose parts would be read wrongly
WHOLE: dict[str, str] = {
    "K/uL": "10*3/uL",
    "M/uL": "10*6/uL",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m2": "mL/min/{1.73_m2}",
    "mL/min/1.73m^2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m²": "mL/min/{1.73_m2}",
    "mL/min/{1.73m2}": "mL/min/{1.73_m2}",
    "mL/min/{1.73 m2}": "mL/min/{1.73_m2}",
    "mL/min/{1.73_m^2}": "mL/min/{1.73_m2}",
    "ml/min/{1.73_m2}": "mL/min/{1.73_m2}",
    "beats/min": "/min",
}
