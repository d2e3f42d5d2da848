"""Steps that all paced cells share: short in the upstroke, growing over the action potential, long at rest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vitruvian.physiology.heart.cell.cell import Stimulus

_ROWS = 512
_REST_GROWTH = 1.5


class Fineness(NamedTuple):
    """How long steps are, ms: `first` until `upstroke`, then growing up to `largest`; up to `rest` at rest."""

    first: float = 0.025
    upstroke: float = 2.5
    growth: float = 0.015
    largest: float = 1.0
    rest: float = 10.0


class Steps(NamedTuple):
    """Steps from one stimulus to the next. `rows` (padded, 3): length in ms, stimulus in A/F, its jump before the step.

    Of the rows `fine` belong to the action potential and `used` are filled; `t` (padded + 1,) are the times of their
    ends, the start first.
    """

    rows: np.ndarray
    fine: int
    used: int
    t: np.ndarray


def steps(length: float, zone: float, stimulus: Stimulus, fineness: Fineness) -> Steps:
    """Steps over `length` ms that stay fine for `zone` ms; the stimulus comes first."""
    pulse = min(stimulus.duration, length)
    count = int(np.ceil(pulse / fineness.first - 1e-9)) if stimulus.current else 0
    sizes = [pulse / count] * count if count else []
    sizes, fine = _grown(sizes, length, min(zone, length), fineness)
    dt = np.asarray(sizes)
    current = np.where(np.arange(len(dt)) < count, stimulus.current, 0.0)
    jump = np.diff(current, prepend=0.0)
    padded = -(-len(dt) // _ROWS) * _ROWS
    rows = np.zeros((padded, 3))
    rows[: len(dt)] = np.stack([dt, current, jump], axis=1)
    return Steps(rows, fine, len(dt), np.concatenate([[0.0], np.cumsum(rows[:, 0])]))


def _grown(sizes: list[float], length: float, zone: float, fineness: Fineness) -> tuple[list[float], int]:
    """`sizes` prolonged to `length`, and how many of them are within the zone."""
    now, size = sum(sizes), fineness.first
    while now < zone - 1e-9:
        size = fineness.first if now < fineness.upstroke else min(size * (1.0 + fineness.growth), fineness.largest)
        sizes.append(_fitted(size, zone - now))
        now += sizes[-1]
    fine = len(sizes)
    while now < length - 1e-9:
        size = min(size * _REST_GROWTH, fineness.rest)
        sizes.append(_fitted(size, length - now))
        now += sizes[-1]
    return sizes, fine


def _fitted(size: float, left: float) -> float:
    """The step, or what is left, or half of that where the step would leave a sliver."""
    return left if left <= size else left / 2.0 if left < 2.0 * size else size
