"""What a site computes on its own rows in a round, given the parameters of all: what it would add to a sum.

FedAvg: H. B. McMahan et al., AISTATS 2017, arXiv:1602.05629. FedProx: T. Li et al., MLSys 2020, arXiv:1812.06127.
SCAFFOLD (option II): S. P. Karimireddy et al., ICML 2020, arXiv:1910.06378.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.study.federated.network import Network, cross_entropy, probability
from vitruvian.study.federated.plan import Plan


@dataclass(frozen=True)
class Shard:
    """A site's training rows as the matrix of all sites."""

    x: Float[np.ndarray, "rows inputs"]
    y: Float[np.ndarray, " rows"]
    people: Int[np.ndarray, " rows"]


@dataclass(frozen=True)
class Step:
    """Parameters after a round at a site, and its control (SCAFFOLD's c_i), both kept only if the sum took them."""

    params: Float[np.ndarray, " size"]
    control: Float[np.ndarray, " size"]


def descend(
    plan: Plan,
    network: Network,
    shard: Shard,
    *,
    start: Float[np.ndarray, " size"],
    all_control: Float[np.ndarray, " size"],
    control: Float[np.ndarray, " size"],
    seed: int,
) -> Step:
    """`local_steps` steps of gradient descent on batches drawn with repetition; zeros as controls where not used."""
    generator = np.random.default_rng([plan.seed, seed])
    proximal = plan.proximal if plan.algorithm == "fedprox" else 0.0
    correction = all_control - control
    params = start
    for _ in range(plan.local_steps):
        rows = generator.integers(len(shard.y), size=plan.batch)
        gradient = network.gradient(params, shard.x[rows], shard.y[rows])
        pull = plan.penalty * params + proximal * (params - start) + correction
        params = params - plan.learning_rate * (gradient + pull)
    if plan.algorithm != "scaffold":
        return Step(params, control)
    return Step(params, (start - params) / (plan.local_steps * plan.learning_rate) - correction)


def averaged(
    plan: Plan, network: Network, shard: Shard, start: np.ndarray, control: np.ndarray, step: Step
) -> np.ndarray:
    """Terms of a site for the weighted mean: changes × rows, controls × rows (SCAFFOLD), loss at the start, rows."""
    rows = len(shard.y)
    change = step.params - start
    if plan.personal:
        change[network.head] = 0.0
    entropy = cross_entropy(network.margin(start, shard.x), shard.y).sum()
    controls = [rows * (step.control - control)] if plan.algorithm == "scaffold" else []
    return np.concatenate([rows * change, *controls, [entropy, rows]])


def curvature(network: Network, shard: Shard, params: Float[np.ndarray, " size"]) -> Float[np.ndarray, " terms"]:
    """Terms of a site for one step of Newton's method: the upper triangle of the Hessian, gradient, loss, rows."""
    x = np.hstack([shard.x, np.ones((len(shard.y), 1))])
    margin = network.margin(params, shard.x)
    p = probability(margin)
    hessian = (x * (p * (1 - p))[:, None]).T @ x
    upper = hessian[np.triu_indices(len(params))]
    return np.concatenate([upper, x.T @ (p - shard.y), [cross_entropy(margin, shard.y).sum(), len(shard.y)]])
