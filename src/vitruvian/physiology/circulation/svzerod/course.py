"""A whole run as one pure function of the values of the blocks, for gradients and for many people at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.core import UnsupportedError
from vitruvian.physiology.circulation.svzerod.assemble import System
from vitruvian.physiology.circulation.svzerod.case import Case
from vitruvian.physiology.circulation.svzerod.initial import initial_state
from vitruvian.physiology.circulation.svzerod.integrate import advance
from vitruvian.physiology.circulation.svzerod.newton import State
from vitruvian.physiology.circulation.svzerod.timing import STEADY_PER_CYCLE, STEADY_STEPS, steps


def course(case: Case, system: System) -> Callable[[Any], Any]:
    """A function from `system.values`-like values to all variables over the last planned cycle (points, variables).

    It may be jitted, differentiated in both directions and mapped over people. The values come unchecked; where
    Newton's method fails the variables are NaN. A stenosis that is zero in the case cannot become another one.
    Raises `UnsupportedError` for a block whose valves shut in the midst of Newton's iteration: what comes out jumps
    with the values, and has no derivative that would tell anything.
    """
    for members in system.groups.values():
        if members.kind.shut is not None:
            raise UnsupportedError(
                f"{members.kind.name} has no derivative: its valves shut in the midst of an iteration",
                got=members.names[0],
                allowed="chambers and valves as blocks of their own",
                todo="Build the heart from ChamberElastanceInductor, its exponential kind and ValveTanh.",
            )
    simulation = case.simulation
    per_cycle = simulation.number_of_time_pts_per_cardiac_cycle - 1
    dt = case.period / per_cycle
    begin = initial_state(case, system)
    resting = steps(system, simulation, np.arange(STEADY_STEPS), case.period / STEADY_PER_CYCLE, True, STEADY_STEPS)
    beat = steps(system, simulation, np.arange(per_cycle), dt, False, per_cycle)

    def simulate(values: Any) -> Any:
        origin = jax.tree.map(jnp.asarray, begin)
        if simulation.steady_initial:
            found = advance(system, system.rested(values), origin, origin, *resting).states
            origin = State(found.y[-1], found.slope[-1])

        def onward(last: State, _: None) -> tuple[State, None]:
            found = advance(system, values, origin, State(last.y[-1], last.slope[-1]), *beat)
            kept = found.converged[:, None]
            cycle = (jnp.where(kept, new, jnp.nan) for new in found.states)
            return State(*(jnp.concatenate([old[-1:], new]) for old, new in zip(last, cycle, strict=True))), None

        first = State(*(jnp.broadcast_to(one, (per_cycle + 1, len(one))) for one in origin))
        return jax.lax.scan(onward, first, None, length=simulation.number_of_cardiac_cycles)[0].y

    return simulate
