"""What each event does to the state, in order of time, for one person's individual quantities (traced)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from vitruvian.model.events import EventTable
from vitruvian.model.events_timing import Given, in_order, last_before, remaining, timing
from vitruvian.model.model import Model, Values


class Steady(NamedTuple):
    """A series of equal doses without end: what enters `compartment` every `interval` (0: without pause).

    Asked is the state `phase` after a dose, 0 < phase ≤ interval. `duration` 0 is a bolus.
    """

    compartment: Any
    amount: Any
    rate: Any
    duration: Any
    interval: Any
    phase: Any


class Events(NamedTuple):
    """Events in order, the first one the beginning: at `time` the state becomes keep·y + add and the input
    keep·R + rate; then row `row` of the individual quantities holds. (M,) and (M, n).
    """

    time: Float[Array, " m"]
    keep: Bool[Array, " m"]
    add: Float[Array, "m n"]
    rate: Float[Array, "m n"]
    row: Int[Array, " m"]


def individual_rows(model: Model, row: EventTable, theta: Values, eta: Float[Array, " e"]) -> dict[str, Any]:
    """Individual quantities for every distinct row of covariates: arrays (C,), or scalars where there is one row."""
    if row.occasion.shape[0] == 1:
        return model.individual(theta, eta, {k: v[0] for k, v in row.covariates.items()}, row.occasion[0])
    return jax.vmap(lambda c, occasion: model.individual(theta, eta, c, occasion))(row.covariates, row.occasion)


def pick(p: Any, rows: int, index: Any) -> Any:
    """Row `index` of what `individual_rows` (or a map over it) returned; `rows` is the number of distinct rows."""
    return p if rows == 1 else jax.tree.map(lambda leaf: jnp.asarray(leaf)[index], p)


def over_rows(function: Callable[[Any], Any], p: Any, rows: int) -> Any:
    """`function` of each row of individual quantities."""
    return function(p) if rows == 1 else jax.vmap(function)(p)


def arrange(
    model: Model, row: EventTable, p: dict[str, Any], periodic: Callable[[Any, Steady], Float[Array, " n"]]
) -> tuple[Events, Int[Array, " k"]]:
    """Events of one person in order, and for each observation the last event before it.

    `periodic(p, steady)` gives the state of a steady state; solvers bring their own.
    """
    rows, n = row.occasion.shape[0], len(model.compartments)
    given = _given(model, row, p, rows)
    when = timing(jnp, row, given)
    place = jax.nn.one_hot(row.doses.compartment, n)
    nothing = [jnp.zeros((row.infusion.shape[0], n))]
    infused = row.doses.rate != 0
    add = [place * jnp.where(infused, 0.0, given.amount)[:, None]]
    rate = [place * given.rate[:, None], -(place * given.rate[:, None])[jnp.maximum(row.infusion, 0)]]
    add += nothing
    states, running, ends = _steady(row, p, rows, given, periodic, place)
    add += [states, jnp.zeros_like(ends)]
    rate += [running, -ends]
    reset = over_rows(model.initial, p, rows)
    reset = jnp.broadcast_to(pick(reset, rows, row.resets.row), (row.resets.time.shape[0], n))
    changes = jnp.zeros((row.changes.time.shape[0], n))
    zero = jnp.zeros_like(reset)
    add, rate = [*add, reset, changes], [*rate, zero, changes]
    keep: list[Any] = [
        jnp.ones(when.time.shape[0] - reset.shape[0] - changes.shape[0] - states.shape[0] - ends.shape[0], bool)
    ]
    keep += [row.steady.adds | ~row.steady.exists, jnp.ones(ends.shape[0], bool), ~row.resets.exists]
    keep += [jnp.ones(changes.shape[0], bool)]
    order = row.order if row.ordered else in_order(when.time, when.priority)
    changed = (jnp.arange(when.time.shape[0]) >= when.time.shape[0] - changes.shape[0]) & when.on
    begin = pick(over_rows(model.initial, p, rows), rows, row.start_row)
    events = Events(
        jnp.concatenate([row.start[None], when.time[order]]),
        jnp.concatenate([jnp.zeros(1, bool), jnp.concatenate(keep)[order]]),
        jnp.concatenate([begin[None], (jnp.concatenate(add) * when.on[:, None])[order]]),
        jnp.concatenate([jnp.zeros((1, n)), (jnp.concatenate(rate) * when.on[:, None])[order]]),
        _rows_in_force(row, changed[order]),
    )
    seen = row.observations
    last: Any = seen.last if row.ordered else last_before(when.time, when.priority, seen.time, seen.priority)
    return events, jnp.asarray(last)


def _rows_in_force(row: EventTable, changed: Bool[Array, " m"]) -> Int[Array, " m1"]:
    count = jnp.concatenate([jnp.zeros(1, int), jnp.cumsum(changed)])
    return jnp.concatenate([row.start_row[None], row.changes.row])[count]


def _given(model: Model, row: EventTable, p: dict[str, Any], rows: int) -> Given:
    """What each dose is after bioavailability, lag, modelled rate and modelled duration (D,)."""
    d = row.doses
    dosing = over_rows(model.dosing, p, rows)

    def quantity(key: str, default: float) -> Any:
        if not any(key in quantities for quantities in dosing.values()):
            return jnp.full(d.time.shape, default)
        columns = [dosing.get(name, {}).get(key, default) for name in model.compartments]
        table = jnp.stack([jnp.broadcast_to(jnp.asarray(c, dtype=float), (rows,)) for c in columns])
        return table[d.compartment, d.row]

    amount, lag = quantity("F", 1.0) * d.amount, quantity("LAG", 0.0)
    rate = jnp.where(d.rate > 0, d.rate, 1.0)
    modelled = (d.rate == -1) | (d.rate == -2)
    if "RATE" in {k for q in dosing.values() for k in q}:
        rate = jnp.where(d.rate == -1, quantity("RATE", 1.0), rate)
    duration = amount / rate
    if "DUR" in {k for q in dosing.values() for k in q}:
        duration = jnp.where(d.rate == -2, quantity("DUR", 1.0), duration)
        rate = jnp.where(d.rate == -2, amount / jnp.where(d.rate == -2, duration, 1.0), rate)
    # nothing available or no time to run: nothing runs; a constant infusion has no amount
    infused = ((d.rate > 0) | modelled) & ((duration > 0) | (d.amount == 0))
    return Given(amount, jnp.where(infused, rate, 0.0), jnp.where(infused, duration, 0.0), lag)


def _steady(
    row: EventTable, p: dict[str, Any], rows: int, given: Given, periodic: Any, place: Any
) -> tuple[Any, Any, Any]:
    """States of the steady-state records (S, n), inputs that run there (S, n), and what ends later (S·overlaps, n)."""
    s, n = row.steady, place.shape[-1]
    if not s.dose.shape[0]:
        return jnp.zeros((0, n)), jnp.zeros((0, n)), jnp.zeros((0, n))
    amount, rate, duration, lag = (x[s.dose] for x in given)
    # padding and constant infusions get an interval that cannot divide by zero
    interval = jnp.where(s.interval > 0, s.interval, 1.0)
    asked = Steady(row.doses.compartment[s.dose], amount, rate, duration, s.interval, interval - lag)
    if rows == 1:
        states = jax.vmap(lambda x: periodic(p, x))(asked)
    else:
        states = jax.vmap(periodic)(pick(p, rows, row.doses.row[s.dose]), asked)
    runs = remaining(jnp, row, given) > 0
    # a lag of II or more has no phase, and more overlaps than slots cannot be shown: NaN, an error on the host
    legal = (s.interval == 0) | ((lag < interval) & (duration + lag <= (row.overlaps + 1) * interval))
    states = jnp.where((legal | ~s.exists)[:, None], jnp.where(s.exists[:, None], states, 0.0), jnp.nan)
    each = place[s.dose] * rate[:, None]
    return states, each * runs.sum(-1)[:, None], jnp.repeat(each, row.overlaps, axis=0)
