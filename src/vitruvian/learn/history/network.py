"""A transformer over a history: every token sees every other; a token of its own asks for the event."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from vitruvian.learn.history.histories import EMPTY, FIRST, Histories, Vocabulary
from vitruvian.learn.sequence import HIDDEN, WAVES, Block, Linear, waves

FAR = 4.0


class Tokens(NamedTuple):
    """Histories as the network takes them."""

    code: Int[Array, "rows tokens"]
    value: Float[Array, "rows tokens"]
    valued: Float[Array, "rows tokens"]
    ago: Float[Array, "rows tokens"]
    """Logarithm of 1 + time before the moment of asking."""


def tokens(found: Histories) -> Tokens:
    """float32; scaled values are drawn in beyond `FAR`."""
    valued = ~np.isnan(found.value)
    value = np.where(valued, FAR * np.tanh(found.value / FAR), 0.0)
    ago = np.log1p(np.where(np.isnan(found.time), 0.0, -found.time))
    small = [jnp.asarray(one, jnp.float32) for one in (value, valued, ago)]
    return Tokens(jnp.asarray(found.code, jnp.int32), small[0], small[1], small[2])


def some_of(given: Tokens, rows: np.ndarray) -> Tokens:
    """Some of the rows."""
    return Tokens(given.code[rows], given.value[rows], given.valued[rows], given.ago[rows])


class HistoryNetwork(eqx.Module):
    """A token is the sum of what its code, kind, value and time are embedded as."""

    codes: Float[Array, "places width"]
    slopes: Float[Array, "places width"]
    kinds: Float[Array, "kinds width"]
    values: Linear
    times: Linear
    ask: Float[Array, " width"]
    blocks: tuple[Block, ...]
    told: Linear
    amount: Linear
    head: Linear
    kind_of: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, key: Array, vocabulary: Vocabulary, width: int, layers: int, heads: int):
        keys = jax.random.split(key, 9 + layers)
        names = {name: k + 1 for k, name in enumerate(vocabulary.kind_names)}
        self.kind_of = (0,) * FIRST + tuple(names[one] for one in vocabulary.kinds)
        places = len(self.kind_of)

        def drawn(one: Array, *size: int) -> Array:
            return 0.3 * jax.random.normal(one, size, jnp.float32)

        self.codes, self.slopes = drawn(keys[0], places, width), drawn(keys[1], places, width)
        self.kinds, self.ask = drawn(keys[2], len(names) + 1, width), drawn(keys[3], width)
        self.values, self.times = Linear(keys[4], 3, width), Linear(keys[5], WAVES + 1, width)
        self.told, self.amount = Linear(keys[6], width, width), Linear(keys[7], width, width)
        self.head = Linear(keys[8], 2 * width, 1)
        self.blocks = tuple(Block(one, width, heads) for one in keys[9:])

    def embedded(self, given: Tokens) -> Float[Array, "rows tokens width"]:
        """Each token by itself."""
        value = given.value[..., None]
        shape = jnp.concatenate([value, jnp.abs(value), given.valued[..., None]], axis=-1)
        ago = jnp.concatenate([waves(given.ago), given.ago[..., None] / 5], axis=-1)
        kind = self.kinds[jnp.asarray(self.kind_of)[given.code]]
        return self.codes[given.code] + kind + value * self.slopes[given.code] + self.values(shape) + self.times(ago)

    def read(self, embedded: Float[Array, "rows tokens width"], code: Int[Array, "rows tokens"]) -> Array:
        """Each token among the others, the asking one first."""
        ask = jnp.broadcast_to(self.ask, (len(embedded), 1, len(self.ask)))
        x = jnp.concatenate([ask, embedded], axis=1)
        there = jnp.concatenate([jnp.ones((len(code), 1), bool), code != EMPTY], axis=1)
        hidden = jnp.where(there, 0.0, HIDDEN).astype(jnp.float32)[:, None, :]
        for block in self.blocks:
            x = block(x, hidden)
        return x

    def summary(self, embedded: Float[Array, "rows tokens width"], code: Int[Array, "rows tokens"]) -> Array:
        """What is known of each row: the asking token, and the mean of the others."""
        x = self.read(embedded, code)
        there = (code != EMPTY).astype(jnp.float32)[..., None]
        mean = (x[:, 1:] * there).sum(axis=1) / jnp.maximum(there.sum(axis=1), 1)
        return jnp.concatenate([x[:, 0], mean], axis=-1)

    def __call__(self, given: Tokens) -> Float[Array, " rows"]:
        """Margins (log-odds) of the event."""
        return self.head(self.summary(self.embedded(given), given.code))[:, 0]
