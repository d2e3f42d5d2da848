"""One beat of a circulation as pictures: the pressure–volume loops and the Wiggers diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from vitruvian import __version__
from vitruvian.core import UnknownNameError
from vitruvian.physiology.circulation import Trace
from vitruvian.reports.files import write_whole
from vitruvian.reports.page import environment
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, RED, STYLE, WIDTH
from vitruvian.reports.svg import inline

_PRESSURES = (
    ("P_left_ventricle", "left ventricle", BLUE, "-"),
    ("P_aorta", "aorta", RED, "-"),
    ("P_left_atrium", "left atrium", GREEN, "-"),
    ("P_right_ventricle", "right ventricle", BLUE, ":"),
    ("P_pulmonary_arteries", "pulmonary artery", RED, ":"),
)
_FLOWS = (("Q_aortic", "aortic valve", RED, "-"), ("Q_mitral", "mitral valve", GREEN, "-"))


def beat_figure(trace: Trace, period: float, usual: Trace | None = None) -> Figure:
    """Loops of both ventricles, then pressures, volume and flows of one person's beat; loops of `usual` in grey."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 8.2), layout="constrained")
        grid = figure.add_gridspec(4, 2, height_ratios=(1.5, 1.8, 0.9, 0.9))
        for column, side in enumerate(("left", "right")):
            _loop(figure.add_subplot(grid[0, column]), trace, usual, side)
        rows = [figure.add_subplot(grid[1, :])]
        rows += [figure.add_subplot(grid[k, :], sharex=rows[0]) for k in (2, 3)]
        volume = (("V_left_ventricle", "left ventricle", BLUE, "-"),)
        for axes, unit, shown in zip(rows, ("mmHg", "mL", "mL/s"), (_PRESSURES, volume, _FLOWS), strict=True):
            for name, word, colour, line in shown:
                axes.plot(*_course(trace, name, period), line, color=colour, linewidth=1.6, label=word)
            axes.set_ylabel(unit)
            axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.98), ncols=5, columnspacing=1.2)
        for axes in rows[:2]:
            axes.tick_params(labelbottom=False)
        rows[-1].axhline(0.0, color=GREY, linewidth=0.6)
        rows[-1].set_xlabel("time since the ventricles begin to contract (s)")
        return figure


def plot_beat(trace: Trace, period: float, path: Path, usual: Trace | None = None) -> None:
    """Draw it as SVG, PNG or PDF; raises `UnknownNameError` for another file type."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("svg", "png", "pdf"):
        raise UnknownNameError("unknown picture format", got=path.name, allowed=".svg, .png, .pdf")
    beat_figure(trace, period, usual).savefig(path, format=kind, dpi=150)


def beat_report(
    title: str, rows: list[tuple[str, str, str]], trace: Trace, period: float, path: Path, usual: Trace | None = None
) -> Path:
    """A page with the pictures and a table of (quantity, value, unit), written whole or not at all."""
    told = "Numbers are in the table."
    picture = inline(beat_figure(trace, period, usual), "beat", "Pressure–volume loops and Wiggers diagram", told)
    view = {"title": title, "rows": rows, "picture": picture, "compared": usual is not None, "version": __version__}
    return write_whole(path, environment().get_template("circulation_beat.html").render(view))


def _loop(axes: Any, trace: Trace, usual: Trace | None, side: str) -> None:
    for one, colour, width, word in ((usual, GREY, 1.2, "usual adult"), (trace, BLUE, 2.0, "this person")):
        if one is not None:
            volume, pressure = (_closed(one, f"{symbol}_{side}_ventricle") for symbol in "VP")
            axes.plot(volume, pressure, color=colour, linewidth=width, label=word)
    axes.set(xlim=(0, None), xlabel=f"volume of the {side} ventricle (mL)", ylabel="pressure (mmHg)")
    axes.axhline(0.0, color=INK, linewidth=0.5)
    if usual is not None and side == "left":
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.98), ncols=2)


def _closed(trace: Trace, name: str) -> np.ndarray[Any, Any]:
    values = np.asarray(trace.values[name])
    return np.append(values, values[0])


def _course(trace: Trace, name: str, period: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return np.append(np.asarray(trace.phase), 1.0) * period, _closed(trace, name)
