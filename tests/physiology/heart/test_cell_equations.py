"""Right-hand sides and currents of every cell against Myokit's evaluation of published CellML files.

`tables/` is written by `oracle_tables.py`, which says what a file is told to agree with its paper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitruvian.physiology.heart.cell import Pace
from vitruvian.physiology.heart.cell.models import cell

TABLES = sorted((Path(__file__).parent / "tables").glob("*.npz"))
TOLERANCE = 1e-8


def columns(table: Any, what: str, names: str) -> dict[str, Any]:
    return dict(zip(table[names].tolist(), table[what].T, strict=True))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_right_hand_side(path: Path) -> None:
    table = np.load(path)
    model = cell(str(table["cell"]), str(table["kind"]))
    p = {name: np.full(len(table["states"]), value) for name, value in model.typical.items()}
    p |= columns(table, "parameters", "parameter_names")
    y = model.State(**columns(table, "states", "state_names"))
    now, slope = model.rates(y, p), model.slope(y, Pace(table["stimulus"]), p)
    compare(slope._asdict(), columns(table, "derivatives", "state_names"))
    assert set(model.State._fields) == set(table["state_names"].tolist())
    for name, value in columns(table, "currents", "current_names").items():
        np.testing.assert_allclose(now.currents[name], value, rtol=TOLERANCE, err_msg=name)


def compare(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=TOLERANCE, err_msg=name)
