"""Pictures of a heart twin: the pressure–volume loop and the Wiggers diagram, before and after, with bands."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.figure import Figure

from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, STYLE, WIDTH
from vitruvian.twin.heart import Beat, Evidence, typical_draw

_LOOPS = 40
_ROWS = (
    (
        "mmHg",
        (("P_left_ventricle", "left ventricle", "-"), ("P_aorta", "aorta", "--"), ("P_left_atrium", "atrium", ":")),
    ),
    ("mL", (("V_left_ventricle", "volume of the left ventricle", "-"),)),
    ("mL/s", (("Q_aortic", "aortic flow", "-"), ("Q_mitral", "mitral flow", ":"))),
)  # fmt: skip


def loop_figure(before: Beat, after: Beat | None, evidence: Evidence) -> Figure:
    """Pressure over volume of the left ventricle: each draw faint, the typical one strong, measured volumes below."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH * 0.72, 3.6), layout="constrained")
        axes = figure.subplots()
        one = typical_draw(before) if after is None else typical_draw(before, after)
        _loops(axes, before, one, BLUE, "now" if after is None else "before")
        if after is not None:
            _loops(axes, after, one, ORANGE, "after")
        for name, word in (("esv", "ESV"), ("edv", "EDV")):
            if name in evidence.values:
                axes.plot(evidence.values[name], 0.0, marker="^", color=INK, markersize=7, clip_on=False, zorder=5)
                axes.annotate(f"{word} measured", (evidence.values[name], 0.0), (0, 9), textcoords="offset points",
                              ha="center", fontsize=8, color=INK)  # fmt: skip
        axes.set_xlabel("volume of the left ventricle, mL")
        axes.set_ylabel("pressure, mmHg")
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.legend(loc="upper left")
        return figure


def wiggers_figure(before: Beat, after: Beat | None) -> Figure:
    """Pressures, volume and flows over one beat: median and the band that holds nine tenths; after as orange lines."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 6.0), layout="constrained")
        rows = figure.subplots(3, 1, sharex=True, height_ratios=(2.0, 1.0, 1.0))
        for axes, (unit, shown) in zip(rows, _ROWS, strict=True):
            for name, word, style in shown:
                _course(axes, before, name, word, style, {"-": BLUE, "--": INK, ":": GREEN}[style], band=True)
                if after is not None:
                    _course(axes, after, name, "", style, ORANGE, band=False)
            axes.set_ylabel(unit)
            axes.legend(loc="upper right", ncols=3)
        top = rows[0].get_ylim()[1]
        rows[0].set_ylim(0, 1.18 * top)
        rows[-1].set_xlabel("time since the ventricles begin to contract, s")
        rows[-1].axhline(0.0, color=GREY, linewidth=0.6)
        return figure


def _loops(axes: Any, beat: Beat, one: int, colour: str, word: str) -> None:
    volume, pressure = beat.curves["V_left_ventricle"], beat.curves["P_left_ventricle"]
    for k in range(min(_LOOPS, len(volume))):
        axes.plot(_closed(volume[k]), _closed(pressure[k]), color=colour, linewidth=0.6, alpha=0.16)
    axes.plot(_closed(volume[one]), _closed(pressure[one]), color=colour, linewidth=2.0, label=word)


def _closed(values: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    return np.append(values, values[0])


def _course(axes: Any, beat: Beat, name: str, word: str, style: str, colour: str, *, band: bool) -> None:
    values = beat.curves[name]
    time = np.arange(values.shape[1]) / values.shape[1] * float(np.median(beat.period))
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), axis=0)
    if band:
        axes.fill_between(time, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(time, middle, style, color=colour, linewidth=1.6, label=word or None)
