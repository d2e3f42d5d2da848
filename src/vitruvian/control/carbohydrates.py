"""Carbohydrates on board: how fast announced meals are absorbed, corrected by the rise of glucose that is observed.

The dynamic absorption of Loop: the rise that insulin does not explain is shared out to the meals under way; what a
meal has shown sets how much of it is still to come and how long that takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source

SOURCE = Source(
    "Tidepool LoopAlgorithm (2024): dynamic carbohydrate absorption, reproduced against its fixtures",
    status="one transcription",
)
MEALS = 6
"""Meals that are followed at once; the oldest is forgotten."""
_NONE = 1e6  # minutes: long ago


@dataclass(frozen=True)
class Absorption:
    """Rate over the time of a meal: rises until `rise`, is level until `fall`, ends at 1 (shares of that time).

    Times in minutes: a meal is expected to take `usual`·`expected`, and at most `usual`·`longest`; it starts after
    `delay`.
    """

    rise: float = 0.15
    fall: float = 0.5
    usual: float = 180.0
    expected: float = 1.5
    longest: float = 1.5
    delay: float = 10.0

    def share(self, time: Float[Array, ...]) -> Float[Array, ...]:
        """Absorbed at this share of the meal's time."""
        t = jnp.clip(time, 0.0, 1.0)
        s, rise, fall = self._scale, self.rise, self.fall
        late = fall - rise / 2 + (t - fall) * (1 - (t - fall) / max(2 * (1 - fall), _TINY))
        level = jnp.where(t < fall, t - rise / 2, late)
        return jnp.minimum(s * jnp.where(t < rise, t**2 / max(2 * rise, _TINY), level), 1.0)

    def time(self, share: Float[Array, ...]) -> Float[Array, ...]:
        """Share of the meal's time at which this share is absorbed; the inverse of `share`."""
        a = jnp.clip(share, 0.0, 1.0)
        s, rise, fall = self._scale, self.rise, self.fall
        early = jnp.sqrt(2 * rise * a / s)
        late = 1 - jnp.sqrt((1 - fall) * (1 + fall - rise) * (1 - a))
        level = jnp.where(a < s * (fall - rise / 2), rise / 2 + a / s, late)
        return jnp.where(a < s * rise / 2, early, level)

    def rate(self, time: Float[Array, ...]) -> Float[Array, ...]:
        """Slope of `share`."""
        t = time
        down = self._scale * (1 - t) / max(1 - self.fall, _TINY)
        up = self._scale * t / max(self.rise, _TINY)
        inside = jnp.where(t < self.rise, up, jnp.where(t < self.fall, self._scale, down))
        return jnp.where((t > 0) & (t < 1), inside, 0.0)

    @property
    def _scale(self) -> float:
        return 2.0 / (1.0 + self.fall - self.rise)


_TINY = 1e-12
PIECEWISE = Absorption()
LINEAR = Absorption(rise=0.0, fall=1.0, expected=2.0, longest=2.0)


class Meals(NamedTuple):
    """Announced meals, newest first; (meals, n)."""

    grams: Float[Array, "m n"]
    age: Float[Array, "m n"]
    """Minutes since each was announced."""
    observed: Float[Array, "m n"]
    """Absorbed by what was observed, g."""
    finished: Float[Array, "m n"]
    """Age at which all of it had been observed; never: 1e6."""
    usual: Float[Array, "m n"]
    """Usual time of this meal, min."""


class Outlook(NamedTuple):
    """What is to come of each meal; (meals, n)."""

    absorbed: Float[Array, "m n"]
    """g, never less than the slowest absorption would have brought."""
    at: Float[Array, "m n"]
    """Minutes of the meal's course that this corresponds to."""
    whole: Float[Array, "m n"]
    """Minutes of that course."""
    remaining: Float[Array, "m n"]
    """Minutes until the meal is absorbed."""


def no_meals(people: int) -> Meals:
    """Nothing was announced."""
    none = jnp.zeros((MEALS, people))
    return Meals(none, none + _NONE, none, none + _NONE, none + PIECEWISE.usual)


def announced(meals: Meals, grams: Float[Array, " n"], usual: float = PIECEWISE.usual) -> Meals:
    """With one meal more for those who announce one now."""
    new = Meals(grams, 0 * grams, 0 * grams, 0 * grams + _NONE, 0 * grams + usual)
    first = [jnp.concatenate([one[None], old[:-1]]) for one, old in zip(new, meals, strict=True)]
    return Meals(*(jnp.where(grams > 0, one, old) for one, old in zip(first, meals, strict=True)))


def observed(meals: Meals, rise: Float[Array, " n"], minutes: float, how: Absorption) -> Meals:
    """A step later; `rise` is what carbohydrates raised glucose by meanwhile, as grams. Falls count as nothing."""
    left = jnp.maximum(rise, 0.0)
    active = (meals.grams > 0) & (meals.age < meals.usual * how.longest + how.delay)
    due = jnp.where(active, _rates(meals, how), 0.0)
    total = due.sum(0)
    taken = jnp.zeros_like(meals.grams)
    for k in reversed(range(MEALS)):  # the oldest first
        part = jnp.where(total > 0, due[k] / jnp.where(total > 0, total, 1.0) * left, 0.0)
        part = jnp.minimum(part, jnp.maximum(meals.grams[k] - meals.observed[k], 0.0))
        taken = taken.at[k].set(part)
        total, left = total - due[k], left - part
    newest = jnp.argmax(active, axis=0)
    over = (jnp.arange(MEALS)[:, None] == newest) & active.any(0)
    seen = meals.observed + taken + jnp.where(over, left, 0.0)
    age = meals.age + minutes
    ends = (seen + 1e-7 >= meals.grams) & (meals.grams > 0)
    finished = jnp.where(ends, jnp.minimum(meals.finished, age), meals.finished)
    return meals._replace(observed=seen, age=age, finished=finished)


def outlook(meals: Meals, how: Absorption) -> Outlook:
    """How far each meal is, and how long it will still take."""
    longest, expected = meals.usual * how.longest, meals.usual * how.expected
    looked = jnp.minimum(meals.age, longest + how.delay) - how.delay
    least = meals.grams * how.share(looked / longest)
    absorbed = jnp.minimum(meals.grams, jnp.maximum(least, meals.observed))
    grams = jnp.where(meals.grams > 0, meals.grams, 1.0)
    began = looked > 0
    at = jnp.where(began, jnp.minimum(how.time(absorbed / grams) * expected, longest), 0.0)
    remaining = jnp.where(began, jnp.minimum(expected - at, jnp.maximum(longest - looked, 0.0)), expected)
    # a meal seen to lag behind the slowest course follows that course from its beginning
    lags = meals.observed < least
    course = jnp.minimum(jnp.minimum(meals.age, meals.finished), longest + how.delay) + remaining
    known = began & ~lags | (meals.age > 0) & ~lags
    return Outlook(
        absorbed,
        jnp.where(known, at, meals.age - how.delay),
        jnp.where(known, at + remaining, course),
        remaining,
    )


def on_board(meals: Meals, how: Absorption, later: float = 0.0) -> Float[Array, " n"]:
    """Carbohydrates still to be absorbed in so many minutes, g."""
    seen = outlook(meals, how)
    return (meals.grams * (1.0 - how.share((seen.at + later) / jnp.maximum(seen.whole, _TINY)))).sum(0)


def _rates(meals: Meals, how: Absorption) -> Float[Array, "m n"]:
    """Expected absorption now, g/min."""
    seen = outlook(meals, how)
    course = jnp.minimum(jnp.minimum(meals.age, meals.finished) + seen.remaining, meals.usual * how.longest)
    safe = jnp.maximum(course, _TINY)
    return jnp.where(course > 0, meals.grams / safe * how.rate(meals.age / safe), 0.0)
