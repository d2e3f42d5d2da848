"""Cells through time, all at once: gates and stiff slopes exponentially, chains of channel states implicitly.

One step, of second order. Voltage and concentrations are foretold half a step ahead from their last slopes; there the
rates are taken, gates and chains are carried to the middle, and the slopes that follow from the middle move everything
over the whole step: gates exactly for these rates (but for the exponential), stiff slopes exponentially by their decay.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from vitruvian.model import Values
from vitruvian.physiology.heart.cell.cell import Cell, Gate
from vitruvian.physiology.heart.cell.chains import propagated
from vitruvian.physiology.heart.cell.routine import routine


class Moving(NamedTuple):
    """A cell on its way: its state, and the last slopes of the states that are no gates and in no chain."""

    y: Any
    slopes: dict[str, Any]


def moving(cell: Cell, y: Any, p: Values) -> Moving:
    """Cells at state `y`, taken to be at rest."""
    found = jax.eval_shape(lambda y: cell.rates(y, p).slopes, y)
    return Moving(y, {name: jnp.zeros_like(y.V) for name in found})


def step(cell: Cell, now: Moving, row: Any, p: Values) -> tuple[Moving, dict[str, Any]]:
    """The cells one step (length, stimulus, its jump) later, and their currents in the middle of it."""
    dt, stimulus, jump = row[0], row[1], row[2]
    y, half = now.y, 0.5 * row[0]
    pulled = {"V": -1.0, **cell.carried}
    ahead = {
        name: getattr(y, name) + half * (slope + pulled[name] * jump if name in pulled else slope)
        for name, slope in now.slopes.items()
    }
    middle = y._replace(**ahead)
    first = cell.rates(middle, p)
    inside = {name: _gate(getattr(y, name), gate, half)[0] for name, gate in first.gates.items()}
    for chain in first.chains:
        ends = propagated(chain, y, dt)
        inside |= {name: 0.5 * (getattr(y, name) + end) for name, end in ends.items()}
    rates = cell.rates(middle._replace(**inside), p)
    moved = {name: _gate(getattr(y, name), gate, half)[1] for name, gate in rates.gates.items()}
    for chain in rates.chains:
        moved |= propagated(chain, y, dt)
    slopes = {}
    for name, slope in rates.slopes.items():
        slope = slope + pulled[name] * stimulus if name in pulled else slope
        if name in rates.decay:
            decay = rates.decay[name]
            slope = (slope + decay * (ahead[name] - getattr(y, name))) * _mean_decay(decay * dt)
        slopes[name] = slope
        moved[name] = getattr(y, name) + dt * slope
    return Moving(y._replace(**moved), slopes), rates.currents


def _gate(y: Any, gate: Gate, half: Any) -> tuple[Any, Any]:
    """The gate after half a step and after a whole one."""
    b = gate.rate * half
    kept = 1.0 / (1.0 + b * (1.0 + b * (0.5 + b * (1.0 / 6.0))))  # exp(−b), never negative
    away = (y - gate.steady) * kept
    return gate.steady + away, gate.steady + away * kept


def _mean_decay(a: Any) -> Any:
    """(1 − exp(−a))/a, to second order and positive."""
    return (1.0 + 0.5 * a) / (1.0 + a * (1.0 + 0.5 * a))


@partial(jax.jit, static_argnames=("cell",))
def through(cell: Cell, now: Moving, rows: Any, fine: Any, used: Any, beats: Any, p: Values) -> tuple[Moving, Any]:
    """The cells after `beats` times the first `used` rows, and the highest voltage met after the `fine` ones."""

    @routine
    def all_beats(now: Moving, rows: Any, fine: Any, used: Any, beats: Any, p: Values) -> tuple[Moving, Any]:
        def onward(i: Any, now: Moving) -> Moving:
            return step(cell, now, rows[i], p)[0]

        def watched(i: Any, carry: tuple[Moving, Any]) -> tuple[Moving, Any]:
            now = onward(i, carry[0])
            return now, jnp.maximum(carry[1], now.y.V)

        def beat(_: Any, carry: tuple[Moving, Any]) -> tuple[Moving, Any]:
            now = lax.fori_loop(0, fine, onward, carry[0])
            return lax.fori_loop(fine, used, watched, (now, carry[1]))

        return lax.fori_loop(0, beats, beat, (now, jnp.full_like(now.y.V, -jnp.inf)))

    return all_beats(now, rows, fine, used, beats, p)


class Traced(NamedTuple):
    """What was written down of one beat; the first axis is time, the start first, the last value repeated."""

    V: Any
    calcium: Any
    currents: dict[str, Any]
    integrals: dict[str, Any]


@partial(jax.jit, static_argnames=("cell", "integrals", "currents"))
def traced(
    cell: Cell,
    now: Moving,
    rows: Any,
    fine: Any,
    p: Values,
    integrals: tuple[str, ...] = (),
    currents: tuple[str, ...] = (),
) -> tuple[Moving, Any, Traced]:
    """One beat like `through`, written down: voltage, calcium, `currents`, and `integrals` of currents in A/F·ms."""
    zero = jnp.zeros_like(now.y.V)

    def calcium(y: Any) -> Any:
        return getattr(y, cell.calcium) if cell.calcium else zero

    @routine
    def beat(now: Moving, rows: Any, p: Values) -> tuple[Moving, Any]:
        def one(now: Moving, row: Any) -> tuple[Moving, Any]:
            now, flowing = step(cell, now, row, p)  # rows of no length, at the end, change nothing
            return now, (now.y.V, calcium(now.y), {name: flowing[name] for name in wanted})

        return lax.scan(one, now, rows)

    wanted = dict.fromkeys((*integrals, *currents))
    start = (now.y.V, calcium(now.y))
    then, (v, ca, flows) = beat(now, rows, p)
    late = jnp.max(v, axis=0, initial=-jnp.inf, where=_column(jnp.arange(rows.shape[0]) >= fine, v))
    summed = {name: jnp.tensordot(rows[:, 0], flows[name], 1) for name in integrals}
    joined = [jnp.concatenate([a[None], b]) for a, b in zip(start, (v, ca), strict=True)]
    return then, late, Traced(joined[0], joined[1], {name: flows[name] for name in currents}, summed)


def _column(x: Any, like: Any) -> Any:
    return jnp.broadcast_to(x.reshape((-1,) + (1,) * (like.ndim - 1)), like.shape)
