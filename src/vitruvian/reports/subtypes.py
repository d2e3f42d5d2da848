"""Subtypes of people as a picture: where they lie, and what marks each."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vitruvian.learn.subtypes import Mark, Subtypes
from vitruvian.reports.style import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE, VIOLET, WIDTH

_COLOURS = (BLUE, ORANGE, GREEN, VIOLET, RED, "#a6761d", "#56b4e9", INK)
_MARKERS = "os^Dv<>P"
_SHOWN = 8
_AT_MOST = 3000


def subtypes_picture(found: Subtypes, path: str | Path | None = None) -> Figure:
    """People in the two directions in which they differ most, a colour and mark for each subtype; beside it the
    features that mark the subtypes, as differences in SDs. Written to `path` (.svg, .png, .pdf) where given."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
        _people(left, found)
        _marks(right, found)
        figure.suptitle(found.sentence, fontsize=9, x=0.01, ha="left", wrap=True)
        if path is not None:
            undated = (
                {} if Path(path).suffix == ".png" else {"Date" if Path(path).suffix == ".svg" else "CreationDate": None}
            )
            figure.savefig(path, dpi=150, metadata=undated)
    return figure


def _people(axes: Axes, found: Subtypes) -> None:
    points = found.embedding.points
    shown = np.arange(len(points))
    if len(points) > _AT_MOST:  # the picture stays light; every n-th person is as good as another
        shown = shown[:: len(points) // _AT_MOST + 1]
    none = shown[found.label[shown] == 0]
    axes.scatter(
        points[none, 0],
        points[none, 1],
        s=4,
        color=GREY,
        alpha=0.4,
        label=f"none ({(found.label == 0).sum()})" if len(none) else None,
    )
    for one in found.found:
        told = f"{one.number}: {one.people} people, {one.verdict} ({one.stability.value:.2f})"
        of = shown[found.label[shown] == one.number]
        axes.scatter(
            points[of, 0], points[of, 1], s=9, marker=_MARKERS[(one.number - 1) % 8], alpha=0.6, linewidths=0,
            color=_COLOURS[(one.number - 1) % 8], label=told,
        )  # fmt: skip
    share = found.embedding.explained
    axes.set_xlabel(f"first direction ({share[0]:.0%} of the differences)")
    axes.set_ylabel(f"second direction ({share[1]:.0%})")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=8, markerscale=2)


def _marks(axes: Axes, found: Subtypes) -> None:
    """A row for each feature that marks any subtype, a point for each subtype that it marks."""
    best: dict[str, list[tuple[int, Mark]]] = {}
    for one in found.found:
        for mark in one.marks:
            best.setdefault(mark.feature.title, []).append((one.number, mark))
    titles = sorted(best, key=lambda name: -max(abs(mark.difference) for _, mark in best[name]))[:_SHOWN][::-1]
    for row, name in enumerate(titles):
        for number, mark in best[name]:
            axes.plot(mark.difference, row, _MARKERS[(number - 1) % 8], color=_COLOURS[(number - 1) % 8], ms=6)
    axes.axvline(0, color=GREY, lw=0.8)
    axes.set_yticks(range(len(titles)), titles, fontsize=8)
    axes.set_xlabel("difference from all others, SDs")
