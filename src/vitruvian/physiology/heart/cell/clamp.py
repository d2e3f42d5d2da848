"""Voltage clamp: the cell held at commanded voltages; gates, concentrations and currents follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vitruvian.core import InputError
from vitruvian.model import Values
from vitruvian.physiology.heart.cell.cell import Cell
from vitruvian.physiology.heart.cell.integrate import Moving, moving, step
from vitruvian.physiology.heart.cell.pacing import complete, placed
from vitruvian.physiology.heart.cell.routine import routine


class Hold(NamedTuple):
    """A part of a voltage protocol: from one voltage to another (a ramp), or held where both are the same."""

    voltage: float  # mV
    duration: float  # ms
    onto: float | None = None
    """Voltage at the end, mV; default: as at the beginning."""


class Clamped(NamedTuple):
    """A clamped cell; the first axis is time, and everything is in the middle of a step."""

    t: np.ndarray
    V: np.ndarray
    currents: dict[str, Any]
    """A/F."""
    y: Any
    """State at the end."""


def clamp(
    cell: Cell,
    p: Mapping[str, Any],
    protocol: Sequence[Hold],
    *,
    fixed: Sequence[str] = (),
    y: Any = None,
    dt: float = 0.05,
) -> Clamped:
    """Currents under a voltage protocol, begun at state `y` (default: the published one), in steps of at most `dt` ms.

    States in `fixed` (concentrations, as a pipette holds them) stay as they are. Raises `InputError` for an empty
    protocol, a duration or step not above 0, or a state that the cell lacks.
    """
    lengths = [dt, *(part.duration for part in protocol)]
    levels = [level for part in protocol for level in (part.voltage, part.onto) if level is not None]
    if not protocol or not all(0.0 < one < np.inf for one in lengths) or not np.isfinite(levels).all():
        allowed = "parts that last, finite voltages, steps above 0 ms"
        raise InputError("voltage protocol", got=list(protocol), allowed=allowed)
    if unknown := [name for name in fixed if name not in cell.State._fields or name == "V"]:
        raise InputError("states to hold", got=unknown, allowed=", ".join(cell.State._fields[1:]))
    p = complete(cell, p)
    steps, voltages = _commanded(protocol, dt)
    now, currents = _held(cell, moving(cell, placed(cell, y, p), p), steps, voltages, p, tuple(fixed))
    ends = np.cumsum(steps)
    return Clamped(ends - steps / 2.0, voltages, currents, now.y)


def _commanded(protocol: Sequence[Hold], dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the steps, and voltages in their middles."""
    lengths, voltages = [], []
    for part in protocol:
        count = int(np.ceil(part.duration / dt - 1e-9))
        share = (np.arange(count) + 0.5) / count
        end = part.voltage if part.onto is None else part.onto
        lengths.append(np.full(count, part.duration / count))
        voltages.append(part.voltage + share * (end - part.voltage))
    return np.concatenate(lengths), np.concatenate(voltages)


@partial(jax.jit, static_argnames=("cell", "fixed"))
def _held(
    cell: Cell, now: Moving, lengths: Any, voltages: Any, p: Values, fixed: tuple[str, ...]
) -> tuple[Moving, dict[str, Any]]:
    @routine
    def whole(now: Moving, lengths: Any, voltages: Any, p: Values) -> tuple[Moving, dict[str, Any]]:
        def one(now: Moving, row: Any) -> tuple[Moving, dict[str, Any]]:
            dt, voltage = row
            command = jnp.full_like(now.y.V, voltage)
            still = jnp.zeros_like(command)
            kept = {name: getattr(now.y, name) for name in fixed}
            at = Moving(now.y._replace(V=command), {**now.slopes, "V": still})
            then, currents = step(cell, at, jnp.stack([dt, 0.0, 0.0]), p)
            slopes = {name: still if name in fixed else slope for name, slope in then.slopes.items()}
            return Moving(then.y._replace(V=command, **kept), {**slopes, "V": still}), currents

        return lax.scan(one, now, (lengths, voltages))

    return whole(now, lengths, voltages, p)
