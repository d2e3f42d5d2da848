"""What may act on a circulation from outside, as ports with units: bleeding, fluids, posture, work, drugs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError, UnknownNameError
from vitruvian.model import Port

PORTS = (
    Port("bleeding", "mL/s", 0.0, "whole blood lost"),
    Port("crystalloid", "mL/s", 0.0, "Ringer's solution or saline given"),
    Port("colloid", "mL/s", 0.0, "albumin or another colloid given"),
    Port("red_cells", "mL/s", 0.0, "packed red cells given"),
    Port("diuresis", "mL/s", 0.0, "urine beyond the usual"),
    Port("tilt", "deg", 0.0, "head-up tilt, 0 lying to 90 standing"),
    Port("work", "W", 0.0, "power on a cycle"),
    Port("resistance", "1", 1.0, "factor of systemic resistance"),
    Port("pulmonary_resistance", "1", 1.0, "factor of pulmonary resistance"),
    Port("contractility", "1", 1.0, "factor of the ventricles' elastance"),
    Port("veins", "mL", 0.0, "added to the unstressed volume of the veins"),
    Port("heart_rate", "1", 1.0, "factor of the heart rate that reflexes ask for"),
    Port("reflex", "1", 1.0, "factor of the baroreflex: 0 none, 1 whole"),
    Port("sympathetic", "1", 1.0, "factor of what sympathetic nerves do to the heart"),
)
"""`resistance` and the other factors are 1 where nothing acts."""

_LARGEST = {"tilt": (-90.0, 90.0), "work": (0.0, 400.0), "reflex": (0.0, 2.0), "veins": (-3000.0, 3000.0)}
Course = tuple[Any, Any]
"""Times in s, rising, and values at them; straight between them, constant outside."""


def sampled(acting: Mapping[str, float | Course], moments: Float[np.ndarray, M]) -> dict[str, Float[np.ndarray, M]]:
    """Every port's value at each moment, its default where nothing acts.

    Raises `UnknownNameError` for a port that is not there, `InputError` for values outside what it takes.
    """
    known = {port.name: port for port in PORTS}
    for name in acting:
        if name not in known:
            raise UnknownNameError("the circulation has no such port", got=name, allowed=", ".join(known))
    found = {}
    for name, port in known.items():
        course = acting.get(name, port.default)
        values = _along(name, course, moments) if isinstance(course, tuple) else np.full(len(moments), course)
        low, high = _LARGEST.get(name, (0.0, 1e3))
        if not (np.isfinite(values) & (values >= low) & (values <= high)).all():
            raise InputError(f"{name} is out of range", got=_span(values), allowed=f"{low:g} to {high:g} {port.unit}")
        found[name] = values.astype(float)
    return found


def _along(name: str, course: Any, moments: Float[np.ndarray, M]) -> Float[np.ndarray, M]:
    times, values = (np.asarray(part, float) for part in course)
    if times.shape != values.shape or times.ndim != 1 or (np.diff(times) < 0).any():
        raise InputError(f"{name} needs as many rising times as values", got=f"{times.shape}, {values.shape}")
    return np.interp(moments, times, values)


def _span(values: Any) -> str:
    return f"{np.nanmin(values):g} to {np.nanmax(values):g}" if np.isfinite(values).any() else "no number"


def pulse(start: float, end: float, value: float, rest: float = 0.0) -> Course:
    """`value` between `start` and `end` (s), `rest` before and after."""
    edge = 1e-3
    times = np.array([start, start + edge, end - edge, end])
    return times, np.array([rest, value, value, rest])
