"""Flow of a linear system by its matrix exponential: scaling and squaring of a Taylor series."""

from __future__ import annotations

from math import factorial
from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

_TERMS = 14
_SQUARINGS = 30
_TAYLOR = [1 / factorial(k) for k in range(_TERMS + 1)]


def flow(matrix: Float[Array, "n n"], t: Any, inputs: tuple[int, ...]) -> Float[Array, "n nk"]:
    """[Φ Ψ] with y(t) = Φ·y(0) + Ψ·u for constant inputs u into the compartments `inputs`."""
    n, k = matrix.shape[0], len(inputs)
    big = jnp.zeros((n + k, n + k)).at[:n, :n].set(matrix)
    for column, compartment in enumerate(inputs):
        big = big.at[compartment, n + column].set(1.0)
    return expm(big, t)[:n]


def expm(matrix: Float[Array, "n n"], t: Any) -> Float[Array, "n n"]:
    """exp(matrix·t).

    The diagonal is shifted so that a compartmental matrix becomes non-negative: then no term of the series and no
    squaring cancels, and small amounts keep their digits (uniformization).
    """
    n = matrix.shape[0]
    shift = lax.stop_gradient(jnp.maximum(-jnp.min(jnp.diagonal(matrix)), 0.0))
    positive = matrix + shift * jnp.eye(n)
    size = lax.stop_gradient(jnp.max(jnp.abs(positive).sum(0)) * jnp.abs(t))
    count = jnp.clip(jnp.ceil(jnp.log2(jnp.maximum(size, 1e-30)) + 1), 0, _SQUARINGS)
    small = t * 2.0**-count
    step = positive * small
    total = _TAYLOR[-1] * jnp.eye(n)
    for c in _TAYLOR[-2::-1]:
        total = step @ total + c * jnp.eye(n)
    total = total * jnp.exp(-shift * small)

    def square(k: Any, value: Any) -> Any:
        return jnp.where(k < count, value @ value, value)

    return lax.fori_loop(0, _SQUARINGS, square, total)
