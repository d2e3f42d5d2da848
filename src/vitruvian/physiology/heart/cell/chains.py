"""Chains of channel states through a step: implicit, of second order, damped where rates are fast, the sum kept."""

from __future__ import annotations

from math import sqrt
from typing import Any

from vitruvian.physiology.heart.cell.cell import Chain, chain_slopes

_GAMMA = 1.0 - 1.0 / sqrt(2.0)


def propagated(chain: Chain, y: Any, dt: Any) -> dict[str, Any]:
    """States of the chain `dt` later at constant rates: two implicit stages, one elimination (Alexander 1977)."""
    solve = _Elimination(chain, _GAMMA * dt)
    names = chain.states
    now = {name: getattr(y, name) for name in names}
    first = solve(chain_slopes(chain, y))
    there = {name: now[name] + (1.0 - _GAMMA) * dt * first[name] for name in names}
    second = solve(chain_slopes(chain, y._replace(**there)))
    return {name: there[name] + _GAMMA * dt * second[name] for name in names}


class _Elimination:
    """(1 − h·A)⁻¹ for the chain's matrix A, by elimination in the order of its states; absent flows cost nothing."""

    def __init__(self, chain: Chain, h: Any) -> None:
        self._names = chain.states
        a: dict[tuple[str, str], Any] = {(name, name): 1.0 for name in self._names}
        for (source, target), rate in chain.flows.items():
            flow = h * rate
            a[source, source] = a[source, source] + flow
            a[target, source] = a.get((target, source), 0.0) - flow
        self._factors: list[tuple[str, str, Any]] = []
        for k, pivot in enumerate(self._names):
            inverse = 1.0 / a[pivot, pivot]
            rest = self._names[k + 1 :]
            for row in (r for r in rest if (r, pivot) in a):
                factor = a[row, pivot] * inverse
                self._factors.append((row, pivot, factor))
                for column in (c for c in rest if (pivot, c) in a):
                    a[row, column] = a.get((row, column), 0.0) - factor * a[pivot, column]
        self._a = a

    def __call__(self, right: dict[str, Any]) -> dict[str, Any]:
        """Solution for one right-hand side."""
        x = dict(right)
        for row, pivot, factor in self._factors:
            x[row] = x[row] - factor * x[pivot]
        for k in reversed(range(len(self._names))):
            pivot = self._names[k]
            for column in (c for c in self._names[k + 1 :] if (pivot, c) in self._a):
                x[pivot] = x[pivot] - self._a[pivot, column] * x[column]
            x[pivot] = x[pivot] / self._a[pivot, pivot]
        return x
