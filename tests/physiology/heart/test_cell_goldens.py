"""Paced cells against the rows of golden.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from vitruvian.physiology.heart.cell import cell, pace

ROWS = tomllib.loads((files("vitruvian.physiology.heart.cell") / "golden.toml").read_text())["row"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']}-{row['kind']}".strip("-"))
def test_last_beat(row: dict[str, Any]) -> None:
    model = cell(row["model"], row["kind"])
    found = pace(model, {}, cycle_length=row["cycle_length"], beats=row["beats"])
    for name, tolerance in (("apd50", "tolerance"), ("apd90", "tolerance"), ("peak", "tolerance_voltage"),
                            ("rest", "tolerance_voltage")):  # fmt: skip
        assert float(getattr(found.biomarkers, name)) == pytest.approx(row[name], abs=row[tolerance]), name
    assert not bool(found.flags.any)
