"""Predictive control of glucose: one person's decision by OSQP, a thousand people's by the batched solver.

Work: readings that wander, a meal now and then; the whole decision is counted (observer, linearisation, quadratic
program), with the safety layer where people are many. The limit of the batch is 300 people, 14 days, 30 minutes on
two cores.
"""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np

from bench.timing import Row
from vitruvian.control import GlucosePolicy, Predictive, Safe, Seen, Therapy

STEP_MS = 20.0
PER_CPU_S = 300 * 14 * 288 / (30 * 60 * 2)


def rows(people: int, steps: int) -> list[Row]:
    """Two rows; `steps` decisions of one person, a tenth of it of `people`."""
    one = np.array(_spent(Predictive(solver="osqp"), 1, steps)) * 1e3
    p50, p99 = np.percentile(one, [50, 99])
    many = people / np.median(_spent(Safe(Predictive()), people, max(steps // 10, 3)))
    return [
        Row("predictive control, one decision (OSQP)", f"p99 ≤ {STEP_MS:.0f} ms", f"{p99:.1f} ms", bool(p99 <= STEP_MS),
            f"p50 {p50:.1f} ms CPU"),
        Row(f"predictive control, {people} people at once", f"≥ {PER_CPU_S:.0f} decisions per CPU-s", f"{many:,.0f}",
            bool(many >= PER_CPU_S), f"300 people × 14 days: {300 * 14 * 288 / many:.0f} CPU-s"),
    ]  # fmt: skip


def _spent(policy: GlucosePolicy, people: int, steps: int) -> list[float]:
    """CPU seconds of each decision, after three that compile and are not counted."""
    generator = np.random.default_rng(1)
    therapy, decide = _people(people), jax.jit(policy.decide) if policy.traceable else policy.decide
    state, glucose, spent = policy.initial(therapy), np.full(people, 150.0), []
    for k in range(steps + 3):
        glucose = np.clip(glucose + generator.normal(0, 6, people), 50, 350)
        seen = _seen(therapy, k, glucose)
        began = time.process_time()
        given, state = decide(state, seen)
        jax.block_until_ready(given)
        spent.append(time.process_time() - began)
    return spent[3:]


def _people(people: int) -> Therapy:
    basal = jnp.linspace(0.6, 1.4, people)
    total = 48 * basal
    return Therapy(jnp.full(people, 70.0), basal, 480 / total, 1800 / total, jnp.full(people, 110.0), total)


def _seen(therapy: Therapy, k: int, glucose: np.ndarray) -> Seen:
    at, none = jnp.asarray(600.0 + 5 * k), jnp.zeros_like(therapy.basal)
    meal = none + (60.0 if k % 60 == 30 else 0.0)
    return Seen(at, at % 1440, jnp.asarray(glucose), none, meal, none, therapy.basal / 12, none)
