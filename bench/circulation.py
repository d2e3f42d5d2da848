"""The closed circulation: beats of one person and of many, and the search for the beat that repeats itself.

Indices at the steps timed are checked against eight times as many. The peer, where `svzerodsolver` is on the path, runs
the closed loop heart of its own test cases (set VITRUVIAN_SVZEROD_CASE to the file) as its users do.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bench.timing import Row, best, process
from vitruvian.physiology.circulation import CLOSED_LOOP, TYPICAL_PRESSURES, Orbit, beats, indices, orbit, trace

ERROR = 0.05  # mmHg
_SPREAD = 0.1
_PRESSURES = ("systolic", "diastolic", "mean_arterial", "central_venous", "wedge", "pulmonary_mean")


def rows(people: int, rounds: int) -> list[Row]:
    """Beats of one person and of many, and orbits."""
    error = largest_error()
    one, many = rate(None, 200, rounds), rate(people, 4, rounds)
    alone, steps_one, _ = orbits(None, rounds)
    together, steps, left = orbits(people, rounds)
    held = error <= ERROR
    note = f"largest error of pressures {error:.3f} mmHg"
    return [
        Row("closed loop, one person", ">= 450 beats/s", f"{one:,.0f} beats/s", one >= 450.0 and held, _peer() or note),
        Row(
            f"closed loop, {people:,} people",
            ">= 15,000 patient-beats per CPU-s",
            f"{many:,.0f} patient-beats per CPU-s",
            many >= 15_000.0 and held,
            note,
        ),
        Row(
            "beat that repeats itself, one person",
            "<= 5 Newton steps",
            f"{steps_one} steps, {1000.0 / alone:.0f} ms",
            steps_one <= 5,
        ),
        Row(
            f"beat that repeats itself, {people:,} people",
            "<= 5 Newton steps",
            f"{steps} steps, {together:,.0f} orbits per CPU-s",
            steps <= 5,
            f"largest change left {left:.0e} of a stroke",
        ),
    ]


def somebody(people: int | None) -> dict[str, Any]:
    """Parameters of one typical person, or of people who differ in period, resistances, compliances and elastances."""
    typical = {name: jnp.asarray(value) for name, value in CLOSED_LOOP.typical.items()}
    if people is None:
        return typical
    random = np.random.default_rng(5)
    varied = {
        name: value * jnp.asarray(np.exp(_SPREAD * np.clip(random.standard_normal(people), -2.0, 2.0)))
        for name, value in typical.items()
        if name.startswith(("period", "R_", "C_", "Emax_", "Emin_"))
    }
    return {name: jnp.broadcast_to(value, (people,)) for name, value in (typical | varied).items()}


def rate(people: int | None, count: int, rounds: int) -> float:
    """Patient-beats per CPU second."""
    p = somebody(people)
    y = CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES)
    run = jax.jit(lambda y, p: beats(CLOSED_LOOP, y, p, count))
    return count * (people or 1) / best(lambda: jax.block_until_ready(run(y, p)), rounds).cpu


def orbits(people: int | None, rounds: int) -> tuple[float, int, float]:
    """Orbits per CPU second, steps of Newton, and the largest change left."""
    p = somebody(people)
    y = CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES)
    found = orbit(CLOSED_LOOP, p, y)
    spent = best(lambda: jax.block_until_ready(orbit(CLOSED_LOOP, p, y)), rounds)
    return (people or 1) / spent.cpu, int(found.iterations), float(jnp.max(found.residual))


def largest_error() -> float:
    """Of mean and extreme pressures of eight people's beat, against eight times as many steps, mmHg."""
    p = somebody(8)
    found = orbit(CLOSED_LOOP, p, CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES))
    fine = 8 * len(found.trace.phase)
    settled = jax.jit(lambda y: beats(CLOSED_LOOP, y, p, 40, fine))(found.start)
    exact = Orbit(settled, jax.jit(lambda y: trace(CLOSED_LOOP, y, p, fine))(settled), 0.0)
    pairs = zip(indices(found, p)._asdict().items(), indices(exact, p), strict=True)
    return max(float(jnp.max(jnp.abs(a - b))) for (name, a), b in pairs if name in _PRESSURES)


def _peer() -> str:
    solver, case = shutil.which("svzerodsolver"), os.environ.get("VITRUVIAN_SVZEROD_CASE")
    if solver is None or case is None:
        return ""
    beats_run = json.loads(Path(case).read_text())["simulation_parameters"]["number_of_cardiac_cycles"]
    with tempfile.TemporaryDirectory() as folder:
        spent = process([solver, case, str(Path(folder) / "out.csv")], 3)
    return f"svZeroDSolver, its own closed loop at 100 steps a beat: {beats_run / spent.cpu:,.0f} beats per CPU-s"
