"""Results in the shape of svZeroDSolver: a table by variable or by block, as CSV or JSON."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

from vitruvian.core import InputError
from vitruvian.physiology.circulation.svzerod.kinds import KINDS
from vitruvian.physiology.circulation.svzerod.solver import Run

Table = dict[str, list[Any]]

_ENDS = ("flow_in", "flow_out", "pressure_in", "pressure_out")


def table(found: Run) -> Table:
    """Columns of the result as the case asks for them: a row per variable or per block, and time.

    Of blocks, vessels and chambers with both ends are given, those that svZeroDSolver gives. Where only means are
    asked for there is one row each, without a time.
    """
    asked = found.case.simulation
    rows = _variables(found) if asked.output_variable_based else _blocks(found)
    columns: Table = {"name": [], "time": []}
    for name, courses in rows:
        count = 1 if asked.output_mean_only else len(found.times)
        columns["name"] += [name] * count
        columns["time"] += [None] if asked.output_mean_only else found.times.tolist()
        for column, course in courses.items():
            shown = [float(course.mean())] if asked.output_mean_only else course.tolist()
            columns.setdefault(column, []).extend(shown)
    return columns


def _variables(found: Run) -> list[tuple[str, dict[str, Any]]]:
    slope = found.case.simulation.output_derivative
    return [
        (name, {"y": found.y[:, n]} | ({"ydot": found.slope[:, n]} if slope else {}))
        for n, name in enumerate(found.variables)
    ]


def _blocks(found: Run) -> list[tuple[str, dict[str, Any]]]:
    shown = []
    for one in found.case.blocks:
        if not KINDS[one.kind].shown:
            continue
        (before,) = (f"{a}:{b}" for a, b in found.case.connections if b == one.name)
        (after,) = (f"{a}:{b}" for a, b in found.case.connections if a == one.name)
        places = [found.variables.index(f"{what}:{node}") for what in ("flow", "pressure") for node in (before, after)]
        courses = {name: found.y[:, n] for name, n in zip(_ENDS, places, strict=True)}
        if found.case.simulation.output_derivative:
            courses |= {f"d_{name}": found.slope[:, n] for name, n in zip(_ENDS, places, strict=True)}
        shown.append((one.name, courses))
    return shown


def check_result_name(path: Path) -> None:
    """Raises `InputError` where a result cannot be written under this name."""
    if path.suffix not in (".json", ".csv"):
        raise InputError("a result is written as JSON or CSV", got=path.name, allowed="a name ending in .json or .csv")


def write_result(found: Run, path: Path) -> None:
    """Write the table to `.csv`, or to `.json` by column and row number: a whole file or none."""
    check_result_name(path)
    columns = table(found)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            if path.suffix == ".json":
                json.dump({name: {str(n): one for n, one in enumerate(each)} for name, each in columns.items()}, file)
            else:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([_cell(one) for one in row] for row in zip(*columns.values(), strict=True))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cell(one: Any) -> str:
    return "" if one is None else f"{one:.16e}" if isinstance(one, float) else str(one)
