"""Logistic regression, or a network with one hidden layer, as one vector of parameters that can be averaged.

Plain arrays and gradients by hand: a site's process begins at once and compiles nothing; checked against differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Network:
    """`inputs` columns → log-odds; `hidden` 0: weights and intercept; else tanh units and weights upon them."""

    inputs: int
    hidden: int = 0

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.inputs + 1 if self.hidden == 0 else self.hidden * (self.inputs + 2) + 1

    @property
    def head(self) -> slice:
        """Where the last layer lies in the vector."""
        return slice(0, self.size) if self.hidden == 0 else slice(self.hidden * (self.inputs + 1), self.size)

    def start(self, seed: int) -> Float[np.ndarray, " size"]:
        """Zeros for logistic regression; small weights for a network (variance 1 / inputs of a layer)."""
        if self.hidden == 0:
            return np.zeros(self.size)
        generator = np.random.default_rng([seed, 1])
        first = generator.standard_normal((self.hidden, self.inputs)) / np.sqrt(self.inputs)
        last = generator.standard_normal(self.hidden) / np.sqrt(self.hidden)
        return np.concatenate([first.ravel(), np.zeros(self.hidden), last, [0.0]])

    def margin(self, params: Float[np.ndarray, " size"], x: Float[np.ndarray, "n inputs"]) -> Float[np.ndarray, " n"]:
        """Log-odds of each row."""
        if self.hidden == 0:
            return x @ params[:-1] + params[-1]
        return self._units(params, x) @ params[self.head][:-1] + params[-1]

    def row_gradients(
        self, params: Float[np.ndarray, " size"], x: Float[np.ndarray, "n inputs"], y: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n size"]:
        """Of each row, the gradient of its cross-entropy."""
        residual = (probability(self.margin(params, x)) - y)[:, None]
        if self.hidden == 0:
            return np.hstack([residual * x, residual])
        units = self._units(params, x)
        inner = self._inner(params, units, residual)
        first = (inner[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        return np.hstack([first, inner, residual * units, residual])

    def gradient(
        self, params: Float[np.ndarray, " size"], x: Float[np.ndarray, "n inputs"], y: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " size"]:
        """The gradient of the mean cross-entropy: the mean of `row_gradients`, without making them."""
        residual = (probability(self.margin(params, x)) - y)[:, None] / len(x)
        if self.hidden == 0:
            return np.append((residual.T @ x)[0], residual.sum())
        units = self._units(params, x)
        inner = self._inner(params, units, residual)
        return np.concatenate([(inner.T @ x).ravel(), inner.sum(axis=0), (residual.T @ units)[0], [residual.sum()]])

    def slopes(
        self, params: Float[np.ndarray, " size"], x: Float[np.ndarray, "n inputs"]
    ) -> Float[np.ndarray, "n inputs"]:
        """Of each row, the derivative of the log-odds by each column."""
        if self.hidden == 0:
            return np.broadcast_to(params[:-1], x.shape)
        first = params[: self.hidden * self.inputs].reshape(self.hidden, self.inputs)
        return self._inner(params, self._units(params, x), np.ones((len(x), 1))) @ first

    def _units(self, params: np.ndarray, x: np.ndarray) -> Float[np.ndarray, "n hidden"]:
        cut = self.hidden * self.inputs
        return np.tanh(x @ params[:cut].reshape(self.hidden, self.inputs).T + params[cut : cut + self.hidden])

    def _inner(self, params: np.ndarray, units: np.ndarray, residual: np.ndarray) -> Float[np.ndarray, "n hidden"]:
        return residual * params[self.head][:-1] * (1 - units**2)


def probability(margin: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The logistic function, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * margin))


def cross_entropy(margin: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Of each row, in natural units."""
    return np.logaddexp(0.0, margin) - y * margin
