"""One check for a person's number: finite, and inside what a living human can have."""

from __future__ import annotations

import math

from vitruvian.core import DataError


def within(name: str, value: float, unit: str, low: float, high: float, todo: str) -> float:
    """Return `value` as a float; raise DataError where it is not finite or lies outside [low, high]."""
    number = float(value)
    if not math.isfinite(number) or not low <= number <= high:
        raise DataError(
            f"{name} is not a plausible value",
            got=f"{value} {unit}",
            allowed=f"{low:g} to {high:g} {unit}",
            todo=todo,
        )
    return number


def adult(name: str, age_y: float, low: float, use_instead: str) -> float:
    """Return the age in years; raise DataError for a child, naming what to use instead."""
    age = within("age", age_y, "years", 0.0, 125.0, "Give the age in years.")
    if age < low:
        raise DataError(
            f"{name} holds for adults only",
            got=f"age {age:g} years",
            allowed=f"{low:g} years and older",
            todo=use_instead,
        )
    return age
