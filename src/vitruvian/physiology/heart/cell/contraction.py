"""The force of a cell that is paced: its calcium, beat after beat, through Land's model of heart muscle."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from vitruvian.core import InputError
from vitruvian.model import Values, advance
from vitruvian.physiology.heart.cell.land_2017 import LAND_2017, Sarcomere

STEP = 0.5  # ms


class Contraction(NamedTuple):
    """One beat; times in ms from its start, tensions in kPa, arrays (T,) or (T, n)."""

    t: Any
    active: Any
    passive: Any

    @property
    def peak(self) -> Any:
        """Largest active tension."""
        return jnp.max(self.active, axis=0)

    @property
    def rest(self) -> Any:
        """Active tension where the beat begins."""
        return self.active[0]

    @property
    def time_to_peak(self) -> Any:
        """From the start of the beat, ms."""
        return self.t[jnp.argmax(self.active, axis=0)]


def contraction(t: Any, calcium: Any, *, stretch: Any = 1.0, beats: int = 10, p: Values | None = None) -> Contraction:
    """The last of `beats` alike: calcium in mM at times `t` of one beat, (T,) or (T, n), as `Paced` has them.

    `stretch` is the length over that at rest, one number or one at each time. `p` are parameters that differ from
    Land's, which ask for transients of 0.6 µM and more: `BEHIND_A_CELL` suits those of human cell models.
    Raises `InputError` for times that do not rise, calcium below zero or no beat.
    """
    t, calcium = jnp.asarray(t, float), jnp.asarray(calcium, float)
    if beats < 1 or t.ndim != 1 or t.shape[0] != calcium.shape[0] or not bool(jnp.all(jnp.diff(t) >= 0.0)):
        raise InputError("a contraction needs a beat of calcium at rising times", got=(t.shape, calcium.shape, beats))
    if not bool(jnp.all(calcium >= 0.0)):
        raise InputError("calcium cannot be below zero", got=float(jnp.min(calcium)), allowed="0 mM or more")
    known = LAND_2017.typical
    for name in p or {}:
        LAND_2017.parameter(name)
    times = jnp.arange(0.0, float(t[-1] - t[0]) + 1e-9, STEP)
    at = jnp.broadcast_to(jnp.asarray(stretch, float), t.shape)
    shape = calcium.shape[1:]
    parameters = {name: jnp.broadcast_to(jnp.asarray((p or {}).get(name, known[name]), float), shape) for name in known}
    each = jax.vmap(lambda one: jnp.interp(times, t - t[0], one), in_axes=1, out_axes=1)
    sampled = each(calcium.reshape(len(t), -1)).reshape(len(times), *shape)
    active, passive = _beaten(sampled, jnp.interp(times, t - t[0], at), parameters, beats)
    return Contraction(times, active, passive)


@jax.jit
def _beaten(calcium: Any, stretch: Any, p: Values, beats: Any) -> tuple[Any, Any]:
    """Tensions of the last beat."""
    rate = jnp.diff(stretch, append=stretch[:1]) / STEP
    inputs = (calcium, stretch, rate)

    def one(y: Any, row: Any) -> tuple[Any, Any]:
        u = Sarcomere(row[0], row[1] + jnp.zeros_like(row[0]), row[2])
        felt = LAND_2017.tension(y, u, p)
        return advance(LAND_2017, y, u, p, STEP), (felt["active"], felt["passive"])

    first = LAND_2017.steady(p)
    y = lax.fori_loop(0, beats - 1, lambda _, y: lax.scan(one, y, inputs)[0], first)
    found: tuple[Any, Any] = lax.scan(one, y, inputs)[1]
    return found
