"""Pacing: cells driven by stimuli until they are settled, and what the last beats look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np

from vitruvian.core import InputError, UnknownNameError
from vitruvian.model import Values
from vitruvian.physiology.heart.cell.biomarkers import Biomarkers, Flags, flags, measured
from vitruvian.physiology.heart.cell.cell import Cell, Stimulus
from vitruvian.physiology.heart.cell.integrate import Moving, Traced, moving, through, traced
from vitruvian.physiology.heart.cell.steps import Fineness, Steps, steps

ZONE = 460.0
"""Length of the fine steps that is tried first, ms."""
_LONGER = 1.5
_AWAKE = 20.0  # mV above rest: an action potential, or one that is not over
_LOOKED_AT = 4  # last beats that flags are found in
_BLOCK = 11  # beats between two looks at whether the beat repeats; odd, so that alternating beats never seem to


@dataclass(frozen=True)
class Paced:
    """Cells after pacing. The first axis of traces is time, from the stimulus of the first kept beat; cells come last.

    `integrals` are of the last beat, in A/F·ms = nC/µF (a thousandth of a µC/µF).
    """

    cell: Cell
    p: Values
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
    _kept: tuple[tuple[Moving, Steps], ...]

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
        names = tuple(self.cell.rates(self.y, self.p).currents)
        pieces = []
        for start, grid in self._kept:
            found = traced(self.cell, start, grid.rows, grid.fine, self.p, (), names)[2].currents
            pieces.append({name: value[: grid.used] for name, value in found.items()})
        return {name: jnp.concatenate([piece[name] for piece in pieces]) for name in names}


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
    if cycle_length <= 0.0 or beats < 1 or keep < 1:
        raise InputError("pacing needs beats and time", got=(cycle_length, beats, keep), allowed="above 0")
    p = complete(cell, p)
    looked_at = min(max(keep, _LOOKED_AT), beats)
    start = moving(cell, _state(cell, y, p), p)
    run = _Run(cell, p, cycle_length, stimulus or cell.stimulus, fineness, start, tuple(integrals))
    done = run.settle(beats - looked_at, until)
    seen = [run.look() for _ in range(looked_at)]
    return _paced(run, seen, keep, done + looked_at)


def complete(cell: Cell, p: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of the cell in one shape, published values where `p` tells none; raises `UnknownNameError`."""
    known = cell.typical
    for name in p:
        cell.parameter(name)
    shape = np.broadcast_shapes(*(np.shape(value) for value in p.values()))
    return {name: jnp.broadcast_to(jnp.asarray(p.get(name, known[name]), float), shape) for name in known}


def _state(cell: Cell, y: Any, p: Values) -> Any:
    if y is None:
        return cell.steady(p)
    shape = next(iter(p.values())).shape
    return cell.State(*(jnp.broadcast_to(jnp.asarray(value, float), shape) for value in y))


class _Look:
    """One beat that was written down."""

    def __init__(self, start: Moving, grid: Steps, trace: Traced) -> None:
        self.start, self.grid, self.trace = start, grid, trace
        self.biomarkers, self.abnormal = measured(grid.t, trace.V, trace.calcium)


class _Run:
    """Pacing under way: where the cells are, and how long steps must stay fine for them."""

    def __init__(
        self,
        cell: Cell,
        p: Values,
        length: float,
        stimulus: Stimulus,
        fineness: Fineness,
        now: Moving,
        integrals: tuple[str, ...],
    ) -> None:
        self.cell, self.p, self.length, self.now, self.integrals = cell, p, length, now, integrals
        self._stimulus, self._fineness, self._rest = stimulus, fineness, cell.start().V
        self._lay(ZONE)

    def _lay(self, zone: float) -> None:
        self._zone = min(zone, self.length)
        self.grid = steps(self.length, self._zone, self._stimulus, self._fineness)

    def _outlasted(self, late: Any, v: Any) -> bool:
        """Whether an action potential went on beyond the fine steps; then they are made longer."""
        if self._zone >= self.length or not bool(jnp.any(late > jnp.minimum(v, self._rest) + _AWAKE)):
            return False
        self._lay(self._zone * _LONGER)
        return True

    def onward(self, beats: int) -> None:
        """The next beats, again with a longer fine zone where it was too short."""
        while True:
            grid = self.grid
            then, late = through(self.cell, self.now, grid.rows, grid.fine, grid.used, beats, self.p)
            if not self._outlasted(late, then.y.V):
                self.now = then
                return

    def look(self) -> _Look:
        """The next beat, written down."""
        while True:
            grid = self.grid
            then, late, trace = traced(self.cell, self.now, grid.rows, grid.fine, self.p, self.integrals)
            if not self._outlasted(late, then.y.V):
                start, self.now = self.now, then
                return _Look(start, grid, trace)

    def settle(self, beats: int, until: float | None) -> int:
        """Up to so many beats; the number run."""
        done, last = 0, None
        while done < beats:
            block = min(_BLOCK, beats - done)
            if until is None:
                self.onward(block)
            else:
                self.onward(block - 1)
                look = self.look()
                values = [look.biomarkers.apd90, *look.trace.integrals.values()]
                if last is not None and _repeats(last, values, until):
                    return done + block
                last = values
            done += block
        return done


def _repeats(before: list[Any], after: list[Any], until: float) -> bool:
    """Whether all values are those of before; of cells without an action potential, NaN is."""
    return all(
        bool(jnp.all((jnp.abs(b - a) <= until * jnp.abs(b)) | (jnp.isnan(a) & jnp.isnan(b))))
        for a, b in zip(before, after, strict=True)
    )


def _paced(run: _Run, seen: list[_Look], keep: int, beats: int) -> Paced:
    kept, last = seen[-keep:], seen[-1]
    times, voltages, calciums, began = [], [], [], 0.0
    for look in kept:
        end = look.grid.used + (look is last)
        times.append(began + look.grid.t[:end])
        voltages.append(look.trace.V[:end])
        calciums.append(look.trace.calcium[:end])
        began += float(look.grid.t[-1])
    found = flags([one.abnormal for one in seen], [one.biomarkers.apd90 for one in seen])
    return Paced(
        run.cell, run.p, run.now.y, np.concatenate(times), jnp.concatenate(voltages), jnp.concatenate(calciums),
        last.trace.integrals, last.biomarkers, found, beats, tuple((look.start, look.grid) for look in kept),
    )  # fmt: skip
