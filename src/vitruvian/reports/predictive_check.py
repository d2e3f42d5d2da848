"""Picture of a visual predictive check."""

from __future__ import annotations

from pathlib import Path

from vitruvian.core import UnknownNameError
from vitruvian.infer import PredictiveCheck

_COLOURS = ("#4c78a8", "#e45756", "#4c78a8")


def plot_predictive_check(check: PredictiveCheck, path: Path, title: str) -> None:
    """Draw the observations, their percentiles (lines) and the simulated bands (areas) as SVG, PNG or PDF.

    Raises `UnknownNameError` for another file type.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("svg", "png", "pdf"):
        raise UnknownNameError("unknown picture format", got=path.name, allowed=".svg, .png, .pdf")
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for k, (colour, percent) in enumerate(zip(_COLOURS, (5, 50, 95), strict=True)):
        axes.fill_between(check.centre, check.low[:, k], check.high[:, k], color=colour, alpha=0.25, linewidth=0)
        style = "-" if percent == 50 else "--"
        axes.plot(
            check.centre, check.observed[:, k], style, color="black", linewidth=1.4, label=f"observed {percent} %"
        )
    axes.plot(check.times, check.values, "o", color="#888888", markersize=3, alpha=0.6, zorder=0)
    unit = f" ({check.unit})" if check.unit else ""
    axes.set(xlabel=f"time ({check.time_unit})", ylabel=f"{check.output}{unit}", title=title)
    axes.set_title(
        f"bands: 90 % of {check.replicates} simulated data sets", loc="left", fontsize=8, color="#666666", y=-0.2
    )
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, format=kind, dpi=150)
