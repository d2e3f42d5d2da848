"""Error grids: what a wrong glucose value, measured or forecast, would do to the person who acts on it.

Zones 0 to 4 are A (no effect on treatment) to E (the opposite treatment).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, Source, UnknownNameError

ZONES = "ABCDE"
_MMOL = 34.0  # mg/dL: where all values are below, they are mmol/L
Line = tuple[tuple[float, float], ...]
"""Corners (reference, value) in mg/dL by rising reference; the last stretch goes on for ever."""


@dataclass(frozen=True)
class ErrorGrid:
    """A published grid: its rule, and its borders as they are drawn."""

    name: str
    title: str
    source: Source
    rule: Callable[[Float[np.ndarray, "*n"], Float[np.ndarray, "*n"]], Int[np.ndarray, "*n"]]
    borders: tuple[Line, ...]
    labels: tuple[tuple[str, float, float], ...]
    """Zone letters and where they stand in a drawing up to 400 mg/dL."""

    def zones(self, reference: Float[np.ndarray, "*n"], value: Float[np.ndarray, "*n"]) -> Int[np.ndarray, "*n"]:
        """Zone of each pair, 0 to 4; −1 where one of the two is missing (NaN).

        Raises `DataError` for negative values, and for values that are no mg/dL (all below 34: mmol/L).
        """
        reference, value = np.broadcast_arrays(np.asarray(reference, float), np.asarray(value, float))
        there = np.isfinite(reference) & np.isfinite(value)
        both = np.concatenate([reference[there], value[there]])
        if len(both) and (both.min() < 0 or both.max() < _MMOL):
            got = f"values from {both.min():.3g} to {both.max():.3g}"
            raise DataError("an error grid needs glucose in mg/dL", got=got, todo="Convert: 1 mmol/L = 18.016 mg/dL.")
        found = self.rule(np.where(there, reference, 100.0), np.where(there, value, 100.0))
        return np.where(there, found, -1)

    def shares(self, reference: Float[np.ndarray, "*n"], value: Float[np.ndarray, "*n"]) -> dict[str, float]:
        """Percent of the pairs in each zone; NaN where there is no pair."""
        found = self.zones(reference, value)
        count = int((found >= 0).sum())
        return {
            zone: 100.0 * float((found == k).sum()) / count if count else float("nan") for k, zone in enumerate(ZONES)
        }


def _between(upper: tuple[Line, ...], lower: tuple[Line, ...]) -> Callable[..., Int[np.ndarray, "*n"]]:
    """Rule of a grid of nested borders: the number of borders crossed above or below the diagonal."""

    def zones(reference: np.ndarray, value: np.ndarray) -> np.ndarray:
        over = sum((value > _height(line, reference)).astype(int) for line in upper)
        under = sum((_right_of(line, reference) & (value < _height(line, reference))).astype(int) for line in lower)
        return np.maximum(over, under)

    return zones


def _height(line: Line, reference: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Value on a border at each reference, beyond its last corner in the direction of its last stretch."""
    x, y = np.array([p for p in line if p[1] > 0.0]).T
    slope = (y[-1] - y[-2]) / (x[-1] - x[-2])
    return np.where(reference > x[-1], y[-1] + slope * (reference - x[-1]), np.interp(reference, x, y))


def _right_of(line: Line, reference: Float[np.ndarray, "*n"]) -> Bool[np.ndarray, "*n"]:
    """Whether a lower border, which begins as a vertical line, lies to the left."""
    return reference > line[0][0]


def _clarke(reference: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Clarke's zones; where they touch, A before B, and E before all."""
    found = np.ones(reference.shape, int)
    between = (value >= 70.0) & (value < 180.0)
    found[between & ((reference < 70.0) | (reference > 240.0))] = 3
    above = (reference > 70.0) & (value > 180.0) & (value > reference + 110.0)
    below = (reference >= 130.0) & (reference <= 180.0) & (value < 7 / 5 * (reference - 130.0))
    found[above | below] = 2
    found[(np.abs(value - reference) <= 0.2 * reference) | ((reference < 70.0) & (value < 70.0))] = 0
    found[((reference <= 70.0) & (value >= 180.0)) | ((reference >= 180.0) & (value <= 70.0))] = 4
    return found


CLARKE = ErrorGrid(
    "clarke",
    "Clarke error grid",
    Source(
        "Clarke WL, Cox D, Gonder-Frederick LA, Carter W, Pohl SL. Evaluating clinical accuracy of systems for "
        "self-monitoring of blood glucose. Diabetes Care 1987;10:622",
        doi="10.2337/diacare.10.5.622",
        status="two transcriptions agree",
    ),
    lambda reference, value: _clarke(np.atleast_1d(reference), np.atleast_1d(value)).reshape(np.shape(reference)),
    (
        ((0, 70), (175 / 3, 70), (1000 / 3, 400)),
        ((70, 0), (70, 56), (400, 320)),
        ((70, 84), (70, 400)),
        ((0, 180), (70, 180), (290, 400)),
        ((130, 0), (180, 70)),
        ((180, 0), (180, 70), (400, 70)),
        ((240, 70), (240, 180), (400, 180)),
    ),
    (("A", 30, 20), ("A", 370, 350), ("B", 370, 250), ("B", 280, 370), ("C", 165, 375), ("C", 163, 18),
     ("D", 30, 125), ("D", 370, 125), ("E", 30, 375), ("E", 370, 30)),
)  # fmt: skip

_PARKES_UPPER: tuple[Line, ...] = (
    ((0, 50), (30, 50), (140, 170), (280, 380), (430, 550)),
    ((0, 60), (30, 60), (50, 80), (70, 110), (260, 550)),
    ((0, 100), (25, 100), (50, 125), (80, 215), (125, 550)),
    ((0, 150), (35, 155), (50, 550)),
)
_PARKES_LOWER: tuple[Line, ...] = (
    ((50, 0), (50, 30), (170, 145), (385, 300), (550, 450)),
    ((120, 0), (120, 30), (260, 130), (550, 250)),
    ((250, 0), (250, 40), (550, 150)),
)
PARKES = ErrorGrid(
    "parkes",
    "Parkes consensus error grid, type 1 diabetes",
    Source(
        "Pfützner A, Klonoff DC, Pardo S, Parkes JL. Technical aspects of the Parkes error grid. J Diabetes Sci "
        "Technol 2013;7:1275 (of: Parkes JL, et al. Diabetes Care 2000;23:1143)",
        doi="10.1177/193229681300700517",
        status="two transcriptions agree",
        errata="One transcription draws the lower border of D from (250, 40) with a kink at 410; the corners agree.",
    ),
    _between(_PARKES_UPPER, _PARKES_LOWER),
    (*_PARKES_UPPER, *_PARKES_LOWER),
    (("A", 370, 380), ("B", 260, 380), ("B", 370, 245), ("C", 140, 380), ("C", 370, 140), ("D", 70, 380),
     ("D", 370, 40), ("E", 15, 380)),
)  # fmt: skip

_DTS_UPPER: tuple[Line, ...] = (
    ((0, 60), (50, 60), (500, 600)),
    ((0, 86.5), (50, 86.5), (347, 600)),
    ((0, 124), (50, 124), (241, 600)),
    ((0, 179), (50, 179), (167, 600)),
)
_DTS_LOWER: tuple[Line, ...] = (
    ((62.5, 0), (62.5, 50), (600, 480)),
    ((97.5, 0), (97.5, 50), (600, 307)),
    ((153, 0), (153, 50), (600, 197)),
    ((238, 0), (238, 50), (600, 126)),
)
DTS = ErrorGrid(
    "dts",
    "Diabetes Technology Society error grid",
    Source(
        "Klonoff DC, Freckmann G, Pleus S, et al. The Diabetes Technology Society error grid and trend accuracy matrix "
        "for glucose monitors. J Diabetes Sci Technol 2024;18:1346",
        doi="10.1177/19322968241275701",
        table="Table A1 of the supplement",
        status="two transcriptions agree",
        errata="The surveillance error grid of 2014 with straight borders, by the same society.",
    ),
    _between(_DTS_UPPER, _DTS_LOWER),
    (*_DTS_UPPER, *_DTS_LOWER),
    (("A", 370, 370), ("B", 265, 375), ("B", 370, 235), ("C", 180, 375), ("C", 370, 145), ("D", 120, 375),
     ("D", 370, 98), ("E", 40, 375), ("E", 370, 30)),
)  # fmt: skip

GRIDS: Mapping[str, ErrorGrid] = {one.name: one for one in (CLARKE, PARKES, DTS)}


def named_grid(name: str) -> ErrorGrid:
    """The grid `name`; raises `UnknownNameError`."""
    if name not in GRIDS:
        raise UnknownNameError("no such error grid", got=name, allowed=", ".join(GRIDS))
    return GRIDS[name]
