"""Forecasts on an error grid: each against what came, with the share in each zone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from vitruvian.core import DataError
from vitruvian.physiology.glucose import ErrorGrid, named_grid
from vitruvian.reports.glucose_scale import GlucoseUnit, glucose_unit
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE

_COLOURS = {"A": GREEN, "B": BLUE, "C": ORANGE, "D": RED, "E": RED}
_TOP = 400.0


def error_grid_figure(
    reference: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], grid: str = "parkes", unit: str = "mg/dL"
) -> Figure:
    """What came (`reference`) against what was foretold or measured (`value`), both in mg/dL, on a named grid.

    Pairs with a missing value are left out. Raises `DataError` where none is left, `UnknownNameError` for the grid.
    """
    chosen, scale = named_grid(grid), glucose_unit(unit)
    zone = chosen.zones(reference, value)
    if not (zone >= 0).any():
        raise DataError("there are no pairs to draw", got=f"{np.size(zone)} pairs, each without one value")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 5.4), layout="constrained")
        axes = figure.subplots()
        _borders(axes, chosen, scale)
        for k, letter in enumerate("ABCDE"):
            x, y = np.asarray(reference)[zone == k], np.asarray(value)[zone == k]
            size, strength = (4, 0.5) if len(zone) > 500 else (12, 0.75)
            axes.scatter(scale.of(np.minimum(x, _TOP)), scale.of(np.minimum(y, _TOP)), s=size, alpha=strength,
                         color=_COLOURS[letter], linewidths=0, zorder=3, rasterized=len(zone) > 2000)  # fmt: skip
        _letters(axes, chosen, scale, chosen.shares(reference, value))
        axes.set_title(f"{chosen.title}, {int((zone >= 0).sum())} pairs", fontsize=10, loc="left")
        axes.set_xlabel(f"what came ({scale.name})")
        axes.set_ylabel(f"what was foretold ({scale.name})")
        return figure


def plot_error_grid(
    reference: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], path: str | Path, grid: str = "parkes",
    unit: str = "mg/dL",
) -> Path:  # fmt: skip
    """Write the grid as a picture (.svg, .png, .pdf); returns the path."""
    figure = error_grid_figure(reference, value, grid, unit)
    to = Path(path)
    to.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure.savefig(to, dpi=150)
    return to


def _borders(axes: Any, grid: ErrorGrid, unit: GlucoseUnit) -> None:
    edge = _TOP * unit.per_mg
    axes.plot([0, edge], [0, edge], ":", color=GREY, linewidth=1)
    for line in grid.borders:
        x, y = unit.of(np.array(line, float)).T
        axes.plot(x, y, color=INK, linewidth=0.9)
    axes.set(xlim=(0, edge), ylim=(0, edge), aspect="equal")
    ticks = [0.0, 70.0, 180.0, 250.0, 400.0]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([t * unit.per_mg for t in ticks], [unit.text(t) for t in ticks])


def _letters(axes: Any, grid: ErrorGrid, unit: GlucoseUnit, shares: dict[str, float]) -> None:
    """Letters in the zones, and below the picture the share of each."""
    for letter, x, y in grid.labels:
        axes.text(x * unit.per_mg, y * unit.per_mg, letter, color=_COLOURS[letter], weight="bold", fontsize=13,
                  ha="center", va="center", zorder=5)  # fmt: skip
    text = "   ".join(f"{letter} {share:.1f} %" for letter, share in shares.items())
    axes.annotate(text, (0.5, -0.17), xycoords="axes fraction", ha="center", fontsize=10)
