"""Myokit on a CellML file, as a process of its own: `python cells_peer.py < TASK > ANSWER`, both JSON.

The task: `tables` (folder of oracle_tables.py), `table`, `folder` of CellML files, `start` (state → value),
`parameters` (name → a value per cell), stimulus `current` and `duration`, `cycle_length`, `beats`, `tolerances`, and
the tolerance `timed` at which the first cell is timed over `timed_beats`. The answer: APD90 of the last beat for each
tolerance and cell, and CPU seconds a beat.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

STEP = 0.02  # ms between written values


def main() -> None:
    """Read the task, simulate, write the answer."""
    task = json.load(sys.stdin)
    sys.path.insert(0, task["tables"])
    from oracle_tables import TABLES

    table = TABLES[task["table"]]
    simulation, voltage = prepared(task, table)
    apd90 = {}
    for tolerance in task["tolerances"]:
        simulation.set_tolerance(tolerance, tolerance)
        apd90[f"{tolerance:g}"] = [last(simulation, task, table, cell, voltage) for cell in range(task["cells"])]
    print("ANSWER" + json.dumps({"apd90": apd90, "seconds": timed(simulation, task, table)}))


def prepared(task: dict[str, Any], table: Any) -> tuple[Any, str]:
    """The compiled simulation, paced by a protocol instead of the file's own stimulus, and its voltage's name."""
    import myokit
    from myokit.formats import importer

    model = importer("cellml").model(str(Path(task["folder"]) / table.file))
    for variable, expression in table.settings.items():
        model.get(variable).set_rhs(expression)
    stimulus = model.get(table.stimulus)
    pace = stimulus.parent().add_variable("paced_by_protocol")
    pace.set_rhs(0)
    pace.set_binding("pace")
    stimulus.set_rhs(myokit.Multiply(myokit.Number(task["current"]), myokit.Name(pace)))
    for state in model.states():
        own = table.states.get(state.qname(), state.name())
        state.set_initial_value(task["start"][own])
    voltage = next(s.qname() for s in model.states() if table.states.get(s.qname(), s.name()) == "V")
    protocol = myokit.pacing.blocktrain(task["cycle_length"], task["duration"])
    return myokit.Simulation(model, protocol), voltage


def scaled(simulation: Any, task: dict[str, Any], table: Any, cell: int) -> None:
    """From the start, with one cell's parameters."""
    simulation.reset()
    for name, (variable, value) in table.parameters.items():
        told = task["parameters"][name][cell]
        simulation.set_constant(variable, value * told if name.startswith("scale_") else told)


def last(simulation: Any, task: dict[str, Any], table: Any, cell: int, voltage: str) -> float:
    """APD90 of the last beat, from the steepest upstroke."""
    scaled(simulation, task, table, cell)
    simulation.run((task["beats"] - 1) * task["cycle_length"], log=[])
    began = simulation.time()
    times = np.arange(0.0, task["cycle_length"], STEP)
    v = np.asarray(simulation.run(task["cycle_length"], log=[voltage], log_times=began + times)[voltage])
    at, top = int(np.argmax(np.diff(v)[: int(100.0 / STEP)])), int(np.argmax(v))
    level = v[top] - 0.9 * (v[top] - v[0])
    after = top + int(np.argmax(v[top:] <= level))
    part = (v[after - 1] - level) / (v[after - 1] - v[after])
    return float(times[after - 1] + part * STEP - times[at] - STEP / 2.0)


def timed(simulation: Any, task: dict[str, Any], table: Any) -> float:
    """CPU seconds a beat, nothing logged; the best of three."""
    simulation.set_tolerance(task["timed"], task["timed"])
    best = np.inf
    for _ in range(3):
        scaled(simulation, task, table, 0)
        before = time.process_time()
        simulation.run(task["timed_beats"] * task["cycle_length"], log=[])
        best = min(best, time.process_time() - before)
    return float(best / task["timed_beats"])


if __name__ == "__main__":
    main()
