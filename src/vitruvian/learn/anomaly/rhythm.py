"""One person's signal as a state: a level that wanders, a daily rhythm, a deviation that fades, and noise.

value(t) = level(t) + rhythm(time of day) + deviation(t) + noise; level a random walk, deviation an Ornstein–Uhlenbeck
process, both in continuous time, so that irregular samples and silences need nothing special (Durbin J, Koopman SJ.
Time Series Analysis by State Space Methods, 2012, ch. 2 and 4). Everything is learned from the person's own past.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError

DAY_H = 24.0
HARMONICS = 2
LEAST = 60
"""Samples from which a state space is learned."""
CLIPPED = 3.5
"""A surprise counts for no more than this many SDs, so that a spike does not drag the level along."""
_DAYS = 3.0
_BLOCKS, _IN_BLOCK = 8, 100
_STEPS = 140


class State(NamedTuple):
    """Level and deviation with their covariance, after the sample at `at` hours."""

    at: float
    level: float
    deviation: float
    v_level: float
    v_both: float
    v_deviation: float


class Forecast(NamedTuple):
    """What is expected of a moment: mean and SD of a sample."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Rhythm:
    """What was learned. SDs in the signal's unit, times in hours.

    `wander`: SD of the level's change in an hour; `spread` and `fades`: SD of deviations and the time after which a
    share 1/e of one is left; `noise`: of a sample; `waves`: cosine and sine at 24 h, 12 h, … from `zero`; `calm`: what
    bands are widened by, so that 95 % of the past lies in those of 95 %.
    """

    level: float
    wander: float
    spread: float
    fades: float
    noise: float
    waves: tuple[float, ...] = ()
    calm: float = 1.0

    def of_day(self, at: float) -> float:
        """The rhythm at `at` hours."""
        angle = 2.0 * math.pi * at / DAY_H
        found = 0.0
        for k in range(len(self.waves) // 2):
            found += self.waves[2 * k] * math.cos((k + 1) * angle) + self.waves[2 * k + 1] * math.sin((k + 1) * angle)
        return found

    def start(self, at: float) -> State:
        """Before the first sample: the level of the past, known as well as a day's wandering leaves it."""
        return State(at, self.level, 0.0, DAY_H * self.wander**2 + self.spread**2, 0.0, self.spread**2)

    def expected(self, state: State, at: float) -> Forecast:
        """A sample of the moment `at` hours, from all samples up to the state."""
        later = self._moved(state, at)
        variance = later.v_level + 2 * later.v_both + later.v_deviation + self.noise**2
        return Forecast(later.level + later.deviation + self.of_day(at), self.calm * math.sqrt(variance))

    def after(self, state: State, at: float, value: float) -> tuple[State, float]:
        """The state after a sample, and how surprising it was in SDs. A value that is none moves time alone."""
        later = self._moved(state, at)
        if not math.isfinite(value):
            return later, math.nan
        gain_level, gain_deviation = later.v_level + later.v_both, later.v_both + later.v_deviation
        variance = gain_level + gain_deviation + self.noise**2
        sd = math.sqrt(variance)
        surprise = (value - later.level - later.deviation - self.of_day(at)) / sd
        step = min(max(surprise, -CLIPPED), CLIPPED) / sd
        return State(
            at, later.level + gain_level * step, later.deviation + gain_deviation * step,
            later.v_level - gain_level**2 / variance, later.v_both - gain_level * gain_deviation / variance,
            later.v_deviation - gain_deviation**2 / variance,
        ), surprise / self.calm  # fmt: skip

    def _moved(self, state: State, at: float) -> State:
        passed = max(at - state.at, 0.0)
        keep = math.exp(-passed / self.fades)
        return State(
            at, state.level, keep * state.deviation, state.v_level + passed * self.wander**2, keep * state.v_both,
            keep * keep * state.v_deviation + (1.0 - keep * keep) * self.spread**2,
        )  # fmt: skip


def learned_rhythm(at: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], grain: float = 0.0) -> Rhythm:
    """Learn a person's state space from n samples: hours (rising; 0 is any midnight of theirs) and values.

    `grain`: the least noise that is believed. Most likely parameters, over blocks spread through the past; surprises
    are clipped there, too. Raises DataError for fewer than `LEAST` samples, times that do not rise, or no numbers.
    """
    if len(at) < LEAST or len(at) != len(value):
        raise DataError("samples to learn a rhythm from", got=f"{len(at)} and {len(value)}", allowed=f"{LEAST} or more")
    if not (np.isfinite(value).all() and (np.diff(at) > 0).all()):
        raise DataError("samples must rise in time and be numbers", todo="Leave out what is doubled or missing.")
    waves = _waves(at, value) if at[-1] - at[0] >= _DAYS * DAY_H else np.zeros(0)
    level = float(np.median(value - _design(at, len(waves) // 2) @ waves)) if len(waves) else float(np.median(value))
    first = Rhythm(level, 0.0, 1.0, 1.0, 1.0, tuple(waves.tolist()))
    found = _likeliest(first, at, value, max(grain, 1e-6))
    surprises = np.abs(surprises_of(found, at, value)[1:])
    return replace(found, calm=max(float(np.quantile(surprises, 0.95)) / 1.96, 0.3))


def surprises_of(rhythm: Rhythm, at: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"]) -> list[float]:
    """How surprising each sample was after those before it, in SDs."""
    state, found = rhythm.start(float(at[0])), []
    for moment, one in zip(at.tolist(), value.tolist(), strict=True):
        state, surprise = rhythm.after(state, moment, one)
        found.append(surprise)
    return found


def _design(at: np.ndarray, harmonics: int) -> Float[np.ndarray, "n k"]:
    angle = 2.0 * np.pi * at / DAY_H
    return np.stack([f((k + 1) * angle) for k in range(harmonics) for f in (np.cos, np.sin)], 1)


def _waves(at: np.ndarray, value: np.ndarray) -> Float[np.ndarray, " k"]:
    """Cosine and sine by least squares, rows far off weighing less (Huber, 10 rounds)."""
    x = np.concatenate([np.ones((len(at), 1)), _design(at, HARMONICS)], 1)
    weight = np.ones(len(at))
    for _ in range(10):
        theta = np.linalg.lstsq(x * weight[:, None], value * weight, rcond=None)[0]
        off = np.abs(value - x @ theta)
        scale = max(1.4826 * float(np.median(off)), 1e-9)
        weight = np.sqrt(np.minimum(1.0, 1.345 * scale / np.maximum(off, 1e-12)))
    return np.asarray(theta[1:])


def _likeliest(first: Rhythm, at: np.ndarray, value: np.ndarray, grain: float) -> Rhythm:
    """Parameters of least −log likelihood of surprises, by Nelder and Mead on their logarithms."""
    from scipy.optimize import minimize

    rest = value - first.level - np.array([first.of_day(one) for one in at.tolist()])
    blocks = _blocks(at, rest)
    wide = max(1.4826 * float(np.median(np.abs(rest))), grain)
    step_h = float(np.median(np.diff(at)))
    start = np.log([0.05 * wide, 0.8 * wide, 10 * step_h, max(0.3 * wide, grain)])

    def of(theta: np.ndarray) -> Rhythm:
        wander, spread, fades, noise = np.exp(np.clip(theta, -20, 20)).tolist()
        return Rhythm(first.level, wander, spread, min(max(fades, step_h), DAY_H), max(noise, grain), first.waves)

    def loss(theta: np.ndarray) -> float:
        rhythm = of(theta)
        return sum(_loss(rhythm, wide, *one) for one in blocks) + 0.01 * float(((theta - start) ** 2).sum())

    found = minimize(loss, start, method="Nelder-Mead", options={"maxfev": _STEPS, "xatol": 0.05, "fatol": 0.5})
    return of(found.x)


def _blocks(at: np.ndarray, rest: np.ndarray) -> list[tuple[list[float], list[float]]]:
    """Hours between samples, and what they depart by: of the whole past where it is short, else of parts of it."""
    gaps = np.diff(at, prepend=at[0])
    if len(at) <= _BLOCKS * _IN_BLOCK:
        return [(gaps.tolist(), rest.tolist())]
    starts = np.linspace(0, len(at) - _IN_BLOCK, _BLOCKS).astype(int)
    parts = [slice(i, i + _IN_BLOCK) for i in starts]
    return [([0.0, *gaps[part].tolist()[1:]], rest[part].tolist()) for part in parts]


def _loss(rhythm: Rhythm, wide: float, gaps: list[float], rest: list[float]) -> float:
    """−log likelihood of departures from level and rhythm; `after` written out, for this runs 100,000 times."""
    q, s2, r, fades = rhythm.wander**2, rhythm.spread**2, rhythm.noise**2, rhythm.fades
    level = deviation = v_both = total = 0.0
    v_level, v_deviation = wide * wide, s2
    exp, log, most = math.exp, math.log, CLIPPED * CLIPPED
    for gap, value in zip(gaps, rest, strict=True):
        keep = exp(-gap / fades)
        deviation *= keep
        v_level += gap * q
        v_both *= keep
        v_deviation = keep * keep * (v_deviation - s2) + s2
        gain_level, gain_deviation = v_level + v_both, v_both + v_deviation
        variance = gain_level + gain_deviation + r
        missed = value - level - deviation
        squared = missed * missed / variance
        if squared > most:
            missed *= math.sqrt(most / squared)
            squared = most
        step = missed / variance
        level += gain_level * step
        deviation += gain_deviation * step
        v_level -= gain_level * gain_level / variance
        v_both -= gain_level * gain_deviation / variance
        v_deviation -= gain_deviation * gain_deviation / variance
        total += log(variance) + squared
    return 0.5 * total
