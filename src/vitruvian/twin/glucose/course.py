"""From evidence to what acted on a person: insulin that arrives, meals, activity, parts of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Int

from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.path import KE, VI, Course
from vitruvian.twin.glucose.unknowns import PART_HOURS

RUN_IN = 96
"""Steps before the window in which insulin and meals run in (8 h)."""
_DELAY = 8.0  # min from delivery to the tissue (Cappon et al. 2023)
_TOGETHER = 15.0  # min: entries this close are one meal
_BUCKET = 12
# long-acting insulin: two rates in a row whose mean, 16 h, is between glargine's and degludec's; ours
_SLOW_IN, _SLOW_OUT = 1 / 240.0, 1 / 720.0
FADE_IN, FADE_OUT = 10.0, 150.0
"""Minutes over which activity begins and ends, and over which what stays of it fades."""


@dataclass(frozen=True)
class Meals:
    """The meals of a window, M of them, times in minutes from the begin of the evidence."""

    minute: Float[np.ndarray, M]
    grams: Float[np.ndarray, M]
    speed: Float[np.ndarray, M]
    """Steps of speed from medium; 0 where nothing was said."""


@dataclass(frozen=True)
class Usual:
    """What is usual of a person, known before the window: never taken from its future."""

    weight: float
    """kg."""
    basal: float
    """Fast-acting basal of a pump, U/h."""
    slow: float
    """Long-acting, U/d."""
    daily: float
    """All insulin, U/d."""
    heart_rate: float
    """At rest, 1/min."""

    @property
    def rate(self) -> float:
        """All usual insulin, mU/kg/min."""
        return (self.basal / 60.0 + self.slow / 1440.0) * 1000.0 / self.weight

    @property
    def told(self) -> float:
        """Sensitivity that the daily dose tells, L/mU/min: one unit lowers glucose by 1800 mg/dL over the daily dose.

        At 130 mg/dL, of which the body's own return to basal glucose takes 40 %. The rule: Davidson PC et al., Diabetes
        Technol Ther 2003;5:237. Doses of less than 0.2 U/kg are not believed.
        """
        daily = max(self.daily, 0.2 * self.weight)
        per_unit = 1000.0 / self.weight / (VI * KE)
        return 1800.0 / daily / (130.0 * 0.6 * per_unit)


def usual(evidence: Evidence, first: int, last: int, weight: float) -> Usual:
    """From the steps first..last − 1."""
    days = max((last - first) * STEP / 1440.0, 1.0)
    beats = evidence.heart_rate[first:last]
    beats = beats[np.isfinite(beats)]
    rest = float(np.quantile(beats, 0.1)) if len(beats) else 60.0
    doses = _doses(evidence, first, last)
    slow = float(doses.sum() / max(len(doses), 1)) if len(doses) >= 0.5 * days else float(doses.sum() / days)
    fast = float(evidence.basal[first:last].sum() / days)
    daily = fast + slow + float(evidence.bolus[first:last].sum() / days)
    return Usual(weight, fast / 24.0, slow, daily, rest)


def _doses(evidence: Evidence, first: int, last: int) -> Float[np.ndarray, D]:
    """Long-acting insulin by day of injection (doses within 12 h are one)."""
    at = np.flatnonzero(evidence.long_acting[first:last]).tolist()
    found: list[float] = []
    before = -10_000
    for k in at:
        if k - before > 144:
            found.append(0.0)
        found[-1] += float(evidence.long_acting[first + k])
        before = k
    return np.array(found)


def meals_of_window(evidence: Evidence, first: int, last: int) -> Meals:
    """Meals whose food may still arrive in the window: from 8 hours before it."""
    begin = max(first - RUN_IN, 0)
    at = begin + np.flatnonzero(evidence.carbohydrates[begin:last] > 0)
    groups: list[list[int]] = []
    for k in at.tolist():
        near = groups and STEP * (k - groups[-1][0]) <= _TOGETHER
        groups[-1].append(k) if near else groups.append([k])
    grams = [evidence.carbohydrates[g].sum() for g in groups]
    speed = np.nan_to_num(evidence.speed - 1.0)
    return Meals(
        np.array([STEP * (0.5 + float(np.average(g, weights=evidence.carbohydrates[g]))) for g in groups]),
        np.array(grams),
        np.array([float(np.average(speed[g], weights=evidence.carbohydrates[g])) for g in groups]),
    )


def course_of(evidence: Evidence, first: int, last: int, known: Usual, meals: Meals, room: int | None = None) -> Course:
    """The course of one person over RUN_IN steps and then first..last − 1; every leaf has a person axis of 1.

    `room` is the number of meals to pad to (default: the next bucket).
    """
    steps = RUN_IN + last - first
    per_minute = 1000.0 / known.weight / STEP
    fast = _shifted(_window(evidence.bolus, first, last, 0.0)) + _shifted(
        _window(evidence.basal, first, last, known.basal * STEP / 60.0)
    )
    active, recent = _activity(evidence, first, last, known)
    glucose = evidence.glucose[first:last]
    there = np.flatnonzero(np.isfinite(glucose))
    room = len_padded(len(meals.minute)) if room is None else room
    pad = (0, room - len(meals.minute))
    from_begin = meals.minute - STEP * (first - RUN_IN)
    return Course(
        fast=(fast * per_minute)[:, None],
        slow=(_slow(evidence, first, last, known) * 1000.0 / known.weight)[:, None],
        told=np.array([known.told]),
        basal=np.array([known.rate]),
        activity=active[:, None],
        recent=recent[:, None],
        part=parts(_window(evidence.minute_of_day, first, last, np.nan, STEP))[:, None, :],
        moving=(np.arange(steps) >= RUN_IN).astype(float)[:, None],
        first=np.array([glucose[there[0]] if len(there) else 120.0]),
        meal_at=np.pad(from_begin, pad)[None],
        meal_grams=np.pad(meals.grams / known.weight, pad)[None],
        meal_speed=np.pad(meals.speed, pad)[None],
    )


def joined(courses: Sequence[Course]) -> Course:
    """One course of several people of equal lengths."""
    scanned = {"fast", "slow", "activity", "recent", "part", "moving"}
    return Course(
        *(
            np.concatenate([np.asarray(getattr(c, name)) for c in courses], axis=1 if name in scanned else 0)
            for name in Course._fields
        )
    )


def repeated(course: Course, times: int) -> Course:
    """Each person `times` times, one after the other."""
    scanned = {"fast", "slow", "activity", "recent", "part", "moving"}
    return Course(
        *(np.repeat(np.asarray(getattr(course, n)), times, axis=1 if n in scanned else 0) for n in Course._fields)
    )


def len_padded(meals: int) -> int:
    """The bucket of a number of meals: 12, 24, then steps of 24, so that few programs serve all people and days."""
    bucket = _BUCKET if meals <= _BUCKET else 2 * _BUCKET
    return max(-(-meals // bucket) * bucket, bucket)


def parts(minute_of_day: Float[np.ndarray, T]) -> Float[np.ndarray, "t 4"]:
    """Weight of each part of the day, which fade into one another over an hour."""
    hour = np.asarray(minute_of_day) / 60.0
    found = np.zeros((len(hour), len(PART_HOURS)))
    for k, begin in enumerate(PART_HOURS):
        length = (PART_HOURS[(k + 1) % 4] - begin) % 24.0
        since = (hour - begin + 0.5) % 24.0
        found[:, k] = np.clip(since, 0.0, 1.0) * np.clip(length + 1.0 - since, 0.0, 1.0)
    return found / found.sum(axis=1, keepdims=True)


def _window(x: Float[np.ndarray, T], first: int, last: int, before: float, step: float = 0.0) -> Float[np.ndarray, S]:
    """Steps first − RUN_IN..last − 1; `before` fills what lies before the evidence; time of day runs by `step`."""
    begin = first - RUN_IN
    if begin >= 0:
        return np.array(x[begin:last], float)
    missing = np.full(-begin, before)
    if step:
        missing = (x[0] + step * np.arange(begin, 0)) % 1440.0
    return np.concatenate([missing, x[:last]])


def shifted_shares() -> tuple[float, ...]:
    """Which share of what is delivered in a step reaches the tissue in that step, the next one, and so on."""
    whole, part = divmod(_DELAY / STEP, 1.0)
    return (*(0.0,) * int(whole), 1.0 - part, part)


def _shifted(x: Float[np.ndarray, S]) -> Float[np.ndarray, S]:
    """Later by the delay."""
    shares = shifted_shares()
    padded = np.concatenate([np.full(len(shares), x[0] if len(x) else 0.0), x])
    start = len(shares)
    return np.sum([share * padded[start - k : start - k + len(x)] for k, share in enumerate(shares)], axis=0)


def _slow(evidence: Evidence, first: int, last: int, known: Usual) -> Float[np.ndarray, S]:
    """Long-acting insulin that appears, U/min; before the evidence the usual dose was taken."""
    steps = np.arange(first - RUN_IN, last)
    doses = np.flatnonzero(evidence.long_acting[:last])
    return slow_before(known, steps) + evidence.long_acting[doses] @ slow_rate(steps[None] - doses[:, None])


def slow_rate(steps: Int[np.ndarray, ...]) -> Float[np.ndarray, ...]:
    """Long-acting insulin of 1 U that appears so many steps after it was injected, U/min."""
    t = np.maximum(STEP * (steps + 0.5), 0.0)
    return _SLOW_IN * _SLOW_OUT / (_SLOW_IN - _SLOW_OUT) * (np.exp(-_SLOW_OUT * t) - np.exp(-_SLOW_IN * t))


def slow_before(known: Usual, steps: Int[np.ndarray, ...]) -> Float[np.ndarray, ...]:
    """What the usual doses before the evidence (step 0) still give, U/min."""
    t = np.maximum(STEP * (steps + 0.5), 0.0)
    left = (_SLOW_IN * np.exp(-_SLOW_OUT * t) - _SLOW_OUT * np.exp(-_SLOW_IN * t)) / (_SLOW_IN - _SLOW_OUT)
    return known.slow / 1440.0 * left


def _activity(
    evidence: Evidence, first: int, last: int, known: Usual
) -> tuple[Float[np.ndarray, S], Float[np.ndarray, S]]:
    """Activity now (0 to 1) and of the last hours, from heart rate above rest, else from steps."""
    beats = _window(evidence.heart_rate, first, last, np.nan)
    steps = np.nan_to_num(_window(evidence.steps, first, last, 0.0)) / (100.0 * STEP)
    raw = np.where(np.isfinite(beats), (beats - known.heart_rate - 15.0) / 80.0, steps)
    raw = np.clip(raw, 0.0, 1.0)
    active = _smooth(raw, FADE_IN)
    return active, _smooth(active, FADE_OUT)


def _smooth(x: Float[np.ndarray, S], minutes: float) -> Float[np.ndarray, S]:
    from scipy.signal import lfilter

    keep = float(np.exp(-STEP / minutes))
    return lfilter([1.0 - keep], [1.0, -keep], x)


def as_arrays(course: Course) -> Course:
    """On the device, once."""
    return jax.tree.map(jax.numpy.asarray, course)
