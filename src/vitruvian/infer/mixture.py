"""Several posteriors weighed against each other: an unknown genotype, or several models of one drug."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError, SolveError
from vitruvian.infer._seed import generators
from vitruvian.infer.posterior import Posterior, systematic, weighted_quantile
from vitruvian.infer.sample import Method, posterior
from vitruvian.model import EventTable, Model

Values = Sequence[Float[np.ndarray, "n s ..."]]


@dataclass(frozen=True)
class Mixture:
    """C alternatives for N people. `prior_weight` and `weight` (N,C) are their probabilities before and after the data.

    Quantities are given as one array (N,S,...) per alternative, in the order of `parts`.
    """

    parts: tuple[Posterior, ...] = field(repr=False)
    labels: tuple[str, ...]
    prior_weight: Float[np.ndarray, "n c"]
    weight: Float[np.ndarray, "n c"]

    def mean(self, values: Values) -> Float[np.ndarray, "n ..."]:
        """Mean of a quantity over alternatives and draws."""
        return self._over_parts([p.mean(v) for p, v in zip(self.parts, values, strict=True)])

    def sd(self, values: Values) -> Float[np.ndarray, "n ..."]:
        """Standard deviation of a quantity, within and between the alternatives."""
        return np.sqrt(
            self._over_parts([p.sd(v) ** 2 for p, v in zip(self.parts, values, strict=True)])
            + self.between_sd(values) ** 2
        )

    def between_sd(self, values: Values) -> Float[np.ndarray, "n ..."]:
        """How far the alternatives disagree: standard deviation of their means under their weights."""
        means = [p.mean(v) for p, v in zip(self.parts, values, strict=True)]
        centre = self._over_parts(means)
        return np.sqrt(self._over_parts([(m - centre) ** 2 for m in means]))

    def probability(self, true: Values) -> Float[np.ndarray, "n ..."]:
        """Probability of a statement given by its truth at each draw."""
        return self.mean([np.asarray(t, dtype=float) for t in true])

    def quantile(self, values: Values, q: object) -> Float[np.ndarray, "n q ..."]:
        """Quantiles of a quantity over alternatives and draws."""
        rows = []
        for n in range(len(self.weight)):
            pooled = np.concatenate([np.asarray(v[n]) for v in values])
            weight = np.concatenate([self.weight[n, c] * p.weight[n] for c, p in enumerate(self.parts)])
            rows.append(weighted_quantile(pooled, weight, q))
        return np.stack(rows)

    def choose(self, seed: int, n: int) -> tuple[Int[np.ndarray, "n m"], Int[np.ndarray, "n m"]]:
        """`n` pooled draws of equal weight per person: the alternative of each, and its index within that one."""
        sizes = np.asarray([p.draws for p in self.parts])
        first = np.concatenate([[0], np.cumsum(sizes)])
        chosen = []
        for k, generator in enumerate(generators(self.parts[0].ids, seed, "mixture")):
            weight = np.concatenate([self.weight[k, c] * p.weight[k] for c, p in enumerate(self.parts)])
            chosen.append(systematic(weight, n, generator))
        flat = np.stack(chosen)
        part = np.searchsorted(first, flat, side="right") - 1
        return part, flat - first[part]

    def _over_parts(self, values: Sequence[np.ndarray]) -> np.ndarray:
        return np.einsum("nc,cn...->n...", self.weight, np.stack(values))


def mixture(
    model: Model,
    tables: Mapping[str, EventTable],
    frequencies: Mapping[str, float],
    *,
    draws: int = 1000,
    seed: int,
    method: Method = "auto",
    theta: Mapping[str, float] | None = None,
    starts: int = 1,
) -> Mixture:
    """Posterior of people with an unknown genotype (or any unknown category).

    `tables` holds the same people and data once per alternative, with that alternative's covariates; `frequencies` its
    frequency in the population. Alternatives are weighed by how well they explain the person's data.
    """
    if set(tables) != set(frequencies):
        raise DataError("each alternative needs a frequency", got=sorted(tables), allowed=sorted(frequencies))
    parts = [
        posterior(model, t, draws=draws, seed=seed, method=method, theta=theta, starts=starts) for t in tables.values()
    ]
    return weigh(parts, [frequencies[label] for label in tables], labels=tuple(tables))


def weigh(
    parts: Sequence[Posterior], prior_weight: object, *, labels: Sequence[str], log_evidence: object = None
) -> Mixture:
    """Mixture of posteriors of the same people: prior weight × marginal likelihood (or `log_evidence`, N by C).

    `prior_weight` is one number per alternative, or an array (N,C). Raises `DataError` for weights that are negative or
    all zero, and for parts that do not belong to the same people and observations, `SolveError` where no alternative
    explains the data.
    """
    seen = {(p.ids, int(np.asarray(p.table.observations.mask).sum())) for p in parts}
    if len(seen) != 1:
        raise DataError("the alternatives do not describe the same people and observations", got=len(seen))
    people = len(parts[0].ids)
    prior = np.broadcast_to(np.asarray(prior_weight, dtype=float), (people, len(parts)))
    if not np.isfinite(prior).all() or (prior < 0).any() or (prior.sum(axis=1) <= 0).any():
        raise DataError("prior weights of alternatives", got=prior_weight, allowed="not negative, with a positive sum")
    prior = prior / prior.sum(axis=1, keepdims=True)
    evidence = np.stack([p.log_marginal for p in parts], axis=1) if log_evidence is None else np.asarray(log_evidence)
    with np.errstate(divide="ignore"):
        log_weight = np.log(prior) + evidence
    if np.isnan(log_weight).any() or not np.isfinite(log_weight.max(axis=1)).all():
        raise SolveError("no alternative explains the data", todo="Check levels, units and times of doses.")
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return Mixture(tuple(parts), tuple(labels), prior, weight / weight.sum(axis=1, keepdims=True))
