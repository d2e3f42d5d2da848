"""The picture of an answer for a notebook or a file."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from vitruvian.core import DataError, UnknownNameError
from vitruvian.reports.curve import curve, has_curve
from vitruvian.reports.style import STYLE
from vitruvian.twin import Answer

_KINDS = ("svg", "png", "pdf")


def plot(answer: Answer, path: str | Path | None = None) -> Figure:
    """Curves with bands, levels and target; written to `path` (.svg, .png, .pdf) where given.

    Raises `DataError` for an answer without curves (refused before anything was simulated), `UnknownNameError` for
    another file type, `SolveError` for numbers that are not finite.
    """
    answer.to_dict()  # checks that every number is finite
    if not has_curve(answer):
        raise DataError("this answer has no curve to draw", got=answer.sentence, todo="Use report(): it says why.")
    if path is not None and Path(path).suffix.removeprefix(".").lower() not in _KINDS:
        raise UnknownNameError("unknown picture format", got=Path(path).name, allowed=".svg, .png, .pdf")
    figure = curve(answer)
    if path is not None:
        undated = {} if Path(path).suffix.lower() == ".png" else {"Date" if _svg(path) else "CreationDate": None}
        with matplotlib.rc_context(STYLE):
            figure.savefig(path, dpi=150, metadata=undated)
    return figure


def _svg(path: str | Path) -> bool:
    return Path(path).suffix.lower() == ".svg"
