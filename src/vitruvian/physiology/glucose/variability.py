"""Days of virtual people: meals and what is told of them, activity, sensitivity and absorption that change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from vitruvian.core import Source

DAY = 1440
PROFILES = Source(
    "Visentin R, et al. Circadian variability of insulin sensitivity. Diabetes Technol Ther 2015;17:1 (as an open "
    "re-implementation sets it); the other spreads are chosen by this project",
    doi="10.1089/dia.2014.0192",
    status="one transcription",
)
# meal: usual minute, SD of the minute, share of the day's carbohydrates, chance of being eaten
_MEALS = ((450, 20, 0.22, 1.0), (750, 25, 0.34, 1.0), (960, 30, 0.08, 0.5), (1140, 30, 0.36, 1.0))
USUAL, MOST = 4.0, 200.0
"""Carbohydrates of a day: g/kg, and the most, g."""
_PROFILE = ((0, 1.0), (240, 0.8), (660, 0.9), (1020, 1.0), (DAY, 1.0))
"""Sensitivity by minute of the day: lowest at dawn."""


class Days(NamedTuple):
    """Each (minutes, n); what the closed loop's plan is made of."""

    eaten: Float[np.ndarray, "m n"]
    """g/min."""
    announced: Float[np.ndarray, "m n"]
    """Grams that the person tells, at the minute the meal begins."""
    activity: Float[np.ndarray, "m n"]
    """Minutes of activity that are told."""
    heart_rate: Float[np.ndarray, "m n"]
    """Above rest, 1/min."""
    sensitivity: Float[np.ndarray, "m n"]
    absorption: Float[np.ndarray, "m n"]


@dataclass(frozen=True)
class Variability:
    """How much days differ; coefficients of variation of log-normal factors, shares, times in minutes."""

    sensitivity: float = 0.15
    """From day to day."""
    absorption: float = 0.20
    """From meal to meal."""
    meal_size: float = 0.25
    counting: float = 0.30
    """Carbohydrates are told with an error that is uniform within ± this share."""
    missed: float = 0.03
    """Share of meals that are not told at all."""
    dawn: bool = True
    exercise_days: float = 3.0 / 7.0
    exercise_minutes: int = 45
    exercise_heart_rate: float = 60.0
    exercise_gain: float = 0.6
    """By which activity raises sensitivity while it lasts."""
    exercise_tail: float = 0.2
    """What of the gain is left right after it, fading over `tail_minutes`."""
    tail_minutes: float = 360.0
    warning: int = 45
    """Minutes before activity at which it is told."""
    eating: float = 5.0
    """g/min."""


NONE = Variability(0.0, 0.0, 0.0, 0.0, 0.0, False, 0.0)
"""Every day like the other."""


def days_of(weight: Float[np.ndarray, " n"], days: int, seed: int, how: Variability | None = None) -> Days:
    """`days` whole days of people of this weight (kg), from midnight, the same for the same seed."""
    how = how or Variability()
    random = np.random.default_rng([seed, days])
    n, minutes = len(weight), days * DAY
    none = np.zeros((minutes, n))
    out = Days(none, none.copy(), none.copy(), none.copy(), none + 1.0, none + 1.0)
    usual = np.minimum(USUAL * weight, MOST)
    for day in range(days):
        today = slice(day * DAY, (day + 1) * DAY)
        out.sensitivity[today] *= _profile(how)[:, None] * _factor(random, how.sensitivity, n)
        for usually, sd, share, chance in _MEALS:
            _eat(out, random, how, (day * DAY, usually, sd, share, chance), usual)
        _move(out, random, how, day * DAY)
    return out


def _profile(how: Variability) -> Float[np.ndarray, " minutes"]:
    at, factor = zip(*_PROFILE, strict=True)
    return np.interp(np.arange(DAY), at, factor) if how.dawn else np.ones(DAY)


def _factor(random: np.random.Generator, cv: float, n: int) -> Float[np.ndarray, " n"]:
    sd = np.sqrt(np.log1p(cv**2))
    return np.exp(sd * random.standard_normal(n) - sd**2 / 2)


def _eat(
    out: Days, random: np.random.Generator, how: Variability, meal: tuple[int, int, int, float, float],
    usual: Float[np.ndarray, " n"],
) -> None:  # fmt: skip
    """One meal of the day for everybody, told as the person counts it."""
    midnight, usually, sd, share, chance = meal
    n = len(usual)
    varies = how.meal_size > 0
    begins = midnight + np.clip(usually + varies * sd * random.standard_normal(n), 300, 1380).astype(np.int64)
    grams = np.round(share * usual * _factor(random, how.meal_size, n), 1)
    grams = np.where(random.random(n) < chance, grams, 0.0)
    told = np.round(grams * (1 + how.counting * random.uniform(-1, 1, n)))
    told = np.where(random.random(n) < how.missed, 0.0, told)
    absorption = _factor(random, how.absorption, n)
    for person in np.flatnonzero(grams):
        out.announced[begins[person], person] += told[person]
        out.absorption[begins[person] :, person] = absorption[person]
        at, left = begins[person], grams[person]
        while left > 0 and at < len(out.eaten):
            out.eaten[at, person] += min(left, how.eating)
            at, left = at + 1, left - how.eating


def _move(out: Days, random: np.random.Generator, how: Variability, midnight: int) -> None:
    """Activity in the late afternoon on some days, which raises sensitivity and fades."""
    n, end = out.eaten.shape[1], len(out.eaten)
    moves = random.random(n) < how.exercise_days
    begins = midnight + np.atleast_1d(random.integers(990, 1080, n))
    for person in np.flatnonzero(moves):
        start, stop = begins[person], min(begins[person] + how.exercise_minutes, end)
        out.activity[start - how.warning, person] += how.exercise_minutes
        out.heart_rate[start:stop, person] = how.exercise_heart_rate
        out.sensitivity[start:stop, person] *= 1 + how.exercise_gain
        tail = np.arange(end - stop)
        out.sensitivity[stop:, person] *= 1 + how.exercise_gain * how.exercise_tail * np.exp(-tail / how.tail_minutes)
