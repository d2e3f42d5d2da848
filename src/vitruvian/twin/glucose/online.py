"""What is known at each moment: the inputs up to it, and of the future only what was begun before it.

Every array that looks ahead of an edge is made of entries before that edge alone; this file is where a leak of the
future would be, and the only place to look for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import derive_seed
from vitruvian.twin.glucose.course import (
    FADE_IN,
    FADE_OUT,
    RUN_IN,
    Meals,
    Usual,
    course_of,
    parts,
    shifted_shares,
    slow_before,
    slow_rate,
)
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.path import Course, appearance, window
from vitruvian.twin.glucose.unknowns import PERSON, person_of

if TYPE_CHECKING:
    from vitruvian.twin.glucose.identify import GlucoseTwin


class Drive(NamedTuple):
    """Inputs of one step; of all members (…, 1), or of each (…, s)."""

    fast: Any
    slow: Any
    ra: Any
    activity: Any
    recent: Any
    part: Any
    moving: Any


class Rest(NamedTuple):
    """Sensitivity that the daily dose tells (L/mU/min), and usual insulin (mU/kg/min)."""

    told: Any
    basal: Any


_WARM_UP = 144
"""Steps before the first edge over which the filter follows the readings (12 h)."""
AHEAD = 72
"""Most steps ahead of an edge (6 h)."""


@dataclass(frozen=True)
class Known:
    """Inputs of a person over the steps begin..last − 1 of their evidence, in the twin's units; S members, M meals."""

    evidence: Evidence
    usual: Usual
    begin: int
    first: int
    last: int
    course: Course
    rates: Float[np.ndarray, "m t s"]
    """Appearance of each meal from step begin − RUN_IN to AHEAD steps past the last, mg/kg/min."""
    entered: Int[np.ndarray, M]
    """Step of each meal's entry; −1 where it was known before."""

    @property
    def run_in(self) -> int:
        """Steps that are followed before the first."""
        return RUN_IN + self.first - self.begin

    @property
    def rest(self) -> Rest:
        """What is usual of the person."""
        return Rest(jnp.asarray(self.course.told[0]), jnp.asarray(self.course.basal[0]))

    @property
    def readings(self) -> Float[np.ndarray, T]:
        """At the edge after each step that is followed; none while insulin runs in."""
        seen = np.append(self.evidence.glucose[self.begin + 1 : self.last], self._at(self.last))
        return np.concatenate([np.full(RUN_IN, np.nan), seen])

    def _at(self, edge: int) -> float:
        return float(self.evidence.glucose[edge]) if edge < len(self.evidence) else np.nan

    def start_course(self) -> Course:
        """The course, for the state at its begin."""
        return self.course._replace(told=self.course.told[0], basal=self.course.basal[0], first=self.course.first[0])

    def drives(self) -> Drive:
        """Inputs of each step; a meal counts from the step in which it was entered."""
        c = self.course
        steps = np.arange(self.begin - RUN_IN, self.last)
        there = (self.entered[:, None] <= steps).astype(float)
        ra = np.einsum("mt,mts->ts", there, self.rates[:, : len(steps)])
        scalars = (np.asarray(x)[:, :1] for x in (c.fast, c.slow))
        active, recent = (np.asarray(x)[:, :1] for x in (c.activity, c.recent))
        return Drive(*map(jnp.asarray, (*scalars, ra, active, recent, c.part, c.moving)))

    def ahead(self, edges: Int[np.ndarray, K], steps: int) -> Drive:
        """Inputs of `steps` steps from each edge (steps, K, …): what was begun before runs on, nothing new begins."""
        at = edges[None, :] + np.arange(steps)[:, None]
        per_minute = 1000.0 / self.usual.weight
        active, recent = self._activity(edges, steps)
        minute = self.evidence.minute_of_day[edges - 1][None] + STEP * (np.arange(steps)[:, None] + 1)
        shape = (steps, len(edges))
        return Drive(
            jnp.asarray(self._fast(edges, steps) * per_minute / STEP)[..., None],
            jnp.asarray(self._slow(edges, at) * per_minute)[..., None],
            jnp.asarray(self._meals(edges, at)),
            jnp.asarray(active)[..., None],
            jnp.asarray(recent)[..., None],
            jnp.asarray(parts(minute.ravel() % 1440.0).reshape(*shape, 1, 4)),
            jnp.ones((*shape, 1)),
        )

    def _fast(self, edges: Int[np.ndarray, K], steps: int) -> Float[np.ndarray, "h k"]:
        """Fast-acting insulin that reaches the tissue, U a step: a pump goes on at its last rate."""
        bolus, basal = self.evidence.bolus, self.evidence.basal
        rate = basal[edges - 1]
        found = np.zeros((steps, len(edges))) + rate
        late = shifted_shares()
        for j in range(min(steps, len(late) - 1)):
            for lag in range(j + 1, len(late)):
                given = np.where(edges - lag + j >= 0, (bolus + basal)[edges - lag + j] - rate, 0.0)
                found[j] += late[lag] * given
        return found

    def _slow(self, edges: Int[np.ndarray, K], at: Int[np.ndarray, "h k"]) -> Float[np.ndarray, "h k"]:
        doses = np.flatnonzero(self.evidence.long_acting[: self.last])
        found = slow_before(self.usual, at)
        for k in doses:
            found = found + self.evidence.long_acting[k] * slow_rate(at - k) * (k < edges)
        return found

    def _activity(self, edges: Int[np.ndarray, K], steps: int) -> tuple[np.ndarray, np.ndarray]:
        before = edges - 1 - (self.begin - RUN_IN)
        active = np.asarray(self.course.activity)[before, 0]
        recent = np.asarray(self.course.recent)[before, 0]
        after = STEP * (np.arange(steps)[:, None] + 1)
        fading = active * np.exp(-after / FADE_IN)
        # what stays fades, and takes up the rest of what goes on
        rest = active * FADE_IN / (FADE_OUT - FADE_IN) * (np.exp(-after / FADE_OUT) - np.exp(-after / FADE_IN))
        return fading, recent * np.exp(-after / FADE_OUT) + rest

    def _meals(self, edges: Int[np.ndarray, K], at: Int[np.ndarray, "h k"]) -> Float[np.ndarray, "h k s"]:
        place = at - (self.begin - RUN_IN)
        found = np.zeros((*at.shape, self.rates.shape[2]))
        for m in range(self.rates.shape[0]):
            found += self.rates[m][place] * (self.entered[m] < edges)[None, :, None]
        return found


def known_of(twin: GlucoseTwin, evidence: Evidence, first: int, last: int) -> Known:
    """What is known over the steps first..last − 1; meals of the twin's window keep what was learned of them."""
    begin = max(first - _WARM_UP, 0)
    learned, new = twin.meals, np.arange(twin.last, last)
    new = new[evidence.carbohydrates[twin.last : last] > 0]
    meals = Meals(
        np.append(learned.minute, STEP * (new + 0.5)),
        np.append(learned.grams, evidence.carbohydrates[new]),
        np.append(learned.speed, np.nan_to_num(evidence.speed[new] - 1.0)),
    )
    old = len(learned.minute)
    course = course_of(evidence, begin, last, twin.known, meals, room=old + len(new))
    own = len(PERSON)
    z = np.concatenate([twin.z[:, own : own + 3 * old], *(fresh(twin, f"meal {k}") for k in new)], axis=1)
    rates = meal_rates(twin, z, course, RUN_IN + last - begin + AHEAD)
    return Known(evidence, twin.known, begin, first, last, course, rates, np.append(np.full(old, -1), new))


def fresh(twin: GlucoseTwin, name: str) -> Float[np.ndarray, "s 3"]:
    """Unknowns of a meal of which nothing was learned yet, for each draw of the twin; the same for the same name."""
    return np.random.default_rng(derive_seed(twin.seed, name)).standard_normal((len(twin.z), 3))


def meal_rates(
    twin: GlucoseTwin, z: Float[np.ndarray, "s q"], course: Course, steps: int
) -> Float[np.ndarray, "m t s"]:
    """Appearance of each meal of a course by step and draw, mg/kg/min."""
    person = person_of(jnp.asarray(twin.z[:, : len(PERSON)]))
    rates = np.asarray(_appearance(person, jnp.asarray(z.reshape(len(z), -1, 3)), course))
    at = np.asarray(window(course))[0]
    found = np.zeros((at.shape[0], steps, len(z)))
    for m in range(at.shape[0]):
        inside = (at[m] >= 0) & (at[m] < steps)
        found[m, at[m][inside]] = rates[:, m, inside].T
    return found


_appearance = jax.jit(appearance)
