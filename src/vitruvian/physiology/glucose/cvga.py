"""Control-variability grid: each person's lowest and highest glucose of a period as one point in nine zones."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from vitruvian.core import Source

SOURCE = Source(
    "Magni L, Raimondo DM, Dalla Man C, Breton M, Patek S, De Nicolao G, Cobelli C, Kovatchev BP. Evaluating the "
    "efficacy of closed-loop glucose regulation via control-variability grid analysis. J Diabetes Sci Technol "
    "2008;2:630",
    doi="10.1177/193229680800200414",
    status="two transcriptions agree",
)
LOW_EDGES = (110.0, 90.0, 70.0, 50.0)
"""Lowest glucose, mg/dL: columns from left to right."""
HIGH_EDGES = (110.0, 180.0, 300.0, 400.0)
"""Highest glucose, mg/dL: rows from bottom to top."""
_NAMES = (("A", "lower B", "lower C"), ("upper B", "B", "lower D"), ("upper C", "upper D", "E"))
CVGA_ZONES = tuple(name for row in _NAMES for name in row)
"""A accurate; lower B benign towards lows, upper B towards highs, B both; lower C over-correction of highs, upper C of
lows; lower D lows not dealt with, upper D highs not dealt with; E erroneous control."""


def extremes(glucose: Float[np.ndarray, " t *n"]) -> tuple[Float[np.ndarray, "*n"], Float[np.ndarray, "*n"]]:
    """Lowest and highest glucose of each person: the 2.5th and 97.5th percentile of the readings; NaN without any."""
    there = np.isfinite(glucose)
    known = np.where(there.any(0), glucose, 0.0)
    low, high = np.nanpercentile(known, [2.5, 97.5], axis=0)
    return np.where(there.any(0), low, np.nan), np.where(there.any(0), high, np.nan)


def cvga_place(
    low: Float[np.ndarray, "*n"], high: Float[np.ndarray, "*n"]
) -> tuple[Float[np.ndarray, "*n"], Float[np.ndarray, "*n"]]:
    """Coordinates 0 to 60 in a drawing with zones of equal size (20 each); what lies outside stands at the border."""
    x = np.interp(-low, [-edge for edge in LOW_EDGES], [0.0, 20.0, 40.0, 60.0])
    return x, np.interp(high, HIGH_EDGES, [0.0, 20.0, 40.0, 60.0])


def cvga_zones(low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"]) -> list[str]:
    """Zone of each person; "" where there is no reading."""
    column = (low <= LOW_EDGES[1]).astype(int) + (low <= LOW_EDGES[2])
    row = (high >= HIGH_EDGES[1]).astype(int) + (high >= HIGH_EDGES[2])
    there = np.isfinite(low) & np.isfinite(high)
    return [_NAMES[r][c] if known else "" for r, c, known in zip(row, column, there, strict=True)]
