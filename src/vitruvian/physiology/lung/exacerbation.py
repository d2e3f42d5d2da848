"""Exacerbations of COPD and asthma, mechanistic: infection and exposure → inflammation → obstruction → burden.

An infection grows and is cleared by a response; it and exposure (dirty or cold air, allergens) drive inflammation,
which keeps itself up while it is strong and fades, faster under systemic corticosteroids; obstruction follows it. What
a person feels is a burden of both; an exacerbation begins on the first of two days on which it passes that person's
threshold. The numbers are those of `numbers()`. Nothing is fitted to patients: what is trained on it is judged on it
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import InputError
from vitruvian.physiology.lung.numbers import Disease, values_of

STEPS = 4
"""Steps of the equations in a day."""
YEAR = 365.0
PLACE = 25
"""People who live in one place, whose air they share."""
NEXT = 14
"""Days that must pass without one before a new exacerbation is counted."""
_GONE = 3.0
"""Times the seed of an infection below which a shrinking load is gone."""
_OVER = 0.4
"""Share of the threshold below which an exacerbation is over."""

Days = Float[np.ndarray, "days people"]


@dataclass(frozen=True)
class Courses:
    """What happens in the airways of people, day by day; none of it is measured by a device.

    `infection` is the load (0–1), `inflammation` and `exposure` are above usual, `obstruction` is the share of flow
    lost, `burden` is what is felt in units of what people call an exacerbation. `onset` marks first days of
    exacerbations, `ill` all their days, `treated` those with systemic corticosteroids; `threshold` is a person's own.
    """

    disease: Disease
    infection: Days
    exposure: Days
    inflammation: Days
    obstruction: Days
    burden: Days
    onset: Bool[np.ndarray, "days people"]
    ill: Bool[np.ndarray, "days people"]
    treated: Bool[np.ndarray, "days people"]
    threshold: Float[np.ndarray, " people"]


def airway_courses(people: int, days: int, seed: int, disease: Disease = "copd", start_day: int = 0) -> Courses:
    """Courses of so many people over so many days, the first being day `start_day` of the year (0 is mid-winter).

    Raises `InputError` unless there are people and days, `UnknownNameError` for another disease.
    """
    if people < 1 or days < 1:
        raise InputError("a simulation needs people and days", got=f"{people} people, {days} days")
    number, random = values_of(disease), np.random.default_rng([seed, 1])
    infected = _infections(number, random, people, days, start_day)
    exposure = _exposure(number, random, people, days, start_day)
    felt = number["perception"] * lasting(random, number["perception_memory"], people, days)
    state = _State.healthy(number, random, people)
    rows = [state.day(infected[k], exposure[k], felt[k]) for k in range(days)]
    names = ("infection", "inflammation", "obstruction", "burden", "onset", "ill", "treated")
    found = dict(zip(names, (np.array(one) for one in zip(*rows, strict=True)), strict=True))
    found["onset"] = np.roll(found["onset"], -1, axis=0)  # found on its second day, and the first day never is one
    found["ill"] |= found["onset"]
    return Courses(disease=disease, exposure=exposure, threshold=state.threshold, **found)


def _infections(
    number: Mapping[str, float], random: np.random.Generator, people: int, days: int, start_day: int
) -> Days:
    """Inflammation that an infection which begins on the day will cause (its virulence), else 0."""
    own = number["infections"] / YEAR * np.exp(number["infection_spread"] * random.standard_normal(people))
    season = 1 + number["winter"] * np.cos(2 * np.pi * (np.arange(days) + start_day) / YEAR)
    begins = random.random((days, people)) < own * season[:, None]
    return begins * np.exp(number["virulence_spread"] * random.standard_normal((days, people)))


def _exposure(number: Mapping[str, float], random: np.random.Generator, people: int, days: int, start_day: int) -> Days:
    """Standard deviations above usual: half of it is the air of the place, half the person's own day."""
    memory = number["exposure_memory"]
    shared = lasting(random, memory, people // PLACE + 1, days)[:, np.arange(people) // PLACE]
    season = 0.5 * np.cos(2 * np.pi * (np.arange(days) + start_day) / YEAR)[:, None]
    return np.sqrt(0.5) * (shared + lasting(random, memory, people, days)) + season


def lasting(random: np.random.Generator, memory: float, people: int, days: int) -> Days:
    """Noise of standard deviation 1 of which `memory` is left on the next day."""
    fresh = random.standard_normal((days, people))
    for k in range(1, days):
        fresh[k] = memory * fresh[k - 1] + np.sqrt(1 - memory**2) * fresh[k]
    return fresh


@dataclass
class _State:
    """Where everybody's airways are now."""

    number: Mapping[str, float]
    random: np.random.Generator
    susceptibility: Float[np.ndarray, " people"]
    threshold: Float[np.ndarray, " people"]
    load: Float[np.ndarray, " people"]
    response: Float[np.ndarray, " people"]
    virulence: Float[np.ndarray, " people"]
    inflammation: Float[np.ndarray, " people"]
    obstruction: Float[np.ndarray, " people"]
    yesterday: Bool[np.ndarray, " people"]
    ill: Bool[np.ndarray, " people"]
    since: Float[np.ndarray, " people"]
    """Days since the last exacerbation was over."""
    treat_in: Float[np.ndarray, " people"]
    """Days until treatment begins (inf: none is coming); below 0 it has begun."""

    @classmethod
    def healthy(cls, number: Mapping[str, float], random: np.random.Generator, people: int) -> _State:
        """Nobody is infected or ill; people differ in susceptibility and in what they call an exacerbation."""
        spread = number["susceptibility"]
        susceptibility = np.exp(spread * random.standard_normal(people) - spread**2 / 2)
        threshold = number["threshold"] * np.exp(number["threshold_spread"] * random.standard_normal(people))
        zero, no = np.zeros(people), np.zeros(people, dtype=bool)
        late = np.full(people, np.inf)
        return cls(number, random, susceptibility, threshold, zero, zero, zero, zero, zero, no, no, late, late)

    def day(self, infected: np.ndarray, exposure: np.ndarray, felt: np.ndarray) -> tuple[np.ndarray, ...]:
        """One day on: what it was like."""
        begins = infected > 0
        self.load = np.where(begins, np.maximum(self.load, self.number["seed"]), self.load)
        self.virulence = np.where(begins, infected, self.virulence)
        treated = (self.treat_in <= 0) & (self.treat_in > -self.number["treatment_days"])
        for _ in range(STEPS):
            self._step(exposure, treated)
        self.treat_in = self.treat_in - 1
        burden = np.maximum(self.inflammation + 2 * self.obstruction + felt, 0)
        onset = self._onset(burden)
        return self.load, self.inflammation, self.obstruction, burden, onset, self.ill, treated

    def _step(self, exposure: np.ndarray, treated: np.ndarray) -> None:
        number, dt = self.number, 1 / STEPS
        growth = number["growth"] * (1 - self.load) - number["clearance"] * self.response
        response = number["response"] * self.load * (1 - self.response) - self.response / number["response_time"]
        cause = number["inflammation"] * self.virulence * self.load + number["exposure"] * np.maximum(exposure - 1, 0)
        squared = self.inflammation**2
        fading = 1 / number["inflammation_time"] + number["steroid"] * treated
        change = self.susceptibility * cause + number["amplification"] * squared / (1 + squared)
        target = number["obstruction"] * self.inflammation / (1 + self.inflammation)
        gone = (growth < 0) & (self.load < _GONE * number["seed"])
        self.load = np.where(gone, 0.0, self.load * np.exp(growth * dt))
        self.response = self.response + dt * response
        self.inflammation = self.inflammation + dt * (change - fading * self.inflammation)
        self.obstruction = self.obstruction + dt * (target - self.obstruction) / number["obstruction_time"]

    def _onset(self, burden: np.ndarray) -> np.ndarray:
        """Who is ill for the second day running without having been so lately; that begins today."""
        above = burden >= self.threshold
        onset = above & self.yesterday & ~self.ill & (self.since >= NEXT)
        over = self.ill & (burden < _OVER * self.threshold)
        self.since = np.where(over, 0.0, self.since + 1)
        self.ill = (self.ill & ~over) | onset
        self.yesterday = above
        ever = self.random.random(len(burden)) < self.number["treated"]
        delay = self.random.exponential(self.number["treatment_delay"], len(burden))
        self.treat_in = np.where(onset, np.where(ever, delay, np.inf), self.treat_in)
        return onset
