"""Simulation: 10,000 people, two compartments by mouth, 7 doses, 200 times, float64, closed form.

The peer is the same sum of three exponentials per dose in numpy, vectorised over doses and times, one person after
another: how a script without this package would do it. Both must agree before either is timed.
"""

from __future__ import annotations

import numpy as np

from bench.timing import Row, Spent, best
from bench.two_compartment import TwoCompartmentOral
from vitruvian.model import compile_events, oral, simulate

LIMIT = 150_000
DOSE, TIMES, STARTS = 100.0, np.linspace(0.0, 168.0, 200), 24.0 * np.arange(7)


def rows(people: int, rounds: int) -> list[Row]:
    """The rate of this package against the limit, and beside the peer."""
    model = TwoCompartmentOral()
    table = compile_events(model, [oral("", DOSE, "mg", every="24 h", count=7).to_subject(model, TIMES)])
    eta = np.random.default_rng(1).normal(size=(people, 5)) * 0.3
    few = eta[: min(people, 500)]
    np.testing.assert_allclose(
        simulate(model, table, eta=few)[:, : len(TIMES), 0], numpy_loop(few), rtol=1e-8, atol=1e-12
    )
    ours = _rate(people, best(lambda: simulate(model, table, eta=eta), rounds))
    peer = _rate(len(few), best(lambda: numpy_loop(few), rounds))
    return [
        Row(
            f"simulate {people:,} patients, 2-compartment oral, 7 doses, 200 times",
            f">= {LIMIT:,} per CPU-s",
            f"{ours:,.0f} per CPU-s",
            ours >= LIMIT,
            f"{ours / peer:.0f} x numpy, one patient after another ({peer:,.0f} per CPU-s)",
        )
    ]


def numpy_loop(eta: np.ndarray) -> np.ndarray:
    """Concentrations (people, times) by the textbook's sum of exponentials."""
    typical = np.array([5.0, 50.0, 10.0, 100.0, 1.0])
    return np.stack([_one(*(typical * np.exp(e))) for e in eta])


def _one(cl: float, vc: float, q: float, vp: float, ka: float) -> np.ndarray:
    k10, k12, k21 = cl / vc, q / vc, q / vp
    half, product = (k10 + k12 + k21) / 2, k10 * k21
    alpha = half + np.sqrt(half**2 - product)
    beta = product / alpha
    after = TIMES[:, None] - STARTS
    since = np.maximum(after, 0.0)
    scale = ka * DOSE / vc
    curve = (
        (k21 - alpha) / ((ka - alpha) * (beta - alpha)) * np.exp(-alpha * since)
        + (k21 - beta) / ((ka - beta) * (alpha - beta)) * np.exp(-beta * since)
        + (k21 - ka) / ((alpha - ka) * (beta - ka)) * np.exp(-ka * since)
    )
    return scale * np.where(after >= 0, curve, 0.0).sum(axis=1)


def _rate(people: int, spent: Spent) -> float:
    return people / spent.cpu
