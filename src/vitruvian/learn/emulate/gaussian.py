"""Gaussian processes: Matérn 5/2 with a length scale for each parameter, fitted by marginal likelihood.

Rasmussen CE, Williams CKI. Gaussian Processes for Machine Learning. MIT Press 2006, eqs 2.25, 2.26, 2.30 and 4.17.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_JITTER = 1e-10
_FILLED, _FAR = 32, 1e6  # points are filled up to a multiple with ones far off, so that few programs are compiled
_START = np.log(0.5)  # of every length scale, in units of the box
_WANDER = 1.5  # prior standard deviation of the logarithm of a length scale about its start


class GaussianProcess(eqx.Module):
    """One process for each of o outputs, on points in units of the box; outputs in their own units.

    `scale` (o, d) are length scales, `noise` (o,) the standard deviation of what no smooth function explains, in
    standard deviations of the output. Points far outside the box only fill up.
    """

    x: Float[Array, "n d"]
    mean: Float[Array, " o"]
    sd: Float[Array, " o"]
    scale: Float[Array, "o d"]
    amplitude: Float[Array, " o"]
    noise: Float[Array, " o"]
    cholesky: Float[Array, "o n n"]
    weight: Float[Array, "o n"]

    def __call__(self, u: Float[Array, " d"]) -> tuple[Float[Array, " o"], Float[Array, " o"]]:
        """Mean and standard deviation of every output at one point."""

        def one(scale: Any, amplitude: Any, cholesky: Any, weight: Any) -> tuple[Any, Any]:
            k = amplitude**2 * matern(u[None], self.x, scale)[0]
            left = jax.scipy.linalg.solve_triangular(cholesky, k, lower=True)
            return k @ weight, jnp.sqrt(jnp.maximum(amplitude**2 - left @ left, 1e-12))

        middle, spread = jax.vmap(one)(self.scale, self.amplitude, self.cholesky, self.weight)
        return self.mean + self.sd * middle, self.sd * spread


def matern(a: Float[Array, "n d"], b: Float[Array, "m d"], scale: Float[Array, " d"]) -> Float[Array, "n m"]:
    """Matérn 5/2 correlation of points, differentiable also where they meet."""
    squared = (((a[:, None] - b[None]) / scale) ** 2).sum(axis=-1)
    r = jnp.sqrt(5.0 * squared + 1e-20)
    return (1.0 + r + r**2 / 3.0) * jnp.exp(-r)


def fit_gaussian(u: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n o"]) -> GaussianProcess:
    """Processes through values `y` at points `u`; length scale, amplitude and noise by marginal likelihood (L-BFGS)."""
    from scipy.optimize import minimize

    mean, sd = y.mean(axis=0), y.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    d, fill = u.shape[1], -len(u) % _FILLED
    x = jnp.asarray(np.concatenate([u, _FAR * (1.0 + np.arange(fill))[:, None] * np.ones((fill, d))]))
    z = jnp.asarray(np.concatenate([(y - mean) / sd, np.zeros((fill, y.shape[1]))]))
    start = np.concatenate([np.full(d, _START), [0.0, np.log(1e-3)]])
    bounds = [(np.log(0.03), np.log(30.0))] * d + [(np.log(0.05), np.log(30.0)), (np.log(1e-5), 0.0)]
    found = []
    for k in range(z.shape[1]):
        best = minimize(_objective, start, args=(x, z[:, k]), jac=True, method="L-BFGS-B", bounds=bounds)
        found.append(best.x)
    h = jnp.exp(jnp.asarray(np.stack(found)))
    scale, amplitude, noise = h[:, :d], h[:, d], h[:, d + 1]
    cholesky, weight = _all_factored(h, x, z)
    return GaussianProcess(x, jnp.asarray(mean), jnp.asarray(sd), scale, amplitude, noise, cholesky, weight)


def _factored(h: Any, x: Any, z: Any) -> tuple[Any, Any]:
    d, n = x.shape[1], x.shape[0]
    own = x[:, 0] < 0.5 * _FAR
    covariance = h[d] ** 2 * matern(x, x, h[:d]) + (h[d + 1] ** 2 + _JITTER) * jnp.eye(n)
    factor = jnp.linalg.cholesky(jnp.where(own[:, None] & own[None], covariance, jnp.eye(n)))
    return factor, jax.scipy.linalg.cho_solve((factor, True), z)


@jax.jit
def _all_factored(h: Any, x: Any, z: Any) -> Any:
    return jax.vmap(_factored, in_axes=(0, None, 1))(h, x, z)


@jax.jit
def _value_and_slope(h: Any, x: Any, z: Any) -> Any:
    def negative(log_h: Any) -> Any:
        factor, weight = _factored(jnp.exp(log_h), x, z)
        prior = (((log_h[: x.shape[1]] - _START) / _WANDER) ** 2).sum()
        return 0.5 * (z @ weight) + jnp.log(jnp.diag(factor)).sum() + 0.5 * prior

    return jax.value_and_grad(negative)(h)


def _objective(h: np.ndarray, x: Any, z: Any) -> tuple[float, np.ndarray]:
    value, slope = _value_and_slope(h, x, z)
    if not np.isfinite(value):
        return 1e10, np.zeros_like(h)
    return float(value), np.asarray(slope)
