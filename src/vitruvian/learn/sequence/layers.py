"""Small layers, float32: a linear map, a norm, and a block of self-attention over any mask."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

HIDDEN = -1e9
"""What is added to the weight of a place that may not be looked at."""


class Linear(eqx.Module):
    """x → x·w + b, over the last axis."""

    w: Float[Array, "of to"]
    b: Float[Array, " to"]

    def __init__(self, key: Array, of: int, to: int, bias: float = 0.0):
        self.w = jax.random.normal(key, (of, to), jnp.float32) / jnp.sqrt(jnp.float32(max(of, 1)))
        self.b = jnp.full((to,), bias, jnp.float32)

    def __call__(self, x: Float[Array, "... of"]) -> Float[Array, "... to"]:
        return x @ self.w + self.b


class Norm(eqx.Module):
    """Zero mean and unit variance over the last axis, then a scale and a shift."""

    scale: Float[Array, " n"]
    shift: Float[Array, " n"]

    def __init__(self, n: int):
        self.scale, self.shift = jnp.ones(n, jnp.float32), jnp.zeros(n, jnp.float32)

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

    def __init__(self, key: Array, width: int, heads: int):
        keys = jax.random.split(key, 4)
        self.before, self.between = Norm(width), Norm(width)
        self.of_all, self.out = Linear(keys[0], width, 3 * width), Linear(keys[1], width, width)
        self.wide, self.narrow = Linear(keys[2], width, 2 * width), Linear(keys[3], 2 * width, width)
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
