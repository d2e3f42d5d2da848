"""What is usual for one person: level and spread by time of day, their state space, and each detector's limit.

Limits begin at the published ones and are raised until the person's own past gives no more than `TARGET` alerts a day
of each kind; the rate is then estimated on later days that had no part in this (see `past`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.learn.anomaly import LEAST, Rhythm, State, learned_rhythm, peaks
from vitruvian.tables.signals import signals
from vitruvian.twin.monitor.alert import Span
from vitruvian.twin.monitor.rates import Rate
from vitruvian.twin.monitor.rules import Rule

PARTS = 8
"""Parts of the day that may have a level of their own."""
PERSIST = 3
"""Windows in a row (of a forecast: of the last five) that must be unusual."""
LOOK = 5
MODIFIED_Z = 3.5
TARGET = 0.1
"""Alerts a day and kind that the limits are raised to."""
ENOUGH = 60
"""Windows from which a baseline is made at all."""
_SPREAD = 1.4826
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_PART_MS = _DAY_MS // PARTS
_RARE = 0.99
_STEPS = 40
_GROWTH = 1.1
_APART = 10


@dataclass(frozen=True)
class Usual:
    """Learned from a person's windows of one signal.

    `level` and `spread` by part of the local day (robust SD), `rhythm` (the state space that forecasts), `z_limit` and
    `sum_limit` in robust SDs, `band_limit` in SDs of a forecast, the longest usual silence, the usual time between
    samples. `by_time` where parts of the day have levels of their own.
    """

    level: tuple[float, ...]
    spread: tuple[float, ...]
    by_time: bool
    rhythm: Rhythm
    z_limit: float
    sum_limit: float
    band_limit: float
    silence_ms: int
    step_ms: int
    offset_min: int
    windows: int
    days: float
    possible: tuple[float, float] = (-np.inf, np.inf)
    """Values that a living person may have."""
    rate: Rate | None = None

    def part(self, at: int) -> int:
        """The part of the local day of a moment."""
        return (at + 60_000 * self.offset_min) % _DAY_MS // _PART_MS

    def z(self, at: int, value: float) -> float:
        """How far a value is from usual, in robust SDs."""
        part = self.part(at)
        return (value - self.level[part]) / self.spread[part]

    def band(self, at: int) -> Span:
        """What is usual at a moment."""
        part = self.part(at)
        middle, half = self.level[part], self.z_limit * self.spread[part]
        return self._span(middle, half)

    def after(self, state: State | None, at: int, value: float) -> State:
        """The person's state after a window."""
        hours = self._hours(at)
        return self.rhythm.after(state or self.rhythm.start(hours), hours, value)[0]

    def forecast(self, at: int, state: State) -> Span:
        """What is expected of a moment from the state before it."""
        found = self.rhythm.expected(state, self._hours(at))
        return self._span(found.mean, self.band_limit * found.sd)

    def _hours(self, at: int) -> float:
        return (at + 60_000 * self.offset_min) / _HOUR_MS

    def _span(self, middle: float, half: float) -> Span:
        low, high = self.possible
        return Span(max(middle - half, low), min(max(middle, low), high), min(middle + half, high))


def learned(
    rule: Rule, at: Int[np.ndarray, N], value: Float[np.ndarray, N], offset_min: int, gaps: Int[np.ndarray, M]
) -> Usual | None:
    """What is usual from N windows (their times in ms, in order, and medians) and the gaps between samples (ms).

    None where there are fewer than `ENOUGH`.
    """
    if len(at) < ENOUGH:
        return None
    parts = (at + 60_000 * offset_min) % _DAY_MS // _PART_MS
    level, spread, by_time = _by_part(rule, at, value, parts)
    z = (value - level[parts]) / spread[parts]
    days = max(float(at[-1] - at[0]) / _DAY_MS, 1e-3)
    allowed = int(TARGET * days)
    hours = (at + 60_000 * offset_min) / _HOUR_MS
    rhythm = learned_rhythm(hours, value, rule.grain / 2.0)
    residual = _missed(rhythm, hours, value, rule.ahead)
    usual = Usual(
        tuple(level.tolist()), tuple(spread.tolist()), by_time, rhythm, MODIFIED_Z, LEAST, 1.0,
        _longest_silence(rule, gaps, days), int(np.median(gaps)) if len(gaps) else 0, offset_min, len(at), days,
        (signals()[rule.signal].low, signals()[rule.signal].high),
    )  # fmt: skip
    lasting = _lasting(z)
    strange = _strange(residual)
    tops = peaks(z)
    return replace(
        usual,
        z_limit=_raised(MODIFIED_Z, lambda limit: lasting > limit, allowed),
        sum_limit=max(LEAST, _GROWTH * float(tops[allowed]) if len(tops) > allowed else 0.0),
        band_limit=_raised(_quantile(np.abs(residual)), lambda limit: strange > limit, allowed),
    )


def _by_part(
    rule: Rule, at: Int[np.ndarray, N], value: Float[np.ndarray, N], parts: Int[np.ndarray, N]
) -> tuple[Float[np.ndarray, P], Float[np.ndarray, P], bool]:
    """Median and robust SD by part of the day; of the whole day where a part was not seen on three days."""
    middle, wide = _robust(rule, value)
    level, spread = np.full(PARTS, middle), np.full(PARTS, wide)
    own = 0
    for part in range(PARTS):
        here = parts == part
        if here.sum() >= ENOUGH // 2 and len(np.unique(at[here] // _DAY_MS)) >= 3:
            level[part], spread[part] = _robust(rule, value[here])
            own += 1
    return level, spread, own > 0


def _robust(rule: Rule, value: Float[np.ndarray, N]) -> tuple[float, float]:
    middle = float(np.median(value))
    return middle, max(_SPREAD * float(np.median(np.abs(value - middle))), rule.grain)


def _missed(rhythm: Rhythm, hours: Float[np.ndarray, N], value: Float[np.ndarray, N], ahead: int) -> np.ndarray:
    """How far each window was from its forecast `ahead` windows before, in SDs of the forecast."""
    state, states = rhythm.start(float(hours[0])), []
    for at, one in zip(hours.tolist(), value.tolist(), strict=True):
        state = rhythm.after(state, at, one)[0]
        states.append(state)
    told = [rhythm.expected(before, at) for before, at in zip(states, hours[ahead:].tolist(), strict=False)]
    return np.array([(one - was.mean) / was.sd for one, was in zip(value[ahead:].tolist(), told, strict=True)])


def _lasting(z: Float[np.ndarray, N]) -> Float[np.ndarray, M]:
    """How far at least `PERSIST` windows in a row are on the same side."""
    rows = np.lib.stride_tricks.sliding_window_view(z, PERSIST)
    return np.maximum(rows.min(axis=1), -rows.max(axis=1))


def _strange(residual: Float[np.ndarray, N]) -> Float[np.ndarray, M]:
    """How far most of the last `LOOK` windows are from their forecasts."""
    if len(residual) < LOOK:
        return np.zeros(0)
    return np.median(np.lib.stride_tricks.sliding_window_view(np.abs(residual), LOOK), axis=1)


def _quantile(residual: Float[np.ndarray, N]) -> float:
    """The conformal quantile: the ceil((n + 1) q)-th of n in order."""
    ordered = np.sort(residual)
    return max(float(ordered[min(int(np.ceil((len(ordered) + 1) * _RARE)), len(ordered)) - 1]), 1.0)


def _raised(least: float, beyond: Callable[[float], Bool[np.ndarray, N]], allowed: int) -> float:
    """The least limit, raised until no more episodes than allowed are beyond it."""
    limit = least
    for _ in range(_STEPS):
        if _episodes(beyond(limit)) <= allowed:
            return limit
        limit *= _GROWTH
    return limit


def _episodes(beyond: Bool[np.ndarray, N]) -> int:
    """Times beyond, those less than `_APART` windows apart counted once."""
    places = np.flatnonzero(beyond)
    return int(len(places) > 0) + int((np.diff(places) > _APART).sum())


def _longest_silence(rule: Rule, gaps: Int[np.ndarray, M], days: float) -> int:
    """A silence that the past exceeds no more often than `TARGET` a day (at least three samples, and the rule's)."""
    least = round(1000 * rule.silence_s)
    if not len(gaps):
        return least
    ordered = np.sort(gaps)[::-1]
    allowed = min(int(TARGET * days), len(ordered) - 1)
    return max(least, 3 * int(np.median(gaps)), round(1.2 * int(ordered[allowed])))
