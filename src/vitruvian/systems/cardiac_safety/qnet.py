"""qNet: the charge that six currents carry over one settled beat of the CiPA initiative's cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from vitruvian.core import Source
from vitruvian.physiology.heart import Cell, Fineness, cell
from vitruvian.systems.cardiac_safety.orbit import BEATS as CYCLE
from vitruvian.systems.cardiac_safety.orbit import FLAGS, Orbit, cycle

NET = ("INaL", "ICaL", "Ito", "IKr", "IKs", "IK1")
"""Currents of qNet."""
CYCLE_LENGTH, BEATS, UNTIL = 2000.0, 1000, 3e-4
DOSES = (1.0, 2.0, 3.0, 4.0)
"""Times Cmax that the torsade metric score averages over."""
SOURCE = Source(
    "Dutta S, Chang KC, Beattie KA, et al. Optimization of an in silico cardiac cell model for proarrhythmia risk "
    "assessment. Front Physiol 2017;8:616",
    doi="10.3389/fphys.2017.00616",
    status="two transcriptions agree",
)
FINENESS = Fineness(first=0.02, largest=1.0, rest=2.0)
"""Steps at which qNet is within half a percent of that at far shorter ones; resting currents ask for short steps."""
_CHUNKS = (8, 128)  # cells run at once; a run is filled up to one of these, so that few programs are compiled
_GIVEN_UP = 4  # cycles
_STILL = 5.0  # times what is still to come, that a leap may have changed a settled cell

Progress = Callable[[int], None]
"""Told how many cells have become settled."""


@dataclass(frozen=True)
class Beats:
    """The settled beat of n cells: qNet in µC/µF, APD90 in ms, what is abnormal, and the states at the end."""

    qnet: np.ndarray
    apd90: np.ndarray
    abnormal: Mapping[str, np.ndarray]
    left: np.ndarray
    """Share by which qNet is estimated to change still."""
    y: np.ndarray
    """(states, n)."""

    @property
    def normal(self) -> np.ndarray:
        """Cells whose beat may be ranked."""
        return ~np.logical_or.reduce(list(self.abnormal.values())) & np.isfinite(self.apd90)


def ranked_in() -> Cell:
    """The cell: CiPAORdv1.0, endocardial."""
    return cell("cipa_ord")


@cache
def control() -> np.ndarray:
    """(states,) of the cell without a drug after 1000 beats at 2 s, computed here; every other run starts at it."""
    stored = json.loads(files(__package__).joinpath("control.json").read_text(encoding="utf-8"))
    found = np.array([stored[name] for name in ranked_in().State._fields])
    found.setflags(write=False)
    return found


def settled_beats(
    p: Mapping[str, np.ndarray],
    *,
    start: np.ndarray | None = None,
    beats: int = BEATS,
    until: float = UNTIL,
    cycle_length: float = CYCLE_LENGTH,
    progress: Progress = lambda _: None,
) -> Beats:
    """Cells of parameters `p` (n,) paced from `start` ((states, n); default: the control) until their beat is settled.

    A normal cell is settled once qNet is estimated to change by less than `until` of itself and the last leap hardly
    changed it; an abnormal one after `_GIVEN_UP` cycles of beats that were all abnormal; each after `beats`.
    """
    n = len(next(iter(p.values())))
    state = np.repeat(control()[:, None], n, axis=1) if start is None else np.array(start)
    now, onward = _empty(n, len(state)), state
    run, strange, finished = np.zeros(n, int), np.zeros(n, int), np.zeros(n, bool)
    open_ = np.arange(n)
    while len(open_):
        for chosen in _chunks(open_):
            orbit, next_ = cycle(
                ranked_in(), {name: value[chosen.padded] for name, value in p.items()}, tuple(onward[:, chosen.padded]),
                cycle_length=cycle_length, currents=NET, beats=min(CYCLE, beats), fineness=FINENESS,
            )  # fmt: skip
            before = now.qnet[chosen.cells]
            _write(now, orbit, chosen)
            onward[:, chosen.cells] = np.stack([np.asarray(one)[: chosen.size] for one in next_])
            at = chosen.cells
            run[at] += orbit.beats
            strange[at] = np.where(now.normal[at], 0, strange[at] + 1)
            moved = np.abs(now.qnet[at] - before) <= _STILL * until * np.abs(now.qnet[at])
            ready = np.where(now.normal[at], moved & (now.left[at] <= until), strange[at] >= _GIVEN_UP)
            finished[at] = ready | (run[at] + CYCLE > beats)
            progress(int(finished[at].sum()))
        open_ = open_[~finished[open_]]
        open_ = open_[np.argsort(np.nan_to_num(now.apd90[open_], nan=cycle_length), kind="stable")]
    return now


@dataclass(frozen=True)
class _Chunk:
    """Cells run at once, filled up with the last of them to a size for which a program exists."""

    cells: np.ndarray
    padded: np.ndarray

    @property
    def size(self) -> int:
        return len(self.cells)


def _chunks(cells: np.ndarray) -> list[_Chunk]:
    found = []
    for at in range(0, len(cells), _CHUNKS[-1]):
        own = cells[at : at + _CHUNKS[-1]]
        size = next(one for one in _CHUNKS if one >= len(own))
        found.append(_Chunk(own, np.concatenate([own, np.repeat(own[-1:], size - len(own))])))
    return found


def _empty(n: int, states: int) -> Beats:
    return Beats(
        np.full(n, np.nan), np.full(n, np.nan), {name: np.zeros(n, bool) for name in FLAGS}, np.full(n, np.inf),
        np.zeros((states, n)),
    )  # fmt: skip


def _write(into: Beats, orbit: Orbit, chosen: _Chunk) -> None:
    used, cells = chosen.size, chosen.cells
    into.qnet[cells], into.apd90[cells], into.left[cells] = (
        orbit.charge[:used], orbit.apd90[:used], orbit.left[:used]
    )  # fmt: skip
    for name in FLAGS:
        into.abnormal[name][cells] = orbit.abnormal[name][:used]
    into.y[:, cells] = np.stack([np.asarray(one)[:used] for one in orbit.y])
