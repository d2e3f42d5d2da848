"""Made-up people for the glucose reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from vitruvian.twin.answer import Message
from vitruvian.twin.glucose import Evidence

_HOURS = np.arange(288) / 12


def person(days: int = 15, *, every: int = 3, **more: Any) -> Evidence:
    """A sensor that reads each `every` steps, three meals with a bolus each, a night injection, a walk at 17:00.

    2 March 2026 is a Monday. Glucose swings by 45 mg/dL around 130, higher by 5 mg/dL on each later day.
    """
    t = np.arange(288 * days)
    hour = np.tile(_HOURS, days)
    glucose = 130.0 - 45.0 * np.cos(2 * np.pi * hour / 12.0) + 5.0 * (t // 288)
    glucose[t % every != 0] = np.nan
    carbohydrates, bolus, long_acting = np.zeros((3, len(t)))
    for meal, grams in ((8.0, 45.0), (12.5, 70.0), (19.0, 60.0)):
        carbohydrates[hour == meal] = grams
        bolus[hour == meal] = grams / 10.0
    long_acting[hour == 22.0] = 14.0
    heart_rate = np.where((hour >= 17) & (hour < 18), 120.0, 65.0)
    steps = np.where((hour >= 17) & (hour < 18), 450.0, 5.0)
    made: dict[str, Any] = {
        "person": "person-7",
        "start": datetime(2026, 3, 2, tzinfo=UTC),
        "minute_of_day": 5.0 * (t % 288),
        "glucose": glucose,
        "bolus": bolus,
        "basal": np.zeros(len(t)),
        "long_acting": long_acting,
        "carbohydrates": carbohydrates,
        "speed": np.full(len(t), np.nan),
        "heart_rate": heart_rate,
        "steps": steps,
        "messages": (Message("note", "gaps", "2 gaps in glucose"),),
    }
    return Evidence(**(made | more))
