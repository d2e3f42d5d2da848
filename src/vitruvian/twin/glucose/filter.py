"""The online filter: an ensemble of possible states of the person that follows each reading as it comes.

Members are draws of the twin's posterior. Beside the model's states each carries what changes from hour to hour and is
in no model: glucose that comes or goes unexplained, how much of the meals arrives, and sensitivity; all fade. A reading
moves every member by its covariance with the reading, without noise of its own (ensemble square-root filter: Whitaker
and Hamill, Mon Weather Rev 2002;130:1913).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.core import derive_seed, random_key
from vitruvian.twin.glucose.evidence import Evidence
from vitruvian.twin.glucose.identify import GlucoseTwin
from vitruvian.twin.glucose.online import Drive, Known, Rest, known_of
from vitruvian.twin.glucose.path import VG, State, advance, begin, sensitivity
from vitruvian.twin.glucose.unknowns import PERSON, person_of


class Wander(NamedTuple):
    """SD and time of fading (min) of what wanders, and the SD of a reading."""

    unexplained: float = 0.6
    """mg/dL/min."""
    unexplained_fades: float = 40.0
    eaten: float = 0.35
    """Logarithm."""
    eaten_fades: float = 180.0
    sensitive: float = 0.25
    """Logarithm."""
    sensitive_fades: float = 600.0
    reading: float = 6.0
    """mg/dL."""


class Member(NamedTuple):
    """State of each member: the model's, and what wanders."""

    body: State
    unexplained: Float[Array, "... s"]
    eaten: Float[Array, "... s"]
    sensitive: Float[Array, "... s"]


@dataclass(frozen=True)
class Tracked:
    """A person followed over the steps first..last − 1; states are those at the edges first..last (T + 1, S)."""

    twin: GlucoseTwin
    known: Known
    first: int
    last: int
    states: Member
    expected: Float[np.ndarray, T]
    """Glucose expected at the edges first + 1..last before their readings."""
    spread: Float[np.ndarray, T]
    """SD of that."""

    def at(self, edges: Any) -> Member:
        """States at some edges (counted from the begin of the evidence)."""
        place = np.asarray(edges) - self.first
        return jax.tree.map(lambda x: x[place], self.states)


def track(
    twin: GlucoseTwin, evidence: Evidence, first: int, last: int, *, wander: Wander | None = None, seed: int = 0
) -> Tracked:
    """Follow the person over the steps first..last − 1; nothing later than an edge moves the state at it.

    The steps of the run-in before `first` are followed too, so that the states at `first` know the readings before it.
    """
    wander = Wander() if wander is None else wander
    known = known_of(twin, evidence, first, last)
    person = person_of(jnp.asarray(twin.z[:, : len(PERSON)]))
    drives, readings = known.drives(), jnp.asarray(known.readings)
    body = begin(person, known.start_course())
    nil = jnp.asarray(np.zeros(len(twin.z)))
    start = _spread_out(Member(body, nil, nil, nil), np.random.default_rng(derive_seed(seed, "begin")), wander)
    states, expected, spread = _followed(start, person, known.rest, drives, readings, random_key(seed), wander)
    keep = known.run_in
    whole = jax.tree.map(lambda a, b: np.concatenate([np.asarray(a)[None], np.asarray(b)])[keep:], start, states)
    return Tracked(twin, known, first, last, whole, np.asarray(expected)[keep:], np.asarray(spread)[keep:])


def moved(m: Member, u: Drive, person: dict[str, Any], usual: Rest, wander: Wander, noise: Any) -> Member:
    """Each member one step later; `noise` (3, …, s) are standard normal, or 0 for what is expected."""
    si, gb = sensitivity(person, usual.told, u.part)
    # what is unexplained enters as glucose that appears
    ra = u.ra * jnp.exp(m.eaten) + VG * m.unexplained
    si = si * jnp.exp(m.sensitive)
    body = advance(m.body, (u.fast, u.slow, ra, u.activity, u.recent, si, gb, u.moving), person, usual.basal)
    body = body._replace(glucose=jnp.clip(body.glucose, 25.0, 600.0), between=jnp.clip(body.between, 25.0, 600.0))
    return Member(
        body,
        _faded(m.unexplained, wander.unexplained, wander.unexplained_fades, noise[0]),
        _faded(m.eaten, wander.eaten, wander.eaten_fades, noise[1]),
        _faded(m.sensitive, wander.sensitive, wander.sensitive_fades, noise[2]),
    )


def _faded(x: Any, sd: float, minutes: float, noise: Any) -> Any:
    keep = jnp.exp(-5.0 / minutes)
    return keep * x + sd * jnp.sqrt(1.0 - keep**2) * noise


def _spread_out(m: Member, chance: np.random.Generator, wander: Wander) -> Member:
    noise = chance.standard_normal((4, *m.eaten.shape))
    body = m.body._replace(glucose=m.body.glucose + 10.0 * noise[3], between=m.body.between + 10.0 * noise[3])
    away = (wander.unexplained * noise[0], wander.eaten * noise[1], wander.sensitive * noise[2])
    return jax.tree.map(jnp.asarray, Member(body, *away))


@jax.jit
def _followed(
    start: Member, person: dict[str, Any], usual: Rest, drives: Drive, readings: Any, key: Any, wander: Wander
) -> tuple[Member, Any, Any]:
    def one(m: Member, given: Any) -> tuple[Member, Any]:
        u, reading, key = given
        noise = jax.random.normal(key, (3, *m.eaten.shape))
        m = moved(m, u, person, usual, wander, noise)
        before = m.body.between
        m = _corrected(m, reading, wander.reading)
        return m, (m, before.mean(), before.std())

    keys = jax.random.split(key, readings.shape[0])
    return lax.scan(one, start, (drives, readings, keys))[1]


def _corrected(m: Member, reading: Any, sd: float) -> Member:
    """Members after a reading; the same where it is NaN."""
    seen = m.body.between
    middle = seen.mean()
    away = seen - middle
    variance = (away**2).mean()
    there = jnp.isfinite(reading)
    innovation = jnp.where(there, reading - middle, 0.0)
    # a reading far from all members is a doubt about the reading: it counts for less
    far = jnp.maximum(jnp.abs(innovation) / (3.0 * jnp.sqrt(variance + sd**2)), 1.0)
    noise = (sd * far) ** 2
    shrink = jnp.where(there, 1.0 / (1.0 + jnp.sqrt(noise / (variance + noise))), 0.0)

    def updated(x: Any) -> Any:
        gain = ((x - x.mean()) * away).mean() / (variance + noise)
        return x + gain * innovation - shrink * gain * away

    m = jax.tree.map(updated, m)
    body = m.body._replace(
        depot=jnp.maximum(m.body.depot, 0.0),
        diffused=jnp.maximum(m.body.diffused, 0.0),
        insulin=jnp.maximum(m.body.insulin, 0.0),
    )
    return m._replace(body=body)
