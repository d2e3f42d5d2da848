"""Speed and memory against their limits, as one table: `python -m bench [--quick] [PART]`.

One core, one thread; the best of several rounds after one that compiles. Rates and batches count CPU seconds; what a
person waits for counts the clock. Times are comparable only on a quiet machine.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from bench.timing import Row, one_core

_HOLDS = {True: "yes", False: "NO", None: "-"}


def main() -> int:
    """Measure everything and print the table; gives 1 if a limit does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="Smaller numbers of people and rounds: to see it run.")
    parts = {
        "glucose": glucose_rows,
        "cells": cell_rows,
        "circulation": circulation_rows,
        "serve": serve_rows,
        "private": private_rows,
        "features": feature_rows,
        "sequences": sequence_rows,
        "predict": predict_rows,
        "emulate": emulate_rows,
    }
    parser.add_argument("part", nargs="?", choices=list(parts), help="Measure this part alone.")
    told = parser.parse_args()
    quick = told.quick
    one_core()
    rows = parts[told.part](quick) if told.part else measure(quick)
    print(f"Python {platform.python_version()}, {platform.machine()}, one core{', quick run' if quick else ''}\n")
    print(table(rows))
    return 1 if any(row.holds is False for row in rows) else 0


def measure(quick: bool) -> list[Row]:
    """All rows; whole processes first, while this one is still small."""
    from bench import dose, population

    rounds = 2 if quick else 7
    with tempfile.TemporaryDirectory() as folder:
        memory = population.rows(20_000 if quick else 1_000_000)
        record = dose.make_record(Path(folder))
        cold = dose.cold(record, 1 if quick else 3)
        from bench import apple, cohort, glucose_control, inference, ingest, observations, simulate, vcf

        rows = [
            *simulate.rows(10_000, rounds),
            *inference.rows(1000, 1000, rounds),
            *dose.warm(record, 1 if quick else len(dose.CASES), rounds),
            *vcf.rows(100_000 if quick else 4_500_000, rounds),
            *ingest.rows((200, 1000) if quick else (1000, 20_000), rounds),
            *apple.rows(100_000 if quick else 2_000_000),
            *cohort.rows((500, 5000) if quick else (10_000, 100_000), rounds),
            *observations.rows((200, 1000) if quick else (1000, 100_000), rounds),
            *glucose_rows(quick),
            *glucose_control.rows(100 if quick else 1000, 30 if quick else 300),
            *cell_rows(quick),
            *circulation_rows(quick),
            *emulate_rows(quick),
            *private_rows(quick),
            *serve_rows(quick),
            *feature_rows(quick),
            *sequence_rows(quick),
            *predict_rows(quick),
        ]
    return [*rows, *cold, *memory]


def glucose_rows(quick: bool) -> list[Row]:
    """Virtual people with diabetes."""
    from bench import glucose

    return glucose.rows(100 if quick else 1000, 2 if quick else 5)


def cell_rows(quick: bool) -> list[Row]:
    """Heart cells."""
    from bench import cells

    return cells.rows(128 if quick else 1000, 4 if quick else 24, 1 if quick else 3)


def circulation_rows(quick: bool) -> list[Row]:
    """Beats of a closed circulation, and of svZeroDSolver's files."""
    from bench import circulation, svzerod

    return [
        *circulation.rows(100 if quick else 1000, 2 if quick else 5),
        *svzerod.rows(10 if quick else 50, 2 if quick else 5),
    ]


def private_rows(quick: bool) -> list[Row]:
    """A training step with privacy beside a plain one."""
    from bench import private

    return private.rows(64 if quick else 256, 3 if quick else 15)


def feature_rows(quick: bool) -> list[Row]:
    """Features of a cohort beside pandas, and the memory that events of many people take."""
    from bench import features

    return features.rows(4000, (5000, 4_000_000) if quick else (100_000, 100_000_000), 2 if quick else 7)


def sequence_rows(quick: bool) -> list[Row]:
    """Windows of series, scored and explained."""
    from bench import sequences

    return sequences.rows(2048 if quick else 20_480, 2 if quick else 5)


def predict_rows(quick: bool) -> list[Row]:
    """Rows of a table, scored and explained."""
    from bench import predict

    return predict.rows(5000 if quick else 50_000, 1000 if quick else 5000, 2 if quick else 5)


def emulate_rows(quick: bool) -> list[Row]:
    """Emulators of slow functions."""
    from bench import emulate

    return emulate.rows(32 if quick else 48, 48 if quick else 112)


def serve_rows(quick: bool) -> list[Row]:
    """The server under load."""
    from bench import serve

    return serve.rows(10 if quick else 60, 5 if quick else 50, 20 if quick else 600)


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    cells = [("work", "must reach", "measured", "holds", "beside it"), ("---",) * 5]
    cells += [(r.work, r.limit, r.result, _HOLDS[r.holds], r.note) for r in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


if __name__ == "__main__":
    sys.exit(main())
