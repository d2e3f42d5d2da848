"""The most probable unknowns of many people at once: damped Gauss–Newton steps along the periodic orbit.

Each person keeps a state near the orbit; a trial of the unknowns moves it along the orbit's own slope and one further
pass brings it back, so a step costs two passes along a beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from vitruvian.twin.heart.predict import Pass, along, first_state

LANES = 16
"""People who run beside each other: every program has this one shape."""
ON_ORBIT = 1e-3
"""A beat that returns within this many mL repeats itself."""
_STEPS = 60
_AT_MODE = 2.0
"""A full Newton step from a mode would gain less than this (in log density), and so be shorter than two SD of the
posterior. Peaks over the steps of a beat leave kinks of 0.1 to 0.5; draws are weighted by what they truly predict."""


class Seen(NamedTuple):
    """What was measured of n people, and the prior of their unknowns."""

    value: Float[np.ndarray, "n m"]
    """In the order of what is predicted; anything finite where nothing was measured."""
    weight: Float[np.ndarray, "n m"]
    """1/SD of each; 0 where nothing was measured."""
    middle: Float[np.ndarray, "n q"]
    precision: Float[np.ndarray, "n q q"]


@dataclass(frozen=True)
class Fit:
    """Of n people: the unknowns, the state of their orbit, and what follows from them to first order."""

    u: Float[np.ndarray, "n q"]
    x: Float[np.ndarray, "n f"]
    by_unknown: Float[np.ndarray, "n f q"]
    quantity: Float[np.ndarray, "n m"]
    slope: Float[np.ndarray, "n m q"]
    value: Float[np.ndarray, " n"]
    """Minus the logarithm of the posterior density, up to a constant."""
    hessian: Float[np.ndarray, "n q q"]
    off: Float[np.ndarray, " n"]
    converged: Bool[np.ndarray, " n"]


Base = Mapping[str, Float[np.ndarray, " n"]]


def run(x: Float[np.ndarray, "n f"], u: Float[np.ndarray, "n q"], base: Base) -> Pass:
    """`along` for any number of people, `LANES` at a time."""
    n = len(u)
    parts = []
    for first in range(0, n, LANES):
        who = np.minimum(np.arange(first, first + LANES), n - 1)
        part = along(jnp.asarray(x[who]), jnp.asarray(u[who]), {k: jnp.asarray(v[who]) for k, v in base.items()})
        parts.append([np.asarray(value)[: n - first] for value in part])
    return Pass(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def orbits(
    x: Float[np.ndarray, "n f"], u: Float[np.ndarray, "n q"], base: Base, limit: int = 10
) -> tuple[Float[np.ndarray, "n f"], Pass]:
    """The periodic orbits of people with `u` by Newton's method from `x`; who has found none is `off` by more."""
    x = np.array(x)
    found = run(x, u, base)
    for _ in range(limit):
        todo = ~(found.off < ON_ORBIT)
        if not todo.any():
            break
        step = np.nan_to_num(found.newton[todo])
        x[todo] += step * np.minimum(1.0, 200.0 / np.maximum(np.abs(step).max(1, keepdims=True), 1e-9))
        new = run(x[todo], u[todo], {k: v[todo] for k, v in base.items()})
        found = Pass(*(_put(old, todo, part) for old, part in zip(found, new, strict=True)))
    return x, found


def rest(u: Float[np.ndarray, "n q"], base: Base) -> Float[np.ndarray, "n f"]:
    """Where the search for an orbit begins."""
    return np.asarray(first_state(jnp.asarray(u.T), {k: jnp.asarray(v) for k, v in base.items()}))


def objective(u: Float[np.ndarray, "n q"], quantity: Float[np.ndarray, "n m"], seen: Seen) -> Float[np.ndarray, " n"]:
    """Minus the logarithm of the posterior density, up to a constant; infinite where the beat is not finite."""
    w = seen.weight * (seen.value - quantity)
    away = u - seen.middle
    value = 0.5 * (w * w).sum(1) + 0.5 * np.einsum("np,npq,nq->n", away, seen.precision, away)
    return np.where(np.isfinite(value), value, np.inf)


def minimise(seen: Seen, base: Base, u: Float[np.ndarray, "n q"] | None = None, x: np.ndarray | None = None) -> Fit:
    """The most probable unknowns of each person, from `u` (default: the prior's means)."""
    u = np.array(seen.middle if u is None else u)
    x, best = orbits(rest(u, base) if x is None else x, u, base)
    value = np.where(best.off < ON_ORBIT, objective(u, best.quantity, seen), np.inf)
    damping, done = np.full(len(u), 1e-3), ~np.isfinite(value)
    failed = done.copy()
    for _ in range(_STEPS):
        todo = np.flatnonzero(~done)
        if not len(todo):
            break
        now, own = Pass(*(part[todo] for part in best)), Seen(*(part[todo] for part in seen))
        some = {k: v[todo] for k, v in base.items()}
        du, remaining = _step(u[todo], now, own, damping[todo])
        trial = u[todo] + du
        near = x[todo] + now.newton + np.einsum("nfq,nq->nf", now.by_unknown, du)
        near, new = orbits(near, trial, some, limit=3)
        found = np.where(new.off < ON_ORBIT, objective(trial, new.quantity, own), np.inf)
        better = found <= value[todo]
        gained = value[todo] - found
        damping[todo] = np.clip(np.where(better, damping[todo] * 0.2, damping[todo] * 6.0), 1e-6, None)
        kept = todo[better]
        done[todo] = (better & (gained < 1e-3)) | (remaining < 1e-4) | (damping[todo] > 1e7)
        u[kept], x[kept], value[kept] = trial[better], near[better], found[better]
        best = Pass(*(_put(old, kept, part[better]) for old, part in zip(best, new, strict=True)))
    converged, ended = np.zeros(len(u), bool), np.flatnonzero(done & ~failed)
    at, own = Pass(*(part[ended] for part in best)), Seen(*(part[ended] for part in seen))
    converged[ended] = _step(u[ended], at, own, np.zeros(len(ended)))[1] < _AT_MODE
    hessian = curvature(best.slope, seen)
    return Fit(u, x, best.by_unknown, best.quantity, best.slope, value, hessian, best.off, converged)


def curvature(slope: Float[np.ndarray, "n m q"], seen: Seen) -> Float[np.ndarray, "n q q"]:
    """Gauss–Newton Hessian of the objective."""
    w = slope * seen.weight[:, :, None]
    return np.asarray(np.einsum("nmp,nmq->npq", w, w) + seen.precision)


def _step(u: np.ndarray, now: Pass, seen: Seen, damping: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The step of each person, at most 1.5 prior SD long in each unknown; and what a full Newton step would gain."""
    pull = seen.weight**2 * (seen.value - now.quantity)
    down = np.einsum("nmq,nm->nq", now.slope, pull) - np.einsum("npq,nq->np", seen.precision, u - seen.middle)
    hessian = curvature(now.slope, seen)
    diagonal = np.einsum("nqq->nq", hessian)
    ridge = hessian + damping[:, None, None] * np.eye(u.shape[1]) * diagonal[:, None, :]
    du = np.linalg.solve(ridge, down[..., None])[..., 0]
    spread = 1.0 / np.sqrt(np.einsum("nqq->nq", seen.precision))
    du *= np.minimum(1.0, 1.5 / np.maximum((np.abs(du) / spread).max(1, keepdims=True), 1e-12))
    newton = np.linalg.solve(hessian, down[..., None])[..., 0]
    return du, 0.5 * np.einsum("nq,nq->n", newton, down)


def _put(old: np.ndarray, where: np.ndarray, new: np.ndarray) -> np.ndarray:
    whole = np.array(old)
    whole[where] = new
    return whole
