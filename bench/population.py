"""Memory of many virtual patients: `vitruvian population`, as a process of its own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.timing import Row, once

LIMIT_MB = 2000
MODEL = Path(__file__).with_name("two_compartment.py")


def rows(people: int) -> list[Row]:
    """Largest memory of a run that streams `people` patients × 200 times to Parquet.

    Run it before this process grows: a child's largest memory counts from its parent's at the start.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "people.parquet"
        command = [sys.executable, "-m", "vitruvian.cli.main", "population", str(MODEL), "--dose", "100 mg"]
        spent = once([*command, "--people", str(people), "--out", str(out)])
        size = out.stat().st_size / 1e6
    return [
        Row(
            f"memory of {people:,} simulated patients x 200 times, to Parquet",
            f"< {LIMIT_MB} MB",
            f"{spent.megabytes:,.0f} MB",
            spent.megabytes < LIMIT_MB,
            f"{spent.wall:.0f} s, a file of {size:,.0f} MB",
        )
    ]
