"""Emulators of slow functions on one core: how much faster than the function, at which error on points never seen.

The function is the action potential of a ventricular cell (O'Hara–Rudy, 100 beats at 1 Hz) under block of four
channels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.timing import Row, best
from vitruvian.learn import Feature
from vitruvian.learn.emulate import Design, Emulator, emulate
from vitruvian.physiology.heart import blocked, cell, pace

CHANNELS = ("hERG", "ICaL", "INaL", "IKs")
BEATS = 100
BLOCKS = tuple(Feature(name, f"Block of {name}", "1", low=0.0, high=0.5) for name in CHANNELS)
APD90 = (Feature("APD90", "Action potential duration at 90 % repolarisation", "ms"),)
_ASKED, _SEEN = 20_000, 100


def apd90(x: np.ndarray) -> np.ndarray:
    """APD90 (n, 1) of cells under blocks (n, 4)."""
    model = cell("ohara_rudy_2011", "endo")
    p = blocked(model, model.typical, {name: x[:, k] for k, name in enumerate(CHANNELS)})
    return np.asarray(pace(model, p, beats=BEATS).biomarkers.apd90)[:, None]


def rows(start: int, most: int) -> list[Row]:
    """APD90 of a cell: an emulator made from `start` to `most` points."""
    design = Design(start=start, batch=16, most=most, check=60)
    made = emulate(apd90, BLOCKS, APD90, (2.0,), name="apd90", title="APD90 under block", design=design)
    return [_row("APD90 of a cell under block of four channels", made, apd90, "ms")]


def _row(what: str, made: Emulator, function: Callable[[np.ndarray], np.ndarray], unit: str) -> Row:
    asked, seen = made.box.sobol(_ASKED, 11), made.box.sobol(_SEEN, 12)
    error = np.abs(made.many(seen)[0] - function(seen))
    fast = best(lambda: made.many(asked), 3).cpu / _ASKED
    slow = best(lambda: function(seen), 2).cpu / _SEEN
    kept = float((error <= made.many(seen)[1]).mean())
    told = (
        f"{made.manifest.rows} points; error on {_SEEN} others: 95 % within {np.quantile(error, 0.95):.2g} {unit}, "
        f"largest {error.max():.2g}; bound kept on {kept:.0%}; {1e6 * fast:.1f} µs against {1e3 * slow:.1f} ms a point"
    )
    holds = made.holds and slow / fast >= 100
    return Row(what, f">= 100 x faster within {made.tolerance[0]:g} {unit}", f"{slow / fast:,.0f} x", holds, told)
