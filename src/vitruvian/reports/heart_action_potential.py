"""Picture of action potentials: voltage, calcium and the main currents of the last beats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core import UnknownNameError
from vitruvian.physiology.heart import Paced
from vitruvian.reports.style import BLUE, GREEN, GREY, ORANGE, RED, STYLE, WIDTH

_COLOURS = (BLUE, ORANGE, GREEN, RED, GREY)
_MAIN = ("INa", "INaL", "ICaL", "Ito", "IKr", "IKs", "IK1")


def action_potential_figure(cells: Mapping[str, Paced]) -> Any:
    """Voltage and calcium of each cell (name → paced); of one cell alone its currents too. A matplotlib figure."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    alone = next(iter(cells.values())) if len(cells) == 1 else None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 6.6 if alone else 5.0), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(3 if alone else 2, 1, sharex=True, height_ratios=[3, 1.4, 2.2] if alone else [3, 1.4])
        for colour, (name, paced) in zip(_COLOURS * len(cells), cells.items(), strict=False):
            axes[0].plot(paced.t, paced.V, color=colour, label=name)
            axes[1].plot(paced.t, 1000.0 * np.asarray(paced.calcium), color=colour)
        axes[0].set_ylabel("membrane potential (mV)")
        axes[0].legend()
        axes[1].set_ylabel("calcium (µM)")
        if alone is not None:
            _currents(axes[2], alone)
        axes[-1].set_xlabel("time from the stimulus (ms)")
    return figure


def _currents(axes: Any, paced: Paced) -> None:
    """The slow currents on a scale that shows them; the sodium spike goes beyond it."""
    middle = 0.5 * (paced.t[1:] + paced.t[:-1])
    shown = [name for name in _MAIN if name in paced.currents and name != "INa"]
    for k, name in enumerate(shown):
        axes.plot(middle, paced.current(name), color=f"C{k}", label=name, linewidth=1.2)
    settled = [np.asarray(paced.current(name))[middle > 5.0] for name in shown]
    if settled:
        low, high = min(one.min() for one in settled), max(one.max() for one in settled)
        axes.set_ylim(1.1 * low, 1.1 * high)
        axes.legend(ncols=3)
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.set_ylabel("current (A/F)")


def plot_action_potential(cells: Mapping[str, Paced], path: Path) -> None:
    """Draw it as SVG, PNG or PDF; raises `UnknownNameError` for another file type."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("svg", "png", "pdf"):
        raise UnknownNameError("unknown picture format", got=path.name, allowed=".svg, .png, .pdf")
    action_potential_figure(cells).savefig(path, format=kind, dpi=150)
