"""Populations of cells: conductances drawn at random, and kept where the action potential is a human one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from vitruvian.core import InputError, Source, UnknownNameError
from vitruvian.model import Values
from vitruvian.physiology.heart.cell.biomarkers import Biomarkers
from vitruvian.physiology.heart.cell.cell import Cell
from vitruvian.physiology.heart.cell.pacing import Paced, pace

SOURCE = Source(
    "Passini E, Britton OJ, Lu HR et al. Human in silico drug trials demonstrate higher accuracy than animal models in "
    "predicting clinical pro-arrhythmic cardiotoxicity. Front Physiol 2017;8:668",
    doi="10.3389/fphys.2017.00668",
    table="table 2",
    status="two transcriptions agree",
)
CURRENTS = ("INa", "INaL", "Ito", "IKr", "IKs", "IK1", "INaCa", "INaK", "ICaL")
"""What the source varies; of a model that lacks one, the others are varied."""


class Range(NamedTuple):
    """Of a biomarker, ends included."""

    low: float
    high: float


HUMAN: Mapping[str, Range] = {
    "apd40": Range(85.0, 320.0),  # ms
    "apd50": Range(110.0, 350.0),
    "apd90": Range(180.0, 440.0),
    "triangulation40": Range(50.0, 150.0),  # APD90 − APD40
    "upstroke": Range(100.0, 1000.0),  # mV/ms
    "peak": Range(10.0, 55.0),  # mV
    "rest": Range(-95.0, -80.0),
    "calcium_duration50": Range(120.0, 420.0),  # ms
    "calcium_duration90": Range(220.0, 785.0),
}
"""Of human ventricular cells at 1 Hz (`SOURCE`)."""


@dataclass(frozen=True)
class Population:
    """The cells that were accepted; the last axis of everything is the cell."""

    cell: Cell
    p: dict[str, Any]
    """Every parameter, (n,) each: give it to `pace` with `y=population.y`, through `blocked` for a drug."""
    y: Any
    """State after calibration."""
    biomarkers: Biomarkers
    tried: int
    refused: Mapping[str, int]
    """Biomarker → cells outside its range (a cell may be outside of several); `abnormal`: flagged in the last beats."""

    @property
    def size(self) -> int:
        """Cells accepted."""
        return int(self.biomarkers.apd90.shape[0])


def drawn(
    cell: Cell, number: int, *, seed: int = 0, currents: Sequence[str] = (), span: tuple[float, float] = (0.0, 2.0)
) -> dict[str, np.ndarray]:
    """`number` sets of scales of currents, evenly over `span` times the published ones, as a Latin hypercube.

    Raises `InputError` for a number or span that cannot be, `UnknownNameError` for a current the model lacks.
    """
    from scipy.stats import qmc

    chosen = tuple(currents) or tuple(name for name in CURRENTS if name in cell.currents)
    unknown = [name for name in chosen if name not in cell.currents]
    if unknown or not chosen:
        allowed = ", ".join(cell.currents)
        raise UnknownNameError(f"model {cell.name} has no such current", got=", ".join(unknown), allowed=allowed)
    if number < 1:
        raise InputError("a population needs cells", got=number, allowed="1 or more")
    if not 0.0 <= span[0] < span[1]:
        raise InputError("scales are drawn between two ends", got=span, allowed="0 ≤ low < high")
    shares = qmc.LatinHypercube(len(chosen), rng=np.random.default_rng(seed)).random(number)
    scales = span[0] + (span[1] - span[0]) * shares
    return {f"scale_{name}": scales[:, at] for at, name in enumerate(chosen)}


def calibrated(
    cell: Cell,
    p: Values,
    *,
    ranges: Mapping[str, Range] = HUMAN,
    cycle_length: float = 1000.0,
    beats: int = 100,
    until: float | None = 1e-3,
    y: Any = None,
) -> Population:
    """The cells of `p` (as `drawn`, perhaps with a variant) whose paced biomarkers lie in all ranges, without flags.

    Raises `UnknownNameError` for a range of no biomarker, `InputError` where no cell is accepted.
    """
    paced = pace(cell, p, cycle_length=cycle_length, beats=beats, until=until, y=y)
    inside = judged(paced.biomarkers, ranges) | {"abnormal": ~np.asarray(paced.flags.any)}
    kept = np.logical_and.reduce(list(inside.values()))
    refused = {name: int(np.sum(~good)) for name, good in inside.items()}
    if not kept.any():
        raise InputError("no cell lies in all ranges", got=refused, todo="Draw more cells, or widen the ranges.")
    return Population(
        cell,
        {name: value[kept] for name, value in paced.p.items()},
        _taken(paced, kept),
        Biomarkers(*(value[kept] for value in paced.biomarkers)),
        kept.size,
        refused,
    )


def judged(found: Biomarkers, ranges: Mapping[str, Range] = HUMAN) -> dict[str, np.ndarray]:
    """Whether each cell lies in each range; NaN lies in none. Raises `UnknownNameError` for no biomarker."""
    values = {**found._asdict(), "triangulation40": found.apd90 - found.apd40}
    unknown = [name for name in ranges if name not in values]
    if unknown:
        raise UnknownNameError("no such biomarker", got=", ".join(unknown), allowed=", ".join(values))
    return {name: np.asarray((values[name] >= low) & (values[name] <= high)) for name, (low, high) in ranges.items()}


def _taken(paced: Paced, kept: np.ndarray) -> Any:
    return paced.cell.State(*(jnp.asarray(value)[kept] for value in paced.y))
