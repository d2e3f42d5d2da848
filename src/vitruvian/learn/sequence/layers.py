"""Small layers, float32: a linear map, a norm, and a block of self-attention over any mask."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

HIDDEN = -1e9
"""What is added to the weight of a place that may not be looked at."""


def drawn(random: np.random.Generator, shape: tuple[int, ...], spread: float) -> Array:
    """Normal numbers to begin with."""
    return jnp.asarray((spread * random.standard_normal(shape)).astype(np.float32))


def constant(value: float, n: int) -> Array:
    """The same number to begin with."""
    return jnp.asarray(np.full(n, value, np.float32))


class Linear(eqx.Module):
    """x → x·w + b, over the last axis."""

    w: Float[Array, "of to"]
    b: Float[Array, " to"]

    def __init__(self, random: np.random.Generator, of: int, to: int):
        self.w = drawn(random, (of, to), 1 / np.sqrt(max(of, 1)))
        self.b = constant(0.0, to)

    def __call__(self, x: Float[Array, "... of"]) -> Float[Array, "... to"]:
        return x @ self.w + self.b


class Norm(eqx.Module):
    """Zero mean and unit variance over the last axis, then a scale and a shift."""

    scale: Float[Array, " n"]
    shift: Float[Array, " n"]

    def __init__(self, n: int):
        self.scale, self.shift = constant(1.0, n), constant(0.0, n)

    def __call__(self, x: Float[Array, "... n"]) -> Float[Array, "... n"]:
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * self.scale + self.shift


class Block(eqx.Module):
    """Self-attention, then two linear maps, each beside a path that leaves its input as it was."""

    before: Norm
    between: Norm
    of_all: Linear
    out: Linear
    wide: Linear
    narrow: Linear
    heads: int = eqx.field(static=True)

    def __init__(self, random: np.random.Generator, width: int, heads: int):
        self.before, self.between = Norm(width), Norm(width)
        self.of_all, self.out = Linear(random, width, 3 * width), Linear(random, width, width)
        self.wide, self.narrow = Linear(random, width, 2 * width), Linear(random, 2 * width, width)
        self.heads = heads

    def __call__(
        self,
        x: Float[Array, "rows places width"],
        hidden: Float[
            Array,
            (
                rows  # places places
            ),
        ],
    ) -> Array:
        """`hidden` is added to the weights of attention: 0, or `HIDDEN` for places that may not be looked at."""
        rows, places, width = x.shape
        each = self.of_all(self.before(x)).reshape(rows, places, 3, self.heads, width // self.heads)
        query, key, value = each[:, :, 0], each[:, :, 1], each[:, :, 2]
        weight = jnp.einsum("rqhd,rkhd->rhqk", query, key) / jnp.sqrt(jnp.float32(width // self.heads))
        weight = jax.nn.softmax(weight + hidden[:, None], axis=-1)
        x = x + self.out(jnp.einsum("rhqk,rkhd->rqhd", weight, value).reshape(rows, places, width))
        return x + self.narrow(jax.nn.gelu(self.wide(self.between(x))))
