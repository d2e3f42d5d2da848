"""Forecasts from a followed person: what glucose will be if nothing new begins, or under a plan, with bands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from vitruvian.core import random_key
from vitruvian.twin.answer import Band, Interval
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.filter import Member, Tracked, Wander, moved, track
from vitruvian.twin.glucose.identify import GlucoseTwin
from vitruvian.twin.glucose.online import Drive, Rest
from vitruvian.twin.glucose.unknowns import PERSON, person_of

HORIZONS = (30, 60, 120)
"""Minutes."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_TOGETHER = 48


@dataclass(frozen=True)
class Forecast:
    """Sensor glucose after each step from K edges: the members' mean, quantiles (LEVELS) and spread, mg/dL."""

    edges: Int[np.ndarray, K]
    mean: Float[np.ndarray, "k h"]
    quantiles: Float[np.ndarray, "k h 5"]
    spread: Float[np.ndarray, "k h"]

    def at(self, minutes: int) -> Float[np.ndarray, K]:
        """The mean so many minutes ahead."""
        return self.mean[:, minutes // STEP - 1]


def forecast(
    tracked: Tracked, edges: Int[np.ndarray, K], *, steps: int = 24, wander: Wander | None = None, seed: int = 0
) -> Forecast:
    """From each edge (first..last) with what was known there; an edge without readings before it has wide bands."""
    wander = Wander() if wander is None else wander
    edges = np.asarray(edges)
    # always as many edges: one program serves days with more and fewer readings
    padded = np.pad(edges, (0, -len(edges) % _TOGETHER), mode="edge")
    person = person_of(jnp.asarray(tracked.twin.z[:, : len(PERSON)]))
    drives = tracked.known.ahead(padded, steps)
    key = random_key(seed, "forecast")
    members = np.asarray(ahead(tracked.at(padded), person, tracked.known.rest, drives, key, wander))
    summary = _summary(members)
    return Forecast(edges, *(x[: len(edges)] for x in summary))


@jax.jit
def ahead(
    start: Member, person: dict[str, Any], usual: Rest, drives: Drive, key: Any, wander: Wander
) -> Float[Array, "h k s"]:
    """Sensor glucose of each member, readings' own noise included, after each step.

    A member meets the same chance from every edge and under every plan, so that plans differ by what they do alone.
    """

    def one(m: Member, given: Any) -> tuple[Member, Any]:
        u, key = given
        noise = jax.random.normal(key, (4, m.eaten.shape[-1]))
        m = moved(m, u, person, usual, wander, noise[:3])
        return m, m.body.between + wander.reading * noise[3]

    keys = jax.random.split(key, drives.fast.shape[0])
    return lax.scan(one, start, (drives, keys))[1]


def _summary(members: Float[np.ndarray, "h k s"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    quantiles = np.moveaxis(np.quantile(members, LEVELS, axis=-1), (0, 1, 2), (2, 1, 0))
    return members.mean(axis=-1).T, quantiles, members.std(axis=-1).T


@dataclass(frozen=True)
class Ahead:
    """A forecast from the newest reading: horizon in minutes → median and 90 % interval, mg/dL."""

    person: str
    asked_at: str
    now: float
    horizons: dict[int, Interval]
    band: Band

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"horizons": {str(h): asdict(one) for h, one in self.horizons.items()}}

    def __str__(self) -> str:
        head = f"{self.person}, {self.asked_at}: glucose {self.now:.0f} mg/dL"
        return "\n".join([head, *(f"  in {h} min: {one}" for h, one in self.horizons.items())])


def newest_forecast(twin: GlucoseTwin, evidence: Evidence | None = None, *, seed: int = 0) -> Ahead:
    """From the newest reading of the evidence (default: the twin's own) over four hours, if nothing new begins."""
    evidence = twin.evidence if evidence is None else evidence
    edge = evidence.newest
    tracked = track(twin, evidence, edge - 1, edge, seed=seed)
    found = forecast(tracked, np.array([edge]), steps=48, seed=seed)
    q = found.quantiles[0]
    rows = {h: q[h // STEP - 1] for h in HORIZONS}
    horizons = {h: Interval(float(r[2]), float(r[0]), float(r[4]), "mg/dL") for h, r in rows.items()}
    hours = tuple(STEP * (k + 1) / 60.0 for k in range(len(q)))
    q05, q25, q50, q75, q95 = (tuple(map(float, column)) for column in q.T)
    band = Band(hours, q05, q25, q50, q75, q95, unit="mg/dL", output="glucose")
    moment = f"{evidence.moment(edge):%Y-%m-%d %H:%M}"
    return Ahead(evidence.person, moment, float(evidence.glucose[edge]), horizons, band)
