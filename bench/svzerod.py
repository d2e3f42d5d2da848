"""Cases of svZeroDSolver's kind, beside its own program where that is on the path: cardiac cycles a CPU-second."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.timing import Row, best, once

_LIMIT = "reported"
_TESTS = Path(__file__).parents[1] / "tests" / "physiology" / "circulation" / "svzerod" / "every_block.json"
_EXAMPLE = Path(__file__).parents[1] / "examples" / "cases" / "aorta_divides.json"


def rows(cycles: int, rounds: int) -> list[Row]:
    """A case of arteries with a stenosis, and one with every kind of block, chambers and valves."""
    return [
        _row("arteries, a stenosis, 200 steps a cycle", _EXAMPLE, cycles, rounds),
        _row("every kind of block, 128 variables, 40 steps a cycle", _TESTS, cycles, rounds),
    ]


def _row(work: str, path: Path, cycles: int, rounds: int) -> Row:
    import jax
    import numpy as np

    from vitruvian.physiology.circulation.svzerod import assemble, case_json, read_case
    from vitruvian.physiology.circulation.svzerod.initial import initial_state
    from vitruvian.physiology.circulation.svzerod.integrate import advance
    from vitruvian.physiology.circulation.svzerod.timing import steps

    case = read_case(path)
    case = replace(case, simulation=replace(case.simulation, number_of_cardiac_cycles=cycles, steady_initial=False))
    system, per_cycle = assemble(case), case.simulation.number_of_time_pts_per_cardiac_cycle - 1
    onward, start = jax.jit(partial(advance, system)), initial_state(case, system)
    given = steps(system, case.simulation, np.arange(per_cycle), case.period / per_cycle, False, per_cycle)

    def run() -> None:
        state: Any = start
        for _ in range(cycles):
            found = onward(system.values, start, state, *given)
            state = jax.tree.map(lambda course: course[-1], found.states)
        jax.block_until_ready(state)

    ours = cycles / best(run, rounds).cpu
    theirs = _beside(case_json(case), cycles, rounds)
    note = f"svZeroDSolver {theirs:,.0f}; {ours / theirs:.1f} times" if theirs else "svzerodsolver is not on the path"
    return Row(f"svZeroDSolver's files: {work}", _LIMIT, f"{ours:,.0f} cycles/CPU-s", None, note)


def _beside(told: dict[str, Any], cycles: int, rounds: int) -> float:
    """Cycles a CPU-second of svZeroDSolver's program; 0 where there is none."""
    program = shutil.which("svzerodsolver")
    if program is None:
        return 0.0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "case.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        return cycles / min(once([program, str(file), f"{folder}/out.csv"]).cpu for _ in range(rounds))
