"""When each event happens, and in what order. One definition for both worlds: NumPy beforehand, JAX under trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from vitruvian.model.events import ARRIVES, ENDS, EventTable


class Given(NamedTuple):
    """Per dose (…, D): what enters, from when and for how long, after bioavailability, lag and modelled quantities."""

    amount: Any
    rate: Any
    duration: Any
    lag: Any


class Timing(NamedTuple):
    """Events in table order: doses, ends of infusions, steady states, ends of their overlaps, resets, changes (…, M).

    `on` tells whether the event happens; one that does not lies at the start, where it does nothing.
    """

    time: Any
    priority: Any
    on: Any


def timing(xp: Any, t: EventTable, given: Given) -> Timing:
    """Times and priorities of all events; `xp` is numpy or jax.numpy."""
    d, s = t.doses, t.steady
    start = t.start[..., None]
    arrival = d.time + given.lag
    # what arrives just when all is cancelled is seen by records of that time that come first
    arrives = (d.amount > 0) & (arrival <= d.cancel)
    shape = arrival.shape
    parts = [(arrival, xp.where(given.lag > 0, ARRIVES, d.priority), arrives)]
    end = xp.take_along_axis(arrival + given.duration, xp.maximum(t.infusion, 0), -1)
    runs = xp.take_along_axis(arrives, xp.maximum(t.infusion, 0), -1) & (t.infusion >= 0)
    before = end < xp.take_along_axis(xp.broadcast_to(d.cancel, shape), xp.maximum(t.infusion, 0), -1)
    parts.append((end, xp.full(end.shape, ENDS), runs & before))
    at = xp.take_along_axis(xp.broadcast_to(d.time, shape), s.dose, -1)
    parts.append((at, s.priority, s.exists))
    if t.overlaps:
        parts.append(_overlap_ends(xp, t, given, at))
    parts.append((t.resets.time, t.resets.priority, t.resets.exists))
    parts.append((t.changes.time, xp.full(t.changes.time.shape, xp.inf), t.changes.exists))
    on = xp.concatenate([p[2] for p in parts], -1)
    time = xp.where(on, xp.concatenate([p[0] for p in parts], -1), start)
    return Timing(time, xp.where(on, xp.concatenate([p[1] for p in parts], -1), -xp.inf), on)


def _overlap_ends(xp: Any, t: EventTable, given: Given, at: Any) -> tuple[Any, Any, Any]:
    """Ends of the earlier infusions of a steady state that still run at its record, latest first (…, S·overlaps)."""
    left = remaining(xp, t, given)
    cancel = xp.take_along_axis(xp.broadcast_to(t.doses.cancel, given.duration.shape), t.steady.dose, -1)
    end = at[..., None] + left
    on = (left > 0) & (end < cancel[..., None]) & t.steady.exists[..., None]
    shape = (*end.shape[:-2], end.shape[-2] * end.shape[-1])
    return end.reshape(shape), xp.full(shape, ENDS), on.reshape(shape)


def remaining(xp: Any, t: EventTable, given: Given) -> Any:
    """How long each earlier infusion of a steady state still runs after its record; ≤ 0: over (…, S, overlaps)."""
    pick = t.steady.dose
    total = xp.take_along_axis(given.duration + given.lag, pick, -1)
    infusion = (xp.take_along_axis(given.duration, pick, -1) > 0) & (t.steady.interval > 0)
    back = xp.arange(1, t.overlaps + 1) * t.steady.interval[..., None]
    return xp.where(infusion[..., None], total[..., None] - back, 0.0)


def in_order(time: Any, priority: Any) -> Any:
    """Positions of events in order of time, then priority (traced; one person)."""
    index = jnp.arange(time.shape[0])
    keys = (lax.stop_gradient(time), jnp.broadcast_to(priority, time.shape).astype(float), index)
    return lax.sort(keys, num_keys=2)[2]


def last_before(time: Any, priority: Any, seen_time: Any, seen_priority: Any) -> Any:
    """Number of events that come before each observation: (…, M) and (…, K) → (…, K)."""
    t, p, o, q = time[..., None, :], priority[..., None, :], seen_time[..., None], seen_priority[..., None]
    return ((t < o) | ((t == o) & (p < q))).sum(-1)


def order_events(t: EventTable) -> EventTable:
    """The table with the order of its events, where no parameter moves them."""
    d = t.doses
    duration = np.where(d.rate > 0, d.amount / np.where(d.rate > 0, d.rate, 1.0), 0.0)
    when = timing(np, t, Given(d.amount, d.rate, duration, np.zeros_like(d.time)))
    order = np.lexsort((when.priority, when.time), axis=-1).astype(np.int32)
    seen = t.observations
    last = np.stack(
        [last_before(a, b, c, e) for a, b, c, e in zip(when.time, when.priority, seen.time, seen.priority, strict=True)]
    )
    return replace(t, order=order, observations=replace(seen, last=last.astype(np.int32)))
