"""Colours and type of all pictures; blue, orange and green are told apart with every common colour vision."""

from __future__ import annotations

from typing import Any

BLUE, ORANGE, GREEN, RED, GREY, INK = "#0072b2", "#d55e00", "#009e73", "#cc3311", "#666666", "#1b1b1b"
VIOLET = "#7a3e9d"
VARIABLES = {
    BLUE: "--blue", ORANGE: "--orange", GREEN: "--green", RED: "--red", GREY: "--grey", INK: "--ink",
    VIOLET: "--violet",
}  # fmt: skip
"""Colour → variable of the page's style sheet, so that a picture inside the page follows light and dark."""

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "vitruvian",
}
WIDTH = 7.6
"""Inches: the text width of a printed A4 page."""
