"""Pacing: cells driven by stimuli until they are settled, and what the last beats look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.core import InputError, SolveError, UnknownNameError
from vitruvian.model import Values, check_values
from vitruvian.physiology.heart.cell.biomarkers import Biomarkers, Flags, flags
from vitruvian.physiology.heart.cell.cell import Cell, Stimulus
from vitruvian.physiology.heart.cell.course import Course, Look
from vitruvian.physiology.heart.cell.steps import Fineness

LOOKED_AT = 4
"""Last beats that flags are found in."""


@dataclass(frozen=True)
class Paced:
    """Cells after pacing. The first axis of traces is time, from the stimulus of the first kept beat; cells come last.

    `integrals` are of the last beat, in A/F·ms = nC/µF (a thousandth of a µC/µF).
    """

    cell: Cell
    p: dict[str, Any]
    """All parameters."""
    y: Any
    """State at the end."""
    t: np.ndarray
    V: Any
    calcium: Any
    integrals: dict[str, Any]
    biomarkers: Biomarkers
    flags: Flags
    beats: int
    """Beats that were run."""
    _course: Course
    _kept: tuple[Look, ...]

    def current(self, name: str) -> Any:
        """A current over the kept beats, A/F, in the middle of each step: (T − 1, …) beside the middles of `t`."""
        if name not in self.currents:
            raise UnknownNameError(
                f"model {self.cell.name} has no such current", got=name, allowed=", ".join(self.currents)
            )
        return self.currents[name]

    @cached_property
    def currents(self) -> dict[str, Any]:
        """Every current over the kept beats; they are computed when first asked for."""
        pieces = [self._course.currents(look, current_names(self.cell)) for look in self._kept]
        return {name: jnp.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def pace(
    cell: Cell,
    p: Mapping[str, Any],
    *,
    cycle_length: float = 1000.0,
    beats: int = 100,
    y: Any = None,
    integrals: Sequence[str] = (),
    keep: int = 1,
    until: float | None = None,
    stimulus: Stimulus | None = None,
    fineness: Fineness = Fineness(),
) -> Paced:
    """Cells after `beats` stimuli `cycle_length` ms apart, begun at state `y`; of both, the published by default.

    `p` maps parameters to floats or (n,) arrays; what it lacks has its published value. The last `keep` beats are
    traced; `integrals` names currents integrated over the last beat; with `until`, pacing ends early once APD90 and
    the integrals of all cells change by less than this share over 11 beats. Raises `InputError`, `UnknownNameError`.
    """
    if not 0.0 < cycle_length < np.inf or beats < 1 or keep < 1:
        raise InputError("pacing needs beats and time", got=(cycle_length, beats, keep), allowed="above 0, finite")
    p = complete(cell, p)
    pulse, wanted = stimulus or cell.stimulus, tuple(integrals)
    looked_at = min(max(keep, LOOKED_AT), beats)
    course = Course(cell, p, placed(cell, y, p), fineness)
    done = beats - looked_at
    if until is None:
        course.onward(cycle_length, pulse, done)
    else:
        done = course.settle(cycle_length, pulse, done, until, wanted)
    seen = [course.look(cycle_length, pulse, wanted) for _ in range(looked_at)]
    return summed_up(course, p, seen, keep, done + looked_at)


def complete(cell: Cell, p: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of the cell in one shape, () or (n,), published values where `p` tells none.

    Raises `UnknownNameError`, and `InputError` for values out of bounds or arrays of another shape.
    """
    known = cell.typical
    for name in p:
        cell.parameter(name)
    check_values(cell.parameters, {k: v for k, v in p.items() if not isinstance(v, jax.core.Tracer)})
    shape = np.broadcast_shapes(*(np.shape(value) for value in p.values()))
    if len(shape) > 1 or shape == (0,):
        raise InputError("cells lie along one axis", got=f"shape {shape}", allowed="numbers, or arrays (n,)")
    return {name: jnp.broadcast_to(jnp.asarray(p.get(name, known[name]), float), shape) for name in known}


def placed(cell: Cell, y: Any, p: Values) -> Any:
    """State `y` (default: the published one) in the shape of the parameters."""
    if y is None:
        return cell.steady(p)
    shape = next(iter(p.values())).shape
    return cell.State(*(jnp.broadcast_to(jnp.asarray(value, float), shape) for value in y))


def summed_up(course: Course, p: dict[str, Any], seen: list[Look], keep: int, beats: int) -> Paced:
    """What was seen of a course, the last `keep` traces of it."""
    kept, last = seen[-keep:], seen[-1]
    times, voltages, calciums, began = [], [], [], 0.0
    for look in kept:
        end = look.grid.used + (look is last)
        times.append(began + look.grid.t[:end])
        voltages.append(look.trace.V[:end])
        calciums.append(look.trace.calcium[:end])
        began += float(look.grid.t[-1])
    _refuse_blown_up(last.trace.V, beats)
    found = flags([one.abnormal for one in seen], [one.biomarkers.apd90 for one in seen])
    traces = np.concatenate(times), jnp.concatenate(voltages), jnp.concatenate(calciums)
    return Paced(
        course.cell, p, course.y, *traces, last.trace.integrals, last.biomarkers, found, beats, course, tuple(kept)
    )


def _refuse_blown_up(v: Any, beats: int) -> None:
    """Raises `SolveError` where a voltage is no number: that is a failed solution, never a finding."""
    if isinstance(v, jax.core.Tracer):
        return
    lost = np.flatnonzero(~np.isfinite(np.asarray(v)).all(axis=0))
    if np.size(lost):
        raise SolveError(
            "a cell has no solution any more",
            got=f"no voltage in beat {beats} of {np.size(lost)} cells, the first is number {int(lost[0])}",
            allowed="finite voltages",
            todo="Check its parameters, or take a smaller Fineness.",
        )


@cache
def current_names(cell: Cell) -> tuple[str, ...]:
    """Currents that the model computes."""
    return tuple(jax.eval_shape(lambda p: cell.rates(cell.steady(p), p).currents, cell.typical))
