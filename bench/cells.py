"""Heart cells on one core: cell-beats per CPU second beside Myokit's CVODE, at the error of APD90 that it costs.

Myokit runs in the same bench on the same cells (conductances log-normal by 0.2): the reference at 1e-10, its speed at
1e-6. It needs a folder of CellML files in VITRUVIAN_CELLML, and Myokit with SUNDIALS in this interpreter or in the one
that VITRUVIAN_MYOKIT names; without them the rows say so and hold nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from bench.timing import Row, best
from vitruvian.physiology.heart import Cell, cell, pace

TABLES = Path(__file__).parents[1] / "tests" / "physiology" / "heart"
STORES = {"scale_Iup", "scale_Irel", "scale_Jup", "scale_Jrel"}
BEATS = 20


class Work(NamedTuple):
    """A model, its table of CellML names, and what it must reach: times Myokit's speed, ms of APD90."""

    model: str
    table: str
    times: float
    error: float


BATCHES = (
    Work("ten_tusscher_2006", "ten_tusscher_2006_endo", 15.0, 0.25),
    Work("ohara_rudy_2011", "ohara_rudy_2011_endo", 5.0, 0.5),
    Work("cipa_ord", "cipa_ord", 5.0, 0.5),
    Work("tor_ord_dyncl", "tor_ord_dyncl_endo", 5.0, 0.5),
)
SINGLE = Work("ten_tusscher_2006", "ten_tusscher_2006_endo", 1.5, 0.5)


def rows(cells: int, references: int, rounds: int) -> list[Row]:
    """A row for each model in batch, and for one cell through 1,000 beats."""
    found = []
    for work in BATCHES:
        peer = myokit(work, references)
        speed = batch_speed(work, cells, rounds)
        found.append(_row(f"{work.model}, {cells:,} cells", work, speed, _error(work, references, peer), peer))
        if work.model == SINGLE.model:
            one = one_cell_speed(SINGLE, 1000, rounds)
            found.append(_row(f"{SINGLE.model}, one cell, 1,000 beats", SINGLE, one, _error(SINGLE, 1, peer), peer))
    return [*found, *_on_a_gpu(cells)]


def varied(model: Cell, cells: int) -> dict[str, np.ndarray]:
    """Conductances of as many cells; the first ones are the same whatever their number."""
    names = [name for name in model.typical if name.startswith("scale_") and name not in STORES]
    draws = {name: np.random.default_rng([7, k]).standard_normal(cells) for k, name in enumerate(names)}
    return {name: np.exp(0.2 * draw) for name, draw in draws.items()}


def batch_speed(work: Work, cells: int, rounds: int) -> float:
    """Cell-beats per CPU second of whole calls, tracing and biomarkers of the last beats included."""
    model = cell(work.model)
    p = varied(model, cells)
    spent = best(lambda: jax.block_until_ready(pace(model, p, beats=BEATS).y), rounds)
    return cells * BEATS / spent.cpu


def one_cell_speed(work: Work, beats: int, rounds: int) -> float:
    """Beats per CPU second of one cell."""
    model = cell(work.model)
    spent = best(lambda: jax.block_until_ready(pace(model, {}, beats=beats).y), rounds)
    return beats / spent.cpu


def myokit(work: Work, references: int) -> dict[str, Any] | None:
    """Its APD90 of the first cells and its CPU seconds a beat; None where it cannot run."""
    folder, python = os.environ.get("VITRUVIAN_CELLML"), os.environ.get("VITRUVIAN_MYOKIT", sys.executable)
    if not folder or (python == sys.executable and find_spec("myokit") is None):
        return None
    model = cell(work.model)
    p = {name: np.full(references, value) for name, value in model.typical.items()} | varied(model, references)
    task = {
        "tables": str(TABLES),
        "table": work.table,
        "folder": folder,
        "start": {name: float(value) for name, value in model.start()._asdict().items()},
        "parameters": {name: values.tolist() for name, values in p.items()},
        "current": model.stimulus.current,
        "duration": model.stimulus.duration,
        "cycle_length": 1000.0,
        "beats": BEATS,
        "tolerances": [1e-10],
        "cells": references,
        "timed": 1e-6,
        "timed_beats": 50,
    }
    peer = [python, str(Path(__file__).with_name("cells_peer.py"))]
    said = subprocess.run(peer, input=json.dumps(task), capture_output=True, text=True, check=True).stdout
    answer: dict[str, Any] = json.loads(said[said.index("ANSWER") + len("ANSWER") :])
    return answer


def _error(work: Work, references: int, peer: dict[str, Any] | None) -> float:
    if peer is None:
        return float("nan")
    model = cell(work.model)
    found = pace(model, varied(model, references), beats=BEATS).biomarkers.apd90
    return float(np.max(np.abs(np.asarray(found) - np.asarray(peer["apd90"]["1e-10"][:references]))))


def _row(what: str, work: Work, speed: float, error: float, peer: dict[str, Any] | None) -> Row:
    limit = f">= {work.times:g} x Myokit (1e-6) at <= {work.error:g} ms"
    if peer is None:
        told = "no Myokit with SUNDIALS and CellML files (VITRUVIAN_CELLML, VITRUVIAN_MYOKIT) to compare with"
        return Row(what, limit, f"{speed:,.0f} cell-beats per CPU-s", None, told)
    times = speed * peer["seconds"]
    beside = f"{speed:,.0f} cell-beats per CPU-s; Myokit {1 / peer['seconds']:,.0f}"
    return Row(what, limit, f"{times:.1f} x, {error:.2f} ms", times >= work.times and error <= work.error, beside)


def _on_a_gpu(cells: int) -> list[Row]:
    """Cell-beats per second of the clock, where JAX has a GPU: a hundred times the cells."""
    if jax.default_backend() == "cpu":
        return []
    model = cell("ten_tusscher_2006")
    p, many = varied(model, 100 * cells), 100 * cells
    spent = best(lambda: jax.block_until_ready(pace(model, p, beats=BEATS).y), 2)
    return [
        Row(f"{model.name}, {many:,} cells on the GPU", "-", f"{many * BEATS / spent.wall:,.0f} cell-beats/s", None)
    ]
