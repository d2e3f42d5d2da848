"""Picture of how a circulation answers: pressures, heart rate, output and blood volume under one clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitruvian.core import UnknownNameError
from vitruvian.physiology.circulation import Response
from vitruvian.reports.style import BLUE, GREEN, GREY, ORANGE, RED, STYLE, WIDTH


def response_figure(response: Response) -> Any:
    """Four panels of one person's response; a matplotlib figure."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    minutes = response.seconds / 60.0
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 7.0), layout="constrained")
        FigureCanvasAgg(figure)
        pressure, rate, output, volume = figure.subplots(4, 1, sharex=True, height_ratios=[2.2, 1, 1, 1])
        pressure.fill_between(
            minutes, response.diastolic, response.systolic, color=RED, alpha=0.2, linewidth=0, label="pulse"
        )
        pressure.plot(minutes, response.mean_arterial, color=RED, label="mean arterial")
        pressure.plot(minutes, response.central_venous, color=BLUE, label="central venous")
        pressure.set_ylabel("pressure (mmHg)")
        pressure.legend(ncols=3, loc="lower left", bbox_to_anchor=(0.0, 1.0))
        for axes, name, label, colour in (
            (rate, "heart_rate", "heart rate (1/min)", ORANGE),
            (output, "cardiac_output", "output (L/min)", GREEN),
            (volume, "blood_volume", "blood (mL)", GREY),
        ):
            values = getattr(response, name)
            axes.plot(minutes, values, color=colour)
            axes.set_ylabel(label)
            axes.margins(y=0.3)
        volume.set_xlabel("time (min)")
    return figure


def plot_response(response: Response, path: Path) -> None:
    """Draw it as SVG, PNG or PDF; raises `UnknownNameError` for another file type."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("svg", "png", "pdf"):
        raise UnknownNameError("unknown picture format", got=path.name, allowed=".svg, .png, .pdf")
    response_figure(response).savefig(path, format=kind, dpi=150)
