"""Made-up people's signals for the monitor's tests: clean ones, and faults put into them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

START = 1_700_006_400_000  # a midnight, UTC
DAY = 86_400_000


@dataclass(frozen=True)
class Signal:
    """Times (ms) and values of one signal."""

    name: str
    at: np.ndarray
    value: np.ndarray

    def __iter__(self):
        return iter(zip(self.at.tolist(), self.value.tolist(), strict=True))

    def from_(self, day: float) -> Signal:
        keep = self.at >= START + day * DAY
        return replace(self, at=self.at[keep], value=self.value[keep])

    def until(self, day: float) -> Signal:
        keep = self.at < START + day * DAY
        return replace(self, at=self.at[keep], value=self.value[keep])

    def shifted(self, day: float, by: float, minutes: float = 1e9) -> Signal:
        """Another level from a day on, for some minutes."""
        begin = START + day * DAY
        here = (self.at >= begin) & (self.at < begin + 60_000 * minutes)
        return replace(self, value=np.where(here, self.value + by, self.value))

    def drifting(self, day: float, per_hour: float) -> Signal:
        hours = np.maximum(self.at - (START + day * DAY), 0) / 3_600_000
        return replace(self, value=self.value + per_hour * hours)

    def silent(self, day: float, minutes: float) -> Signal:
        begin = START + day * DAY
        keep = (self.at < begin) | (self.at >= begin + 60_000 * minutes)
        return replace(self, at=self.at[keep], value=self.value[keep])

    def stuck(self, day: float) -> Signal:
        here = self.at >= START + day * DAY
        return replace(self, value=np.where(here, self.value[np.argmax(here)], self.value))

    def spikes(self, seed: int, share: float, to: float, day: float) -> Signal:
        chance = np.random.default_rng(seed)
        here = (chance.random(len(self.at)) < share) & (self.at >= START + day * DAY)
        return replace(self, value=np.where(here, to, self.value))


def heart_rate(seed: int, days: float, every_s: float = 60.0) -> Signal:
    """Sleep low, day higher, deviations that fade within half an hour, now and then a walk."""
    chance = np.random.default_rng(seed)
    at = START + np.arange(0, days * DAY, 1000 * every_s).astype(np.int64)
    hour = (at % DAY) / 3_600_000
    level = chance.uniform(62, 78) + 9 * np.sin((hour - 9) / 24 * 2 * np.pi)
    walks = np.zeros(len(at))
    per_day = round(DAY / (1000 * every_s))
    for day in range(int(np.ceil(days))):
        for hour_of in chance.uniform(8, 20, 3):
            first = day * per_day + int(hour_of / 24 * per_day)
            walks[first : first + per_day // 48] += chance.uniform(10, 25)
    return Signal("heart_rate", at, np.round(level + walks + _fading(chance, len(at), 4.0, 1800, every_s)))


def glucose(seed: int, days: float) -> Signal:
    """Three meals a day, each answered; a sensor's noise."""
    chance = np.random.default_rng(seed)
    at = START + np.arange(0, days * DAY, 300_000).astype(np.int64)
    value = np.full(len(at), chance.uniform(105, 120))
    minutes = 5.0 * np.arange(len(at))
    for day in range(int(np.ceil(days))):
        for hour, size in ((7.5, 45), (12.5, 55), (19, 60)):
            since = minutes - (1440 * day + 60 * hour + chance.normal(0, 30))
            bump = np.where(since > 0, since / 45 * np.exp(1 - since / 45), 0)
            value += size * chance.lognormal(0, 0.25) * bump
    return Signal("glucose", at, np.round(np.clip(value + _fading(chance, len(at), 7.0, 3600, 300), 62, 245)))


def saturation(seed: int, days: float, every_s: float = 60.0) -> Signal:
    chance = np.random.default_rng(seed)
    at = START + np.arange(0, days * DAY, 1000 * every_s).astype(np.int64)
    return Signal("oxygen_saturation", at, np.clip(np.round(97 + _fading(chance, len(at), 0.8, 900, every_s)), 93, 100))


def _fading(chance: np.random.Generator, count: int, sd: float, fades_s: float, every_s: float) -> np.ndarray:
    from scipy.signal import lfilter

    keep = np.exp(-every_s / fades_s)
    return lfilter([sd * np.sqrt(1 - keep**2)], [1, -keep], chance.standard_normal(count))
