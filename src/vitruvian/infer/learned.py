"""What this person's data taught: prior beside posterior, per parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.core import program
from vitruvian.infer._table import anonymous
from vitruvian.infer.posterior import Posterior, weighted_quantile
from vitruvian.model import EventTable, Model, individual_parameters

_LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Learned:
    """One individual parameter before and after this person's data.

    `prior` and `posterior` are 5, 50 and 95 % quantiles; `remaining` is the posterior standard deviation of the etas
    behind the parameter as a share of the prior one (1: nothing learned).
    """

    name: str
    unit: str
    typical: float
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    remaining: float

    def __str__(self) -> str:
        before, after = self.prior, self.posterior
        text = f"{self.name} {after[1]:.3g} ({after[0]:.3g} to {after[2]:.3g}) {self.unit}".rstrip()
        text += f", from {before[1]:.3g} ({before[0]:.3g} to {before[2]:.3g})"
        return f"{text}; {max(0.0, 1 - self.remaining):.0%} of the spread removed."


def learned(posterior: Posterior, person: int = 0) -> tuple[Learned, ...]:
    """Prior and posterior of every parameter with random effects, of one person, at that person's last record."""
    model, table = posterior.model, anonymous(posterior.table)
    row = jax.tree.map(lambda x: x[person], table)
    last = int(np.flatnonzero(np.asarray(row.observations.exists))[-1])
    before = _prior_draws(posterior.draws, np.asarray(posterior.prior.cholesky))
    eta = np.concatenate([posterior.eta[person], before, np.zeros((1, posterior.eta.shape[2]))])
    values = {k: np.asarray(v) for k, v in _parameters(model, row, posterior.theta, eta, last).items()}
    units = {q.name: q.unit for q in model.parameters}
    weight, even = posterior.weight[person], np.full(posterior.draws, 1.0 / posterior.draws)
    found = []
    for name in dict.fromkeys(v.of for v in (*model.random_effects, *model.occasion_effects)):
        after, prior = values[name][: posterior.draws], values[name][posterior.draws : -1]
        found.append(
            Learned(
                name,
                units.get(name, ""),
                float(values[name][-1]),
                _three(prior, even),
                _three(after, weight),
                _spread(after, weight) / _spread(prior, even),
            )
        )
    return tuple(found)


def _prior_draws(count: int, factor: np.ndarray) -> np.ndarray:
    """Prior draws whose independent parts are evenly spread (Latin hypercube), so that quantiles carry little noise."""
    generator = np.random.default_rng(0)
    even = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    return np.stack([generator.permutation(even) for _ in factor], axis=1).reshape(count, len(factor)) @ factor.T


def _three(values: np.ndarray, weight: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = (float(x) for x in weighted_quantile(values, weight, _LEVELS))
    return low, middle, high


def _spread(values: np.ndarray, weight: np.ndarray) -> float:
    # width on the logarithm where the parameter is positive: most are log-normal
    shown = np.log(values) if (values > 0).all() else values
    centre = weight @ shown
    return float(np.sqrt(weight @ (shown - centre) ** 2))


@program()
def _parameters(model: Model, row: EventTable, theta: Mapping[str, Any], eta: Any, last: Any) -> dict[str, Any]:
    names = {v.of for v in (*model.random_effects, *model.occasion_effects)}

    def one(e: Any) -> dict[str, Any]:
        found = individual_parameters(model, row, theta, e)
        return {k: jnp.asarray(v)[last] for k, v in found.items() if k in names}

    return jax.vmap(one)(eta)
