"""Writes land_2017.npz: right-hand side and tensions of land2017.ode of the package crossbridge (MIT) at random states.

`python oracle_land.py PATH/land2017.ode`. The file's units are s, Pa and µm, its numbers those of skinned muscle; a
third of the rows keep them, the others have intact muscle's. It has no bound on unblocking, so troponin holds enough
calcium in all rows that the bound is far.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 60
INTACT = {"ca50_ref": 0.805, "nTm": 5.0, "kuw": 182.0, "kws": 12.0, "Tref": 120e3}
STATES = ("CaTRPN", "B", "W", "S", "Zw", "Zs", "Cd")


def evaluated(text: str, given: dict[str, float]) -> dict[str, Any]:
    """All that the file defines, with `given` in place of its parameters and states."""
    names: dict[str, Any] = {}

    def declared(*_: str, **values: Any) -> None:
        names.update({name: given.get(name, value) for name, value in values.items()})

    names |= {
        "ScalarParam": lambda value, **_: value,
        "parameters": declared,
        "states": declared,
        "expressions": lambda *_: None,
        "Min": min,
        "Max": max,
        "Abs": abs,
        "exp": math.exp,
        "Conditional": lambda test, yes, no: yes if test else no,
        "Lt": lambda a, b: a < b,
        "Gt": lambda a, b: a > b,
    }
    exec(text, names)
    return names


def main(path: Path) -> None:
    """Writes the table."""
    rng = np.random.default_rng(2017)
    rows, slopes, tensions = [], [], []
    for row in range(ROWS):
        b, w, s, _ = rng.dirichlet(np.ones(4))
        y = dict(
            zip(STATES, (rng.uniform(0.2, 1.0), b, w, s, *rng.normal(0.0, 0.7, 2), rng.normal(0.0, 0.05)), strict=True)
        )
        u = {"Ca": rng.uniform(0.05, 2.0), "SL": 1.8 * rng.uniform(0.8, 1.25), "dSL": 1.8 * rng.normal(0.0, 1.0)}
        found = evaluated(path.read_text(), y | u | (INTACT if row % 3 else {}))
        rows.append([*y.values(), 1e-3 * u["Ca"], u["SL"] / 1.8, u["dSL"] / 1.8e3])
        slopes.append([1e-3 * found[f"d{name}_dt"] for name in STATES])
        tensions.append([found["Ta"], found["Tp"]])
    to = Path(__file__).parent / "land_2017.npz"
    np.savez_compressed(to, rows=rows, slopes=slopes, tensions=tensions, skinned=np.arange(ROWS) % 3 == 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
