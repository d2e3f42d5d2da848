"""What devices and a diary show of airways, day by day: usual values of each person, noise, strains, missing days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.physiology.lung.exacerbation import YEAR, Courses, lasting
from vitruvian.physiology.lung.numbers import values_of


@dataclass(frozen=True)
class Sign:
    """One daily measurement: its name (a signal of `tables/signals` where there is one), unit, plausible range."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    diary: bool = False


SIGNS = (
    Sign("resting_heart_rate", "Heart rate at rest", "/min", 20, 150),
    Sign("hrv_rmssd", "Heart rate variability (RMSSD)", "ms", 0, 500),
    Sign("oxygen_saturation", "Oxygen saturation", "%", 40, 100),
    Sign("respiratory_rate", "Respiratory rate", "/min", 2, 80),
    Sign("steps", "Steps", "1", 0, 100_000),
    Sign("sleep", "Minutes asleep", "min", 0, 1440),
    Sign("symptoms", "Symptoms worse than usual", "1", 0, 10, diary=True),
    Sign("reliever", "Puffs of a reliever", "1", 0, 60, diary=True),
)
_LOGARITHMIC = {"hrv_rmssd", "steps"}
_STRAINED = {"resting_heart_rate": 1.0, "hrv_rmssd": -1.0, "sleep": -1.0, "respiratory_rate": 0.4, "steps": -0.3}
"""How a strain of one standard deviation moves a sign, in its own standard deviations (an assumption)."""
_COLD = {"resting_heart_rate": "fever", "symptoms": "cold", "sleep": "cold_sleep"}
"""The number by which a whole cold moves a sign."""
_WEEKEND = -0.1
"""Logarithm of steps on the two last days of a week (an assumption)."""

Values = Float[np.ndarray, "days people"]


def daily_signs(courses: Courses, seed: int) -> Float[np.ndarray, "people days signs"]:
    """Each sign of each person and day, in the order and units of `SIGNS`; NaN where it is missing."""
    number, random = values_of(courses.disease), np.random.default_rng([seed, 2])
    strain = _strains(number, random, courses)
    measured = [_measured(one, number, random, courses, strain) for one in SIGNS if not one.diary]
    counted = [_counted(one, number, random, courses) for one in SIGNS if one.diary]
    values = np.stack([*measured, *counted], axis=-1)
    values[_missing(number, random, courses)] = np.nan
    return np.ascontiguousarray(values.transpose(1, 0, 2))


def _measured(
    sign: Sign, number: Mapping[str, float], random: np.random.Generator, courses: Courses, strain: Values
) -> Values:
    days, people = courses.burden.shape
    spread = number[f"{sign.name}_noise"]
    own = number[sign.name] + number[f"{sign.name}_spread"] * random.standard_normal(people)
    noise = lasting(random, number["noise_memory"], people, days)
    drift = number["drift"] * np.cumsum(random.standard_normal((days, people)), axis=0)
    moved = noise + drift + _STRAINED.get(sign.name, 0.0) * strain
    values = own + spread * moved + number[f"{sign.name}_burden"] * courses.burden
    if sign.name in _COLD:
        values = values + number[_COLD[sign.name]] * _cold(number, courses)
    if sign.name == "steps":
        values = values + _WEEKEND * (np.arange(days) % 7 >= 5)[:, None]
    values = np.exp(values) if sign.name in _LOGARITHMIC else values
    if sign.name == "oxygen_saturation":
        values = 100 - np.abs(100 - values)
    return np.clip(values, sign.low, sign.high)


def _cold(number: Mapping[str, float], courses: Courses) -> Values:
    """How much of a cold is felt, 0 to 1."""
    return courses.infection / (courses.infection + number["cold_load"])


def _counted(sign: Sign, number: Mapping[str, float], random: np.random.Generator, courses: Courses) -> Values:
    """Counts of a diary; people differ in what they write down."""
    own = np.exp(0.5 * random.standard_normal(courses.burden.shape[1]))
    mean = number[sign.name] * own + number[f"{sign.name}_burden"] * courses.burden
    if sign.name in _COLD:
        mean = mean + number[_COLD[sign.name]] * _cold(number, courses)
    return np.minimum(random.poisson(mean), sign.high).astype(float)


def _strains(number: Mapping[str, float], random: np.random.Generator, courses: Courses) -> Values:
    """Strains that are no illness of the airway, in standard deviations of the signs that they move."""
    days, people = courses.burden.shape
    begins: np.ndarray = random.random((days, people)) < number["strain"] / YEAR
    size = number["strain_size"] * random.exponential(1.0, (days, people))
    left = np.exp(-1 / number["strain_days"])
    strain = np.where(begins, size, 0.0)
    for k in range(1, days):
        strain[k] += left * strain[k - 1]
    return strain


def _missing(
    number: Mapping[str, float], random: np.random.Generator, courses: Courses
) -> Bool[np.ndarray, "days people signs"]:
    """No device, not worn, no reading, no diary, no entry; more of it while a person feels ill."""
    days, people = courses.burden.shape
    diary = np.array([one.diary for one in SIGNS])
    never: np.ndarray = random.random((people, len(SIGNS))) < np.where(diary, 0.0, number["without_device"])
    never |= (random.random((people, 1)) < number["without_diary"]) & diary
    ill = number["ill_missing"] * np.minimum(courses.burden, 2)[..., None]
    single = np.where(diary, number["no_entry"], number["no_reading"]) + ill
    entry = random.random((days, people, 1)), random.random((days, people, len(SIGNS)))
    missing: np.ndarray = np.where(diary, entry[0], entry[1]) < single
    return missing | never | (_unworn(number, random, days, people)[..., None] & ~diary)


def _unworn(number: Mapping[str, float], random: np.random.Generator, days: int, people: int) -> np.ndarray:
    """Days on which the wearable is not worn at all: they come in runs."""
    chance = random.random((days, people))
    worn = np.ones((days, people), dtype=bool)
    for k in range(1, days):
        worn[k] = np.where(worn[k - 1], chance[k] >= number["off"], chance[k] < number["on"])
    return ~worn
