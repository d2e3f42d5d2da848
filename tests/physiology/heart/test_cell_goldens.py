"""Paced cells against the rows of golden.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from vitruvian.physiology.heart.cell import Fineness, Stimulus, cell, pace

ROWS = [
    pytest.param(row, id=f"{row['model']}-{row['kind']}".strip("-"), marks=[pytest.mark.slow] if "slow" in row else [])
    for row in tomllib.loads((files("vitruvian.physiology.heart.cell") / "golden.toml").read_text())["row"]
]


@pytest.mark.parametrize("row", ROWS)
def test_last_beat(row: dict[str, Any]) -> None:
    model = cell(row["model"], row["kind"])
    found = pace(model, {}, cycle_length=row["cycle_length"], beats=row["beats"])
    for name, tolerance in (("apd50", "tolerance"), ("apd90", "tolerance"), ("peak", "tolerance_voltage"),
                            ("rest", "tolerance_voltage")):  # fmt: skip
        assert float(getattr(found.biomarkers, name)) == pytest.approx(row[name], abs=row[tolerance]), name
    assert not bool(found.flags.any)


def test_purkinje_cell_beats_on_its_own() -> None:
    """Upstrokes without a stimulus, 1223.6 ms apart by CVODE (Myokit, tolerances 1e-9, the CellML file)."""
    fine = Fineness(first=0.25, upstroke=3000.0, largest=0.25, rest=0.25)
    found = pace(cell("stewart_2009"), {}, cycle_length=3000.0, beats=1, stimulus=Stimulus(0.0, 1.0), fineness=fine)
    v = np.asarray(found.V)
    upstrokes = found.t[1:][(v[1:] >= -20.0) & (v[:-1] < -20.0)]
    assert upstrokes[0] == pytest.approx(98.25, abs=1.0)
    assert np.diff(upstrokes) == pytest.approx([1223.6, 1223.6], abs=3.0)
