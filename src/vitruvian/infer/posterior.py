"""A person's posterior as weighted draws of the etas."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.infer._seed import generators
from vitruvian.infer.map import MapEstimate
from vitruvian.infer.prior import Prior
from vitruvian.model import EventTable, Model


@dataclass(frozen=True)
class Posterior:
    """S weighted draws of E etas for each of N people.

    `log_weight` is normalised per person. `pareto_k` and `ess` tell whether the draws can be trusted (k ≤ 0.7;
    `reliable`). `method` says per person how they were made: "prior" (no data: exact draws from the prior),
    "importance", "adapted importance" or "nuts". `log_marginal` is ln p(data) of each person under the model.
    `predictions` (N,S,K) holds what was predicted at every record, where it is small enough to keep.
    """

    model: Model
    table: EventTable = field(repr=False)
    estimate: MapEstimate = field(repr=False)
    eta: Float[np.ndarray, "n s e"] = field(repr=False)
    log_weight: Float[np.ndarray, "n s"] = field(repr=False)
    ess: Float[np.ndarray, " n"]
    pareto_k: Float[np.ndarray, " n"]
    log_marginal: Float[np.ndarray, " n"]
    method: tuple[str, ...]
    predictions: Float[np.ndarray, "n s k"] | None = field(default=None, repr=False)

    @property
    def theta(self) -> dict[str, float]:
        """Fixed effects that the posterior was made with."""
        return self.estimate.theta

    @property
    def prior(self) -> Prior:
        """Prior of the etas that the posterior was made with."""
        return self.estimate.prior

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the people."""
        return self.estimate.ids

    @property
    def draws(self) -> int:
        """Number of draws per person."""
        return int(self.eta.shape[1])

    @property
    def weight(self) -> Float[np.ndarray, "n s"]:
        """Normalised weights."""
        return np.exp(self.log_weight)

    @property
    def reliable(self) -> Bool[np.ndarray, " n"]:
        """Where the draws can be trusted: enough of them count, and Pareto k is at most 0.7."""
        return (self.pareto_k <= 0.7) & (self.ess >= 0.1 * self.draws)

    def mean(self, values: Float[np.ndarray, "n s ..."]) -> Float[np.ndarray, "n ..."]:
        """Posterior mean of a quantity given by its value at each draw."""
        return np.einsum("ns,ns...->n...", self.weight, values)

    def sd(self, values: Float[np.ndarray, "n s ..."]) -> Float[np.ndarray, "n ..."]:
        """Posterior standard deviation of a quantity given by its value at each draw."""
        centred = values - self.mean(values)[:, None]
        return np.sqrt(self.mean(centred**2))

    def probability(self, true: Bool[np.ndarray, "n s ..."]) -> Float[np.ndarray, "n ..."]:
        """Posterior probability of a statement given by its truth at each draw."""
        return self.mean(np.asarray(true, dtype=float))

    def quantile(self, values: Float[np.ndarray, "n s ..."], q: object) -> Float[np.ndarray, "n q ..."]:
        """Weighted quantiles at levels `q` (a number or a sequence) of a quantity given at each draw."""
        return np.stack([weighted_quantile(v, w, q) for v, w in zip(values, self.weight, strict=True)])

    def choose(self, seed: int, n: int) -> Int[np.ndarray, "n m"]:
        """Indices of `n` draws per person with equal weights (systematic resampling, in random order)."""
        return np.stack(
            [
                systematic(w, n, generator)
                for w, generator in zip(self.weight, generators(self.ids, seed, "resample"), strict=True)
            ]
        )

    def resample(self, seed: int, n: int) -> Float[np.ndarray, "n m e"]:
        """`n` equally weighted draws of the etas per person."""
        return np.take_along_axis(self.eta, self.choose(seed, n)[:, :, None], axis=1)


def weighted_quantile(values: Float[np.ndarray, "s ..."], weight: Float[np.ndarray, " s"], q: object) -> np.ndarray:
    """Quantiles of weighted values along the first axis, linear between the mid-points of the weight steps."""
    levels = np.atleast_1d(np.asarray(q, dtype=float))
    flat = np.asarray(values, dtype=float).reshape(len(values), -1)
    order = np.argsort(flat, axis=0)
    out = np.empty((len(levels), flat.shape[1]))
    for k in range(flat.shape[1]):
        w = weight[order[:, k]]
        out[:, k] = np.interp(levels, np.cumsum(w) - 0.5 * w, flat[order[:, k], k])
    return out.reshape(len(levels), *np.shape(values)[1:])


def systematic(weight: Float[np.ndarray, " s"], n: int, generator: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Indices of `n` draws chosen in proportion to `weight` with one random offset, shuffled."""
    at = (np.arange(n) + generator.random()) / n
    index = np.minimum(np.searchsorted(np.cumsum(weight), at), len(weight) - 1)
    return generator.permutation(index)
