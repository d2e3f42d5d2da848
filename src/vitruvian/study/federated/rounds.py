"""What the coordinator makes of the sum of a round: the next parameters of all sites. Pure functions of values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from vitruvian.study.federated.network import Network
from vitruvian.study.federated.plan import Plan

MOMENTUM = 0.9
"""Of the noisy gradients of private training: what was released may be used again at no cost."""


@dataclass(frozen=True)
class Shared:
    """What all sites share: parameters, SCAFFOLD's control of all (c), the velocity of private training."""

    params: Float[np.ndarray, " size"]
    control: Float[np.ndarray, " size"]
    velocity: Float[np.ndarray, " size"]
    loss: float = np.nan
    rows: float = 0.0

    @classmethod
    def first(cls, plan: Plan, network: Network) -> Shared:
        """Before the first round."""
        return cls(network.start(plan.seed), np.zeros(network.size), np.zeros(network.size))


def advance(plan: Plan, network: Network, shared: Shared, total: Float[np.ndarray, " terms"], rows: float) -> Shared:
    """After a round whose terms sum to `total`; `rows`: of all sites, also of those that were lost in this round."""
    if plan.privacy:
        return _private(plan, shared, total, rows)
    if plan.algorithm == "newton":
        return _newton(plan, network, shared, total)
    loss, there = total[-2] / total[-1], total[-1]
    change, control = total[: network.size] / there, total[network.size : -2]
    moved = replace(shared, params=shared.params + change, loss=float(loss), rows=float(there))
    return replace(moved, control=shared.control + control / rows) if len(control) else moved


def _newton(plan: Plan, network: Network, shared: Shared, total: np.ndarray) -> Shared:
    """Ridge on the weights, none on the intercept: iteratively reweighted least squares."""
    size = network.size
    upper, gradient = total[: -size - 2], total[-size - 2 : -2]
    hessian = np.zeros((size, size))
    hessian[np.triu_indices(size)] = upper
    hessian = hessian + np.triu(hessian, 1).T
    ridge = np.append(np.full(size - 1, plan.penalty), 0.0)
    step = np.linalg.solve(hessian + np.diag(ridge + 1e-9), gradient + ridge * shared.params)
    loss, rows = total[-2] / total[-1], total[-1]
    return replace(shared, params=shared.params - step, loss=float(loss), rows=float(rows))


def _private(plan: Plan, shared: Shared, total: np.ndarray, rows: float) -> Shared:
    assert plan.privacy
    gradient = total / (plan.privacy.sampled * rows) + plan.penalty * shared.params
    velocity = MOMENTUM * shared.velocity + gradient
    return replace(shared, params=shared.params - plan.learning_rate * velocity, velocity=velocity, rows=rows)
