"""Closed form of mammillary systems: one to three compartments, with or without a depot or a chain before them.

dy/dt = A·y of the central block has real, negative, distinct eigenvalues λ (while the peripherals are linked), and
exp(A·t) = Σ exp(λ_i·t)·P_i with spectral projectors P_i = Π_{l≠i} (A − λ_l)/(λ_i − λ_l) (Sylvester's formula). The
depot feeds each mode through a divided difference, so that KA = λ is no exception.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from vitruvian.model.linear_chain import run_chain
from vitruvian.model.linear_functions import difference, difference_integral, integral


class Mammillary(NamedTuple):
    """Rate constants: elimination, (to, from) each peripheral, absorption from what comes before (None: nothing).

    State: [depot, or a chain of which each empties into the next and the last into central, all at the rate
    `absorption`], central, peripherals.
    """

    elimination: Any
    peripherals: tuple[tuple[Any, Any], ...] = ()
    absorption: Any = None


class Modes(NamedTuple):
    """Eigenvalues, projectors [mode][to][from] and absorption rate (scalars, or arrays of one shape)."""

    eigenvalues: tuple[Any, ...]
    projectors: tuple[tuple[tuple[Any, ...], ...], ...]
    absorption: Any


def modes_of(m: Mammillary) -> Modes:
    """Modes of the central block."""
    if len(m.peripherals) == 0:
        return Modes((-m.elimination,), (((1.0,),),), m.absorption)
    if len(m.peripherals) == 1:
        eigenvalues = _two(m.elimination, *m.peripherals[0])
    else:
        eigenvalues = _three(m.elimination, *m.peripherals)
    return Modes(eigenvalues, _projectors(m, eigenvalues), m.absorption)


def _two(k10: Any, k12: Any, k21: Any) -> tuple[Any, ...]:
    total = k10 + k12 + k21
    spread = jnp.sqrt((k10 + k12 - k21) ** 2 + 4 * k12 * k21)
    fast = -(total + spread) / 2
    return fast, k10 * k21 / fast


def _three(k10: Any, first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, ...]:
    (k12, k21), (k13, k31) = first, second
    a2 = k10 + k12 + k13 + k21 + k31
    a1 = k10 * k21 + k10 * k31 + k12 * k31 + k13 * k21 + k21 * k31
    a0 = k10 * k21 * k31
    p, q = a1 - a2**2 / 3, 2 * a2**3 / 27 - a2 * a1 / 3 + a0
    radius = jnp.sqrt(-p / 3)
    angle = jnp.arccos(jnp.clip(-q / 2 / radius**3, -1.0, 1.0)) / 3
    roots = []
    for k in range(3):
        x = lax.stop_gradient(2 * radius * jnp.cos(angle + 2 * jnp.pi * k / 3) - a2 / 3)
        # Newton steps polish the root and carry its derivatives (three steps: up to the seventh)
        for _ in range(3):
            x = x - (a0 + x * (a1 + x * (a2 + x))) / (a1 + x * (2 * a2 + 3 * x))
        roots.append(x)
    return tuple(roots)


def _projectors(m: Mammillary, eigenvalues: tuple[Any, ...]) -> tuple[tuple[tuple[Any, ...], ...], ...]:
    size = len(eigenvalues)
    matrix: list[list[Any]] = [[0.0] * size for _ in range(size)]
    matrix[0][0] = -(m.elimination + sum(out for out, _ in m.peripherals))
    for j, (out, back) in enumerate(m.peripherals, 1):
        matrix[j][0], matrix[0][j], matrix[j][j] = out, back, -back
    found = []
    for i in range(size):
        product: Any = None
        for other in (x for x in range(size) if x != i):
            gap = eigenvalues[i] - eigenvalues[other]
            factor = [
                [(matrix[r][c] - (eigenvalues[other] if r == c else 0.0)) / gap for c in range(size)]
                for r in range(size)
            ]
            product = factor if product is None else _multiply(product, factor)
        found.append(tuple(tuple(r) for r in product))
    return tuple(found)


def _multiply(a: list[list[Any]], b: list[list[Any]]) -> list[list[Any]]:
    size = range(len(a))
    return [[sum(a[r][k] * b[k][c] for k in size) for c in size] for r in size]


def advance(m: Modes, t: Any, y: list[Any], inputs: list[Any]) -> list[Any]:
    """State after `t`, component by component, from state `y` under constant `inputs` (None: no input there)."""
    before = len(y) - len(m.eigenvalues)
    central, running = y[before:], inputs[before:]
    first, entered = _absorb(m, t, y[:before], inputs[:before])
    out: list[Any] = [0.0] * len(central)
    for eigenvalue, projector, fed in zip(m.eigenvalues, m.projectors, entered, strict=True):
        growth = jnp.exp(eigenvalue * t)
        filled = integral(eigenvalue, t) if any(r is not None for r in running) else 0.0
        for r, weights in enumerate(projector):
            value = weights[0] * fed + sum(w * x for w, x in zip(weights, central, strict=True)) * growth
            for w, rate in zip(weights, running, strict=True):
                value = value if rate is None else value + w * rate * filled
            out[r] = out[r] + value
    return [*first, *out]


def _absorb(m: Modes, t: Any, y: list[Any], inputs: list[Any]) -> tuple[list[Any], list[Any]]:
    """What is left before the central compartment, and what has entered each mode."""
    if not y:
        return [], [0.0] * len(m.eigenvalues)
    if len(y) > 1:
        return run_chain(m.absorption, t, y, inputs, m.eigenvalues)
    drug, drug_in, decay = y[0], inputs[0], jnp.exp(-m.absorption * t)
    left, entered = drug * decay, []
    for eigenvalue in m.eigenvalues:
        fed = m.absorption * drug * difference(eigenvalue, -m.absorption, t, jnp.exp(eigenvalue * t), decay)
        if drug_in is not None:
            fed = fed + m.absorption * drug_in * difference_integral(eigenvalue, -m.absorption, t)
        entered.append(fed)
    return [left if drug_in is None else left + drug_in * integral(-m.absorption, t)], entered
