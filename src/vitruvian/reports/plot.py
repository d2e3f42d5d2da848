"""The picture of an answer for a notebook or a file."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from vitruvian.reports import figures
from vitruvian.twin import Answer


def plot(answer: Answer, path: str | Path | None = None) -> Figure:
    """Curves with bands, levels and target; written to `path` (.svg, .png, .pdf) where given."""
    figure = figures.curve(answer)
    if path is not None:
        figure.savefig(path)
    return figure
