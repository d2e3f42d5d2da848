"""Runs a case as svZeroDSolver does: a steady start, cardiac cycles, and the rows that the file asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, log

import jax
import numpy as np

from vitruvian.core import SolveError
from vitruvian.physiology.circulation.svzerod.assemble import Ints, System, assemble
from vitruvian.physiology.circulation.svzerod.case import Case, Simulation
from vitruvian.physiology.circulation.svzerod.curves import Floats
from vitruvian.physiology.circulation.svzerod.initial import initial_state, unused
from vitruvian.physiology.circulation.svzerod.integrate import Stepped, advance
from vitruvian.physiology.circulation.svzerod.newton import State
from vitruvian.physiology.circulation.svzerod.timing import STEADY_PER_CYCLE, STEADY_STEPS, Steps, steps

_HALVINGS = (1, 2, 4, 8)
_MOST_CYCLES = 1000

Progress = Callable[[int, int], None]
"""Told after each cycle: cycles done, cycles in all as far as known."""


@dataclass(frozen=True)
class Run:
    """What a case gave: times, s (T,), values and slopes of all variables (T, n), Newton steps a time step.

    `notes` say what a reader must know, such as steps that were halved.
    """

    case: Case
    variables: tuple[str, ...]
    times: Floats
    y: Floats
    slope: Floats
    cycles: int
    newton: float
    notes: tuple[str, ...] = ()

    def of(self, variable: str) -> Floats:
        """The course of one variable (T,); raises `ValueError` where there is none of that name."""
        return self.y[:, self.variables.index(variable)]


def run(case: Case, progress: Progress | None = None) -> Run:
    """Solve the case; where Newton's method fails, again with steps of a half, a quarter, an eighth.

    Raises `SolveError` that names block, equation, time, and what was tried.
    """
    system = assemble(case)
    failures: list[str] = []
    passed = unused(case, system)
    notes = (f"the initial condition names no variable of the case: {', '.join(passed)}",) if passed else ()
    onward = jax.jit(partial(advance, system))
    for parts in _HALVINGS:
        try:
            found = _Solver(case, system, onward, parts, progress).run()
        except SolveError as error:
            failures.append(error.what)
            continue
        smaller = (f"time steps divided by {parts}: {failures[-1]}",) if failures else ()
        return replace(found, notes=(*notes, *smaller))
    tried = f"tried too: steps of a half, a quarter, an eighth, and of the last: {failures[-1]}"
    todo = "Look at the values of the block and its neighbours, or give more time points a cycle."
    raise SolveError(f"{failures[0]}; {tried}", todo=todo)


class _Solver:
    def __init__(
        self, case: Case, system: System, onward: Callable[..., Stepped], parts: int, progress: Progress | None
    ) -> None:
        self.case, self.system, self.onward, self.parts, self.progress = case, system, onward, parts, progress
        self.simulation = _settings(case, parts)
        self.per_cycle = self.simulation.number_of_time_pts_per_cardiac_cycle - 1
        self.dt = case.period / self.per_cycle
        # one compiled programme serves the steady start, the cycles and smaller steps: all go on in stretches so long
        self.stretch = max(self.per_cycle // parts, STEADY_STEPS if self.simulation.steady_initial else 0)
        self.newton: list[Floats] = []

    def run(self) -> Run:
        state = self._start()
        cycles = [State(state.y[None], state.slope[None])]
        for found in self._cycles(state):
            cycles.append(found)
        y, slope = (np.concatenate([getattr(one, name) for one in cycles]) for name in State._fields)
        numbers, kept = self._rows(len(y))
        times = self.dt * numbers
        if not self.simulation.output_all_cycles:
            times = times - times[0]
        newton = float(np.concatenate(self.newton).mean())
        return Run(self.case, self.system.variables, times, y[kept], slope[kept], len(cycles) - 1, newton)

    def _start(self) -> State:
        state = initial_state(self.case, self.system)
        if not self.simulation.steady_initial:
            return state
        dt = self.case.period / (STEADY_PER_CYCLE * self.parts)
        states = self._advance(state, state, np.arange(STEADY_STEPS * self.parts), dt, True)
        return State(states.y[-1], states.slope[-1])

    def _advance(self, origin: State, start: State, numbers: Ints, dt: float, rest: bool) -> State:
        """One step from each `number · dt`; blocks remember the state `origin`, at time 0."""
        values = self.system.rested(self.system.values) if rest else self.system.values
        done: list[State] = []
        for first in range(0, len(numbers), self.stretch):
            part = numbers[first : first + self.stretch]
            given = steps(self.system, self.simulation, part, dt, rest, self.stretch)
            found = jax.tree.map(np.asarray, self.onward(values, origin, start, *given))
            _check(self.system, found, given)
            self.newton.append(found.newton[: len(part)])
            done.append(State(*(one[: len(part)] for one in found.states)))
            start = State(done[-1].y[-1], done[-1].slope[-1])
        return State(*(np.concatenate(each) for each in zip(*done, strict=True)))

    def _cycles(self, origin: State) -> Iterator[State]:
        count, numbers = self.simulation.number_of_cardiac_cycles, np.arange(self.per_cycle)
        state, recent = origin, [State(origin.y[None], origin.slope[None])]
        for cycle in range(count):
            found = self._advance(origin, state, cycle * self.per_cycle + numbers, self.dt, False)
            state, recent = State(found.y[-1], found.slope[-1]), [*recent[-2:], found]
            self._tell(cycle + 1, count)
            yield found
        if not self.simulation.use_cycle_to_cycle_error or _windkessels(self.case):
            return
        while not self._repeats(recent):
            if count >= _MOST_CYCLES:
                allowed = f"{self.simulation.sim_cycle_to_cycle_percent_error} % from cycle to cycle"
                what = "flows and pressures of the vessels do not repeat"
                raise SolveError(what, got=f"{count} cycles", allowed=allowed)
            found = self._advance(origin, state, numbers, self.dt, False)
            state, recent, count = State(found.y[-1], found.slope[-1]), [*recent[-2:], found], count + 1
            self._tell(count, count)
            yield found

    def _tell(self, done: int, count: int) -> None:
        if self.progress is not None:
            self.progress(done, count)

    def _repeats(self, recent: list[State]) -> bool:
        """Whether means at the ends of vessels change less than the file allows over the last two cycles."""
        y = np.concatenate([one.y for one in recent])[-2 * self.per_cycle - 1 :, self._caps()]
        before, after = y[: self.per_cycle + 1].mean(axis=0), y[self.per_cycle :].mean(axis=0)
        change = np.abs((after - before) / before)
        return bool((change <= self.simulation.sim_cycle_to_cycle_percent_error / 100.0).all())

    def _caps(self) -> list[int]:
        """Variables at the outlet of each vessel that ends at a boundary condition, else at its inlet."""
        found: list[int] = []
        for one in self.case.blocks:
            joined = one.about.get("boundary_conditions", {}) if one.section == "vessels" else {}
            after = [f"{a}:{b}" for a, b in self.case.connections if a == one.name and b == joined.get("outlet")]
            before = [f"{a}:{b}" for a, b in self.case.connections if b == one.name and a == joined.get("inlet")]
            for node in (after or before)[:1]:
                found += [self.system.at(f"{what}:{node}") for what in ("flow", "pressure")]
        return found

    def _rows(self, count: int) -> tuple[Floats, list[int]]:
        """Numbers of the time steps to give, and their places among all states.

        As in svZeroDSolver: cycles added until the flows repeat count their steps from the start again, and are given
        only with `output_all_cycles`.
        """
        simulation = self.simulation
        planned = simulation.number_of_cardiac_cycles * self.per_cycle
        last = planned - self.per_cycle
        kept = [0] if simulation.output_all_cycles or last <= 0 else []
        numbers, waiting = [0] * len(kept), 0
        for place in range(1, count):
            number = place if place <= planned else (place - planned - 1) % self.per_cycle + 1
            waiting += 1
            begins = not simulation.output_all_cycles and number == last
            if waiting == simulation.output_interval or begins:
                if simulation.output_all_cycles or number >= last:
                    kept.append(place)
                    numbers.append(number)
                waiting = 0
        return np.array(numbers, float), kept


def _settings(case: Case, parts: int) -> Simulation:
    """Settings with each step divided, and as many cycles as a Windkessel takes to settle where the file asks that."""
    found = case.simulation
    windkessels = _windkessels(case)
    if found.use_cycle_to_cycle_error and windkessels:  # equation 21 of Pfaller 2021, doi:10.1002/cnm.3639
        share = found.sim_cycle_to_cycle_percent_error / 100.0
        found = replace(found, number_of_cardiac_cycles=max(ceil(-max(windkessels) / case.period * log(share)), 1))
    points = (found.number_of_time_pts_per_cardiac_cycle - 1) * parts + 1
    return replace(found, number_of_time_pts_per_cardiac_cycle=points, output_interval=found.output_interval * parts)


def _windkessels(case: Case) -> list[float]:
    """Time constants of the Windkessels, s."""
    return [one.number("Rd") * one.number("C") for one in case.blocks if one.kind == "RCR"]


def _check(system: System, found: Stepped, given: Steps) -> None:
    """Raises `SolveError` for the first step that did not converge."""
    if found.converged.all():
        return
    at = int(np.argmin(found.converged))
    worst = int(np.argmax(np.where(np.isfinite(found.residual), np.abs(found.residual), np.inf)))
    number, block = system.equations[worst]
    inside = [name for name in system.variables if block in name.split(":")]
    size = found.residual[worst]
    why = f"residual {size:.3g} above {given.rule.tolerance:g}" if np.isfinite(size) else "a value that is not finite"
    raise SolveError(
        f"Newton's method did not converge at {given.t[at + 1]:.6g} s: {why} after {int(found.newton[at])} steps, "
        f"equation {number + 1} of block {block} (variables {', '.join(inside)})"
    )
