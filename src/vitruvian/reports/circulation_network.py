"""Picture of a beat in a network of arteries: pressure and flow on the way from the inlet to the farthest outlets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core import UnknownNameError
from vitruvian.physiology.circulation.network_1d import NetworkRun
from vitruvian.reports.style import BLUE, GREEN, GREY, ORANGE, RED, STYLE, WIDTH

_COLOURS = (RED, ORANGE, GREEN, BLUE, GREY)


def network_figure(run: NetworkRun) -> Any:
    """Pressures and flows at up to five vessels of the longest way; a matplotlib figure."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    farthest = max(run.network.tubes, key=lambda tube: run.distance(tube.name, "end"))
    way = run.network.upstream(farthest.name)
    if len(way) == 1:
        places = [(way[0].name, place) for place in ("start", "middle", "end")]
    else:
        goals = np.linspace(0.0, run.distance(farthest.name), len(_COLOURS))
        near = {min(way, key=lambda tube: abs(run.distance(tube.name) - goal)).name: None for goal in goals}
        places = [(name, "middle") for name in near]
    t = np.append(run.t, run.period)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 6.0), layout="constrained")
        FigureCanvasAgg(figure)
        pressure, flow = figure.subplots(2, 1, sharex=True)
        for colour, (name, place) in zip(_COLOURS, places, strict=False):
            p, q, _ = run.at(name, place)
            label = f"{name.replace('_', ' ')}, {100.0 * run.distance(name, place):.0f} cm"
            pressure.plot(t, np.append(p, p[0]), color=colour, label=label)
            flow.plot(t, np.append(q, q[0]), color=colour)
        pressure.set_ylabel("pressure (mmHg)")
        pressure.legend(ncols=2, loc="lower left", bbox_to_anchor=(0.0, 1.0))
        flow.axhline(0.0, color=GREY, linewidth=0.6)
        flow.set_ylabel("flow (mL/s)")
        flow.set_xlabel("time (s)")
        flow.set_xlim(0.0, run.period)
    return figure


def plot_network(run: NetworkRun, path: Path) -> None:
    """Draw it as SVG, PNG or PDF; raises `UnknownNameError` for another file type."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("svg", "png", "pdf"):
        raise UnknownNameError("unknown picture format", got=path.name, allowed=".svg, .png, .pdf")
    network_figure(run).savefig(path, format=kind, dpi=150)
