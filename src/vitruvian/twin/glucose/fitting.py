"""The most probable unknowns of many people at once: damped Gauss–Newton steps on whitened, robust residuals.

Residuals are an autoregression over time (the model's own error lasts) with Student-t innovations; unknowns are
standard normal, so the prior's part of the Hessian is the unit matrix.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from vitruvian.twin.glucose.path import STEP, Course, absorbed, appearance, glucose_path, placed, split, window
from vitruvian.twin.glucose.unknowns import PERSON, person_of

NU = 5.0
"""Degrees of freedom of the innovations."""


class Readings(NamedTuple):
    """Readings of n people on T edges, and of each the one before it."""

    value: Float[Array, "n t"]
    there: Float[Array, "n t"]
    """1 where there is a reading."""
    before: Int[Array, "n t"]
    """Edge of the reading before; itself for the first."""
    steps: Float[Array, "n t"]
    """Edges since the reading before; infinite for the first."""


class Noise(NamedTuple):
    """What is assumed of each person: SD of the residuals, mg/dL, the time over which they fade, min; and the prior.

    The prior of the person's q own unknowns, in SDs of the published prior: 0 and 1 without an earlier twin.
    """

    sd: Float[Array, " n"]
    minutes: Float[Array, " n"]
    middle: Float[Array, "n q"]
    spread: Float[Array, "n q"]


class Fit(NamedTuple):
    """Unknowns, the objective, half its gradient and Gauss–Newton Hessian, the path behind it."""

    z: Float[Array, "n p"]
    value: Float[Array, " n"]
    gradient: Float[Array, "n p"]
    hessian: Float[Array, "n p p"]
    path: Float[Array, "n t"]


def readings_of(glucose: Float[np.ndarray, "n t"]) -> Readings:
    """From glucose with NaN where there is no reading."""
    n, count = glucose.shape
    there = np.isfinite(glucose)
    edge = np.where(there, np.arange(count), -1)
    last = np.maximum.accumulate(edge, axis=1)
    before = np.concatenate([np.full((n, 1), -1), last[:, :-1]], axis=1)
    steps = np.where(before >= 0, np.arange(count) - before, np.inf)
    before = np.where(before >= 0, before, np.arange(count))
    return Readings(*map(jnp.asarray, (np.where(there, glucose, 0.0), there.astype(float), before, steps)))


def whitened(residual: Any, seen: Readings, noise: Noise) -> Any:
    """Innovations in units of their SD, 0 where there is no reading; `residual` (n, t)."""
    keep = jnp.exp(-STEP * seen.steps / noise.minutes[:, None])
    former = jnp.take_along_axis(residual, seen.before, axis=1)
    scale = noise.sd[:, None] * jnp.sqrt(jnp.maximum(1.0 - keep**2, 1e-6))
    return seen.there * (residual - keep * former) / scale


def objective(z: Float[Array, "n p"], course: Course, seen: Readings, noise: Noise) -> Float[Array, " n"]:
    """Minus the logarithm of the posterior density, up to a constant."""
    path = glucose_path(split(z)[0], absorbed(z, course), course).T
    return _value(z, whitened(seen.value - path, seen, noise), noise)


def _value(z: Any, w: Any, noise: Noise) -> Any:
    away, _ = _from_prior(z, noise)
    return 0.5 * (NU + 1.0) * jnp.log1p(w * w / NU).sum(-1) + 0.5 * (away * away).sum(-1)


def _from_prior(z: Any, noise: Noise) -> tuple[Any, Any]:
    """Unknowns less the prior's means, in its SDs; and those SDs."""
    rest = jnp.zeros((z.shape[0], z.shape[1] - noise.middle.shape[1]))
    spread = jnp.concatenate([noise.spread, rest + 1.0], axis=1)
    return (z - jnp.concatenate([noise.middle, rest], axis=1)) / spread, spread


def _tangents(z: Float[Array, "n p"], course: Course) -> tuple[Any, Any, Any]:
    """Appearance of all meals, and its derivatives and those of the person's unknowns, in each unknown (p first)."""
    own, meals = split(z)

    def whole(own: Any) -> Any:
        return placed(appearance(person_of(own), meals, course), course)

    unit = jnp.broadcast_to(jnp.eye(len(PERSON))[:, None, :], (len(PERSON), *own.shape))
    ra, by_own = jax.vmap(lambda e: jax.jvp(whole, (own,), (e,)), out_axes=(None, 0))(unit)
    ones = jnp.broadcast_to(jnp.eye(3)[:, None, None, :], (3, *meals.shape))
    by_meal = jax.vmap(lambda e: jax.jvp(lambda m: appearance(person_of(own), m, course), (meals,), (e,))[1])(ones)
    by_meal = _each_placed(by_meal, course)
    nothing = jnp.zeros((by_meal.shape[0], *own.shape))
    return ra, jnp.concatenate([by_own, by_meal]), jnp.concatenate([unit, nothing])


def _each_placed(by_meal: Float[Array, "3 n m w"], course: Course) -> Float[Array, "q t n"]:
    """Each meal's derivatives on the steps of the course, meal by meal."""
    _, n, m, _ = by_meal.shape
    steps = course.fast.shape[0]
    at = window(course)
    at = jnp.where((at >= 0) & (at < steps), at, steps)
    meal, person = jnp.arange(m)[None, :, None], jnp.arange(n)[:, None, None]
    found = jnp.zeros((m, 3, steps + 1, n))
    for k in range(3):
        found = found.at[meal, k, at, person].add(by_meal[k])
    return found[:, :, :steps].reshape(3 * m, steps, n)


def evaluate(z: Float[Array, "n p"], course: Course, seen: Readings, noise: Noise) -> Fit:
    """Objective with its derivatives: a meal moves the path only through its appearance, known in closed form."""
    ra, by_ra, by_own = _tangents(z, course)
    own = split(z)[0]

    def path_of(own: Any, ra: Any) -> Any:
        return glucose_path(own, ra, course)

    path = path_of(own, ra).T
    jacobian = jax.vmap(lambda e, r: jax.jvp(path_of, (own, ra), (e, r))[1])(by_own, by_ra)
    w = whitened(seen.value - path, seen, noise)
    slopes = jax.vmap(lambda j: whitened(-j.T, seen, noise))(jacobian)
    weight = (NU + 1.0) / (NU + w * w)
    away, spread = _from_prior(z, noise)
    gradient = jnp.einsum("pnt,nt->np", slopes, weight * w) + away / spread
    hessian = jnp.einsum("pnt,nt,qnt->npq", slopes, weight, slopes)
    hessian += jnp.eye(z.shape[-1]) / spread[:, None] ** 2
    return Fit(z, _value(z, w, noise), gradient, hessian, path)


@jax.jit
def _step(
    best: Fit, damping: Any, trial: Any, course: Course, seen: Readings, noise: Noise
) -> tuple[Fit, Any, Any, Any]:
    """Accept the trial where it is better; the next trial, the damping, and whether each search has ended."""
    new = evaluate(trial, course, seen, noise)
    better = (new.value <= best.value) & jnp.isfinite(new.value) & jnp.isfinite(new.hessian).all((-1, -2))
    gained = jnp.where(jnp.isfinite(best.value), best.value - new.value, jnp.inf)

    def chosen(a: Any, b: Any) -> Any:
        return jnp.where(better.reshape(-1, *[1] * (a.ndim - 1)), a, b)

    best = jax.tree.map(chosen, new, best)
    damping = jnp.where(better, damping * 0.3, damping * 5.0)
    ridge = damping[:, None, None] * (jnp.eye(trial.shape[-1]) * jnp.diagonal(best.hessian, axis1=1, axis2=2)[:, None])
    step = -jnp.linalg.solve(best.hessian + ridge, best.gradient[..., None])[..., 0]
    longest = jnp.abs(step).max(-1, keepdims=True)
    step = step * jnp.minimum(1.0, 1.5 / jnp.maximum(longest, 1e-12))
    done = (better & (gained < 0.01)) | (damping > 1e6)
    return best, damping, best.z + step, done


def minimise(
    z: Float[Array, "n p"], course: Course, seen: Readings, noise: Noise, limit: int = 40
) -> tuple[Fit, Bool[np.ndarray, " n"]]:
    """Minima from `z`, and which searches have come to one within `limit` evaluations."""
    n, p = z.shape
    # arrays from NumPy: JAX's own fillers are of a weaker type, and the step would be compiled twice
    hessian = np.broadcast_to(np.eye(p), (n, p, p))
    filled = (np.full(n, np.inf), np.zeros((n, p)), hessian, np.zeros(seen.value.shape))
    best = Fit(z, *(jnp.asarray(x) for x in filled))
    damping, trial = jnp.asarray(np.full(n, 1e-2)), z
    ended = np.zeros(n, bool)
    for _ in range(limit):
        best, damping, trial, done = _step(best, damping, trial, course, seen, noise)
        ended |= np.asarray(done)
        if ended.all():
            break
    return best, ended


def noise_of(fit: Fit, seen: Readings, noise: Noise) -> Noise:
    """The noise whose scale explains the innovations of a fit; how long it lasts is not changed.

    The fixed point of the Student-t's scale; within 5 to 30 mg/dL, so that a few readings decide nothing.
    """
    w = whitened(seen.value - fit.path, seen, noise)
    square = ((NU + 1.0) / (NU + w * w) * w * w).sum(-1) / jnp.maximum(seen.there.sum(-1), 1.0)
    return noise._replace(sd=jnp.clip(noise.sd * jnp.sqrt(square), 5.0, 30.0))


@jax.jit
def values(z: Float[Array, "n p"], course: Course, seen: Readings, noise: Noise) -> Float[Array, " n"]:
    """`objective`, compiled."""
    return objective(z, course, seen, noise)
