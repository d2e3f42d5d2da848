"""Beats of paced cells, and a leap along their slow concentrations to where the beat repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.physiology.heart import Cell, Fineness, pace

SLOW = ("nai", "nass", "ki", "kss", "cansr", "cajsr", "CaMKt")
"""States of O'Hara and Rudy's cells that take more than some beats to settle."""
BOUND = ("IObound", "Obound", "Cbound")
BEATS = 24
"""Beats between two leaps."""
_LARGEST = 0.97  # ratio of consecutive changes that is still believed to go on
FLAGS = ("ead", "triggered", "failed_repolarisation", "no_capture", "alternans")


@dataclass(frozen=True)
class Orbit:
    """The last beats of n cells. `charge` is the integral of the named currents over the last beat, µC/µF."""

    y: Any
    charge: np.ndarray
    apd90: np.ndarray
    abnormal: Mapping[str, np.ndarray]
    left: np.ndarray
    """Estimated share by which the charge is still to change."""
    beats: int

    @property
    def any_abnormal(self) -> np.ndarray:
        """Cells whose last beats are not to be ranked."""
        return np.logical_or.reduce(list(self.abnormal.values())) | ~np.isfinite(self.apd90)


def cycle(
    cell: Cell,
    p: Mapping[str, Any],
    y: Any,
    *,
    cycle_length: float,
    currents: Sequence[str],
    beats: int = BEATS,
    fineness: Fineness = Fineness(),
) -> tuple[Orbit, Any]:
    """`beats` more beats of cells of parameters `p` (n,), and the state at which to go on.

    What is left of the charge's change is estimated from the ratio of its changes over thirds of the beats; where the
    slow states of normal cells come near geometrically, the state to go on at is where they end (Aitken's
    extrapolation), at once.
    """
    block = max(beats // 3, 1)
    options: dict[str, Any] = {"cycle_length": cycle_length, "integrals": tuple(currents), "fineness": fineness}
    seen: list[np.ndarray] = []
    states: list[Any] = []
    for _ in range(3):
        paced = pace(cell, p, beats=block, y=y, **options)
        y = paced.y
        states.append(y)
        seen.append(np.sum([np.asarray(paced.integrals[name]) for name in currents], axis=0) / 1000.0)
    found = {name: np.asarray(getattr(paced.flags, name)) for name in FLAGS}
    orbit = Orbit(y, seen[-1], np.asarray(paced.biomarkers.apd90), found, _left(*seen), 3 * block)
    return orbit, _leapt(cell, states, ~orbit.any_abnormal)


def _left(before: np.ndarray, between: np.ndarray, now: np.ndarray) -> np.ndarray:
    first, last = np.abs(between - before), np.abs(now - between)
    ratio = np.clip(last / np.maximum(first, 1e-15), 0.5, _LARGEST)
    return np.where(last + first <= 1e-12, 0.0, np.maximum(last, 0.3 * first) * ratio / (1.0 - ratio) / np.abs(now))


def _leapt(cell: Cell, states: list[Any], normal: np.ndarray) -> Any:
    """The last state with slow states where a geometric approach ends; channels with a drug stay a share."""
    first, second, third = (state._asdict() for state in states)
    found = {name: np.array(value) for name, value in third.items()}
    for name in (name for name in (*SLOW, *BOUND) if name in found):
        before, change = np.asarray(second[name] - first[name]), np.asarray(third[name] - second[name])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(np.abs(before) > 1e-14, change / before, 0.0)
        ratio = np.where((ratio > 0.0) & (ratio < 1.0), np.minimum(ratio, _LARGEST), 0.0)
        found[name] = np.where(normal, found[name] + change * ratio / (1.0 - ratio), found[name])
    if set(BOUND) <= set(found):
        _keep_share(found, {name: np.asarray(third[name]) for name in found})
    return cell.State(**found)


def _keep_share(found: dict[str, np.ndarray], before: Mapping[str, np.ndarray]) -> None:
    """All states of the channel sum to what they did: those without a drug give or take in proportion."""
    free = ("IC1", "IC2", "C1", "C2", "O", "IO")
    for name in BOUND:
        found[name] = np.clip(found[name], 0.0, 1.0)
    bound = sum(found[name] for name in BOUND)
    over = np.maximum(bound / 0.999, 1.0)
    for name in BOUND:
        found[name] = found[name] / over
    was = sum(before[name] for name in free)
    now = was + sum(before[name] - found[name] for name in BOUND)
    for name in free:
        found[name] = before[name] * now / was
