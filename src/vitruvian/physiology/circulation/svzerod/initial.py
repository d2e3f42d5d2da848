"""The state that a run starts from, as the file gives it."""

from __future__ import annotations

import numpy as np

from vitruvian.physiology.circulation.svzerod.assemble import System
from vitruvian.physiology.circulation.svzerod.case import Case
from vitruvian.physiology.circulation.svzerod.newton import State

_ALL = {"pressure_all": ("pressure:", "P_c:"), "flow_all": ("flow:",)}


def initial_state(case: Case, system: System) -> State:
    """Values and slopes of all variables at the start; zero where the file says nothing.

    `pressure_all` and `flow_all` stand for every pressure and flow that has no value of its own.
    """
    start = [case.initial.get(name, _of_all(case, name)) for name in system.variables]
    slope = [case.initial_slope.get(name, 0.0) for name in system.variables]
    return State(np.array(start, float), np.array(slope, float))


def unused(case: Case, system: System) -> list[str]:
    """Names in the initial condition that are no variable of the case; svZeroDSolver passes over them too."""
    known = {*system.variables, *_ALL}
    return sorted({*case.initial, *case.initial_slope} - known)


def _of_all(case: Case, variable: str) -> float:
    for name, begins in _ALL.items():
        if name in case.initial and variable.startswith(begins):
            return case.initial[name]
    return 0.0
