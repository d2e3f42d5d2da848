"""Identification: from a window of evidence to a person's twin, with what the data taught and what they could not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError, derive_seed
from vitruvian.twin.answer import Interval, Message
from vitruvian.twin.glucose.course import (
    RUN_IN,
    Meals,
    Usual,
    course_of,
    joined,
    len_padded,
    meals_of_window,
    repeated,
    usual,
)
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.fitting import Fit, Noise, Readings, minimise, noise_of, readings_of
from vitruvian.twin.glucose.path import Course, absorbed, glucose_path, split
from vitruvian.twin.glucose.posterior import draw
from vitruvian.twin.glucose.unknowns import MEAL, PERSON, Unknown

NOT_LEARNED = 0.8
"""Posterior to prior SD from which on an unknown is said not to be identified."""
_FIRST_SD = 15.0  # mg/dL
DAILY_LIFE = 180.0
"""Minutes over which what is not explained lasts in daily life, where not all that is eaten and done is entered."""
_WEEK = 7 * 288
_DRIFT = 0.15  # prior SDs that an unknown may move from one update to the next
_DOUBT = 1.3  # by which an earlier twin is trusted less than it trusts itself: its model is not the person
_START = list(PERSON).index("start")
_FEWEST = 48  # readings


@dataclass(frozen=True)
class Identified:
    """One unknown before and after the data; `share` is posterior to prior SD."""

    name: str
    meaning: str
    unit: str
    prior: Interval
    posterior: Interval
    share: float

    @property
    def learned(self) -> bool:
        """Whether the data say something of it."""
        return self.share <= NOT_LEARNED


@dataclass(frozen=True)
class GlucoseTwin:
    """One person as the window first..last − 1 of their evidence tells; S draws of P unknowns, equally likely."""

    evidence: Evidence
    first: int
    last: int
    known: Usual
    meals: Meals
    mode: Float[np.ndarray, " p"]
    z: Float[np.ndarray, "s p"]
    sd: float
    """SD of what the model does not explain, mg/dL."""
    fades: float
    """Minutes over which that lasts."""
    path: Float[np.ndarray, " t"]
    """Sensor glucose of the mode at the edges first + 1..last."""
    method: str
    pareto_k: float
    effective: float
    converged: bool
    seed: int

    @cached_property
    def unknowns(self) -> tuple[Identified, ...]:
        """What was learned of the person."""
        return tuple(_identified(one, self.z[:, k]) for k, one in enumerate(PERSON.values()))

    def meal_unknowns(self, meal: int) -> tuple[Identified, ...]:
        """What was learned of one meal of the window."""
        first = len(PERSON) + 3 * meal
        return tuple(_identified(one, self.z[:, first + k]) for k, one in enumerate(MEAL.values()))

    @property
    def residual(self) -> Float[np.ndarray, " t"]:
        """Reading less path at the edges first + 1..last; NaN without reading."""
        return _seen(self.evidence, self.first, self.last) - self.path

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the evidence and the fit have to say."""
        said = list(self.evidence.messages)
        silent = [one.meaning for one in self.unknowns if not one.learned]
        if silent:
            text = f"not identified by these days (posterior like prior): {', '.join(silent)}"
            said.append(Message("note", "not-identified", text, "More days with meals and boluses apart teach more."))
        if not self.converged:
            said.append(Message("warning", "not-converged", "the search for the mode did not end", "Use other days."))
        return tuple(said)

    def course(self, first: int | None = None, last: int | None = None, **changed: Any) -> Course:
        """The course of this person over their window (or another), for all draws of `z` to run on."""
        first, last = self.first if first is None else first, self.last if last is None else last
        evidence = replace(self.evidence, **changed) if changed else self.evidence
        return course_of(evidence, first, last, self.known, self.meals, room=_room(self.z))

    def __str__(self) -> str:
        rows = [f"{one.meaning:<55} {one.posterior!s:<36} {one.share:.2f}" for one in self.unknowns]
        head = f"{self.evidence.person}: {(self.last - self.first) * STEP / 1440:.1f} days by {self.method}"
        fit = f"unexplained: {self.sd:.0f} mg/dL over {self.fades:.0f} min"
        return "\n".join([f"{head}; {fit}", f"{'':<55} {'median (90 %)':<36} posterior/prior SD", *rows])


def identify(
    evidence: Evidence,
    first: int = 0,
    last: int | None = None,
    *,
    weight: float = 70.0,
    draws: int = 200,
    starts: int = 3,
    seed: int = 0,
    near: GlucoseTwin | None = None,
    fades: float = 45.0,
) -> GlucoseTwin:
    """The twin of one person from the steps first..last − 1 of their evidence (default: all).

    `near` is an earlier twin of the same person: what it knew, widened by a drift, is the prior (a daily update, which
    needs the new day alone). `fades` is for how many minutes the model is wrong the same way: `DAILY_LIFE` for people.
    Raises `DataError` where there is too little glucose.
    """
    given: dict[str, Any] = {"draws": draws, "starts": starts, "seed": seed, "near": near, "fades": fades}
    return identify_all([evidence], first, last, weights=[weight], **given)[0]


def identify_all(
    people: Sequence[Evidence],
    first: int = 0,
    last: int | None = None,
    *,
    weights: Sequence[float],
    draws: int = 200,
    starts: int = 3,
    seed: int = 0,
    near: GlucoseTwin | None = None,
    fades: float = 45.0,
    progress: Callable[[str], None] | None = None,
) -> list[GlucoseTwin]:
    """The twins of several people from windows of one length, in one computation."""
    last = len(people[0]) if last is None else last
    if not 0 <= first < last <= min(map(len, people)):
        raise InputError("no such window", got=f"{first} to {last}", allowed=f"0 to {min(map(len, people))}")
    glucose = np.stack([_run_in(_seen(one, first, last)) for one in people])
    few = np.isfinite(glucose).sum(axis=1)
    if few.min() < _FEWEST:
        got = f"{few.min()} readings of {people[int(few.argmin())].person or 'one person'}"
        raise DataError("too little glucose to learn from", got=got, allowed=f"at least {_FEWEST}", todo="Add days.")
    known = [_usual(one, first, last, weight, near) for one, weight in zip(people, weights, strict=True)]
    meals = [meals_of_window(one, first, last) for one in people]
    room = max(len_padded(len(one.minute)) for one in meals)
    pairs = zip(people, known, meals, strict=True)
    course = joined([course_of(e, first, last, k, m, room) for e, k, m in pairs])
    course = jax.tree.map(jnp.asarray, course)
    seen = readings_of(glucose)
    say = progress or (lambda _: None)
    noise = _assumed(len(people), near, fades)
    fit, noise, ended = _modes(course, seen, noise, _starts(len(people), room, starts, seed, near), say)
    say("drawing")
    found = draw(fit, course, seen, noise, draws=draws, seed=derive_seed(seed, "identify"))
    return [
        GlucoseTwin(
            evidence=people[i],
            first=first,
            last=last,
            known=known[i],
            meals=meals[i],
            mode=np.asarray(fit.z[i]),
            z=found.z[i],
            sd=float(noise.sd[i]),
            fades=float(noise.minutes[i]),
            path=np.asarray(fit.path[i, RUN_IN:]),
            method=found.method[i],
            pareto_k=float(found.pareto_k[i]),
            effective=float(found.effective[i]),
            converged=bool(ended[i]),
            seed=seed,
        )
        for i in range(len(people))
    ]


@jax.jit
def paths(z: Float[Any, "s p"], course: Course) -> Float[Any, "t s"]:
    """Sensor glucose of each draw at the edge after each step of the course (run-in included)."""
    return glucose_path(split(z)[0], absorbed(z, course), course)


def _usual(evidence: Evidence, first: int, last: int, weight: float, near: GlucoseTwin | None) -> Usual:
    """What is usual; in an update over the last week, and sensitivity stays in the earlier twin's measure."""
    if near is None:
        return usual(evidence, first, last, weight)
    week = usual(evidence, max(last - _WEEK, 0), last, near.known.weight)
    return replace(week, daily=near.known.daily)


def _assumed(people: int, near: GlucoseTwin | None, fades: float) -> Noise:
    """Noise and prior before the data: the published prior, or what an earlier twin knew, widened by a drift."""
    own = len(PERSON)
    middle, spread = np.zeros((people, own)), np.ones((people, own))
    sd, fades = (_FIRST_SD, fades) if near is None else (near.sd, near.fades)
    if near is not None:
        known = near.z[:, :own]
        middle[:] = known.mean(axis=0)
        spread[:] = np.minimum(np.hypot(_DOUBT * known.std(axis=0), _DRIFT), 1.0)
        # the first glucose of another window is not that of this one
        middle[:, _START], spread[:, _START] = 0.0, 1.0
    return Noise(*(jnp.asarray(x) for x in (np.full(people, sd), np.full(people, fades), middle, spread)))


def _modes(course: Course, seen: Readings, noise: Noise, starts: np.ndarray, say: Any) -> tuple[Fit, Noise, np.ndarray]:
    """The best mode of each person, of several starts; the noise is learned between two searches."""
    n, many, _ = starts.shape
    wide = jax.tree.map(jnp.asarray, repeated(course, many))
    seen_wide, noise = jax.tree.map(lambda x: jnp.repeat(x, many, axis=0), (seen, noise))
    say("searching")
    fit, _ = minimise(jnp.asarray(starts.reshape(n * many, -1)), wide, seen_wide, noise, limit=25)
    best = np.asarray(fit.value).reshape(n, many).argmin(axis=1) + many * np.arange(n)
    fit, noise = jax.tree.map(lambda x: x[best], (fit, noise))
    for _ in range(2):
        noise = noise_of(fit, seen, noise)
        fit, ended = minimise(fit.z, course, seen, noise, limit=25)
    return fit, noise, ended


def _starts(people: int, room: int, starts: int, seed: int, near: GlucoseTwin | None) -> np.ndarray:
    """Starts in prior standard deviations: the middle of the prior (or an earlier twin), then draws of the person."""
    own = len(PERSON)
    z = np.zeros((people, starts, own + 3 * room))
    chance = np.random.default_rng(derive_seed(seed, "starts"))
    z[:, 1:, :own] = 0.7 * chance.standard_normal((starts - 1, own))
    if near is not None:
        z[:, 0, :own] = near.mode[:own]
    return z


def _seen(evidence: Evidence, first: int, last: int) -> Float[np.ndarray, " t"]:
    """Readings at the edges first + 1..last, where the path of each step ends."""
    return np.append(evidence.glucose[first + 1 : last], np.nan)


def _run_in(glucose: Float[np.ndarray, " t"]) -> Float[np.ndarray, " s"]:
    return np.concatenate([np.full(RUN_IN, np.nan), glucose])


def _room(z: np.ndarray) -> int:
    return (z.shape[-1] - len(PERSON)) // 3


def _identified(one: Unknown, z: Float[np.ndarray, " s"]) -> Identified:
    low, middle, high = (float(one.of(x)) for x in (-1.6449, 0.0, 1.6449))
    after = np.asarray(one.of(z))
    q = np.quantile(after, [0.05, 0.5, 0.95])
    prior = Interval(middle, low, high, one.unit)
    return Identified(one.name, one.meaning, one.unit, prior, Interval(q[1], q[0], q[2], one.unit), float(z.std()))
