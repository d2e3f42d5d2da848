"""Cells under way from stimulus to stimulus: how long steps must stay fine for them is found out as they go."""

from __future__ import annotations

from copy import copy
from typing import Any

import jax.numpy as jnp

from vitruvian.model import Values
from vitruvian.physiology.heart.cell.biomarkers import Biomarkers, measured
from vitruvian.physiology.heart.cell.cell import Cell, Stimulus
from vitruvian.physiology.heart.cell.integrate import Moving, Traced, moving, through, traced
from vitruvian.physiology.heart.cell.lanes import Lanes, each
from vitruvian.physiology.heart.cell.steps import Fineness, Steps, steps

ZONE = 460.0
"""Length of the fine steps that is tried first, ms."""
_LONGER = 1.5
_AWAKE = 20.0  # mV above rest: an action potential, or one that is not over
_BLOCK = 11  # beats between two looks at whether the beat repeats; odd, so that alternating beats never seem to


class Look:
    """One beat that was written down, of all cells."""

    def __init__(self, starts: list[Moving], grid: Steps, trace: Traced) -> None:
        self.starts, self.grid, self.trace = starts, grid, trace
        self.biomarkers: Biomarkers
        self.biomarkers, self.abnormal = measured(grid.t, trace.V, trace.calcium)


class Course:
    """Cells of parameters `p`, () or (n,), begun at state `y`."""

    def __init__(self, cell: Cell, p: Values, y: Any, fineness: Fineness) -> None:
        shape = jnp.shape(next(iter(p.values())))
        self.cell, self.lanes = cell, Lanes.of(shape)
        self._p = self.lanes.split(dict(p))
        self._now = [moving(cell, one, q) for one, q in zip(self.lanes.split(y), self._p, strict=True)]
        self._zones = [ZONE] * self.lanes.groups
        self._fineness, self._rest = fineness, cell.start().V

    @property
    def y(self) -> Any:
        """State of all cells."""
        return self.lanes.joined([now.y for now in self._now])

    def branch(self) -> Course:
        """The same cells, to go another way."""
        other = copy(self)
        other._now, other._zones = list(self._now), list(self._zones)
        return other

    def onward(self, length: float, stimulus: Stimulus, beats: int) -> None:
        """So many beats of one length, nothing written down."""

        def one(k: int) -> Moving:
            now, done = self._now[k], 0
            while done < beats:
                block = 1 if done == 0 else beats - done  # the first tells whether the fine steps are long enough
                now = self._advanced(k, now, length, stimulus, block)
                done += block
            return now

        self._now = each(one, self.lanes.groups)

    def settle(self, length: float, stimulus: Stimulus, beats: int, until: float, integrals: tuple[str, ...]) -> int:
        """Beats until APD90 and integrals of every group repeat within `until`; the largest number run."""

        def one(k: int) -> tuple[Moving, int]:
            now, done, last = self._now[k], 0, None
            while done < beats:
                block = min(_BLOCK, beats - done)
                if block > 1:
                    now = self._advanced(k, now, length, stimulus, block - 1)
                now, grid, trace = self._written(k, now, length, stimulus, integrals)
                done += block
                found, _ = measured(grid.t, trace.V, trace.calcium)
                values = [found.apd90, *trace.integrals.values()]
                if last is not None and _repeats(last, values, until):
                    break
                last = values
            return now, done

        found = each(one, self.lanes.groups)
        self._now = [now for now, _ in found]
        return max(done for _, done in found)

    def look(self, length: float, stimulus: Stimulus, integrals: tuple[str, ...] = ()) -> Look:
        """The next beat, written down in the same steps for all cells."""
        while True:
            self._zones = [max(self._zones)] * self.lanes.groups
            found = each(lambda k: self._written(k, self._now[k], length, stimulus, integrals), self.lanes.groups)
            grid = found[0][1]
            if all(one[1].fine == grid.fine for one in found):
                starts, self._now = self._now, [one[0] for one in found]
                return Look(starts, grid, self.lanes.joined([one[2] for one in found]))

    def currents(self, look: Look, names: tuple[str, ...]) -> dict[str, Any]:
        """Currents over a beat that was looked at, in the middle of each step."""
        grid = look.grid
        found = each(
            lambda k: traced(self.cell, look.starts[k], grid.rows, grid.fine, self._p[k], (), names)[2].currents,
            self.lanes.groups,
        )
        return {name: value[: grid.used] for name, value in self.lanes.joined(found).items()}

    def _grid(self, k: int, length: float, stimulus: Stimulus) -> Steps:
        return steps(length, self._zones[k], stimulus, self._fineness)

    def _advanced(self, k: int, now: Moving, length: float, stimulus: Stimulus, beats: int) -> Moving:
        """A group some beats on, again with longer fine steps where an action potential outlasted them."""
        while True:
            grid = self._grid(k, length, stimulus)
            then, late = through(self.cell, now, grid.rows, grid.fine, grid.used, beats, self._p[k])
            if not self._outlasted(k, length, late, then.y.V):
                return then

    def _written(
        self, k: int, now: Moving, length: float, stimulus: Stimulus, integrals: tuple[str, ...]
    ) -> tuple[Moving, Steps, Traced]:
        while True:
            grid = self._grid(k, length, stimulus)
            then, late, trace = traced(self.cell, now, grid.rows, grid.fine, self._p[k], integrals)
            if not self._outlasted(k, length, late, then.y.V):
                return then, grid, trace

    def _outlasted(self, k: int, length: float, late: Any, v: Any) -> bool:
        if self._zones[k] >= length or not bool(jnp.any(late > jnp.minimum(v, self._rest) + _AWAKE)):
            return False
        self._zones[k] *= _LONGER
        return True


def _repeats(before: list[Any], after: list[Any], until: float) -> bool:
    """Whether all values are those of before; of cells without an action potential, NaN is."""
    return all(
        bool(jnp.all((jnp.abs(b - a) <= until * jnp.abs(b)) | (jnp.isnan(a) & jnp.isnan(b))))
        for a, b in zip(before, after, strict=True)
    )
