"""The times of a run: the steps of its cycles and of the search for a steady start, as `advance` takes them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vitruvian.physiology.circulation.svzerod.assemble import Ints, System
from vitruvian.physiology.circulation.svzerod.case import Simulation
from vitruvian.physiology.circulation.svzerod.curves import Floats
from vitruvian.physiology.circulation.svzerod.newton import Rule

STEADY_STEPS, STEADY_PER_CYCLE = 31, 10


class Steps(NamedTuple):
    """What `advance` is told of the steps: the rule, times (T + 1,), places on the curves, where curves rest."""

    rule: Rule
    t: Floats
    where: dict[str, Any]
    rest: npt.NDArray[np.bool_]


def steps(system: System, simulation: Simulation, numbers: Ints, dt: float, rest: bool, length: int) -> Steps:
    """One step from each `number · dt`, s; `length` is that of the programme, which may hold more."""
    # the last of svZeroDSolver's iterations only looks whether Newton's method has converged
    most = float(simulation.maximum_nonlinear_iterations - 1)
    rule = Rule(dt, simulation.rho_infty, simulation.absolute_tolerance, most)
    t = np.full(length + 1, np.nan)
    t[0] = 0.0
    t[1 : len(numbers) + 1] = dt * numbers + rule.alphas[1] * dt
    resting = np.full(len(t), rest)
    resting[0] = simulation.steady_initial
    return Steps(rule, t, system.places(np.nan_to_num(t)), resting)
