"""A transformer over a history: every token sees every other; a token of its own asks for the event."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from vitruvian.learn.history.histories import EMPTY, FIRST, Histories, Vocabulary
from vitruvian.learn.sequence import HIDDEN, WAVES, Block, Linear, drawn, waves

FAR = 4.0
SMALL = 0.3


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
    small: list[Any] = [np.asarray(one, np.float32) for one in (value, valued, ago)]
    code: Any = found.code.astype(np.int32)
    return Tokens(code, small[0], small[1], small[2])


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

    def __init__(self, seed: int, vocabulary: Vocabulary, width: int, layers: int, heads: int):
        random = np.random.default_rng(seed)
        names = {name: k + 1 for k, name in enumerate(vocabulary.kind_names)}
        self.kind_of = (0,) * FIRST + tuple(names[one] for one in vocabulary.kinds)
        places = len(self.kind_of)
        self.codes, self.slopes = drawn(random, (places, width), SMALL), drawn(random, (places, width), SMALL)
        self.kinds, self.ask = drawn(random, (len(names) + 1, width), SMALL), drawn(random, (width,), SMALL)
        self.values, self.times = Linear(random, 3, width), Linear(random, WAVES + 1, width)
        self.told, self.amount = Linear(random, width, width), Linear(random, width, width)
        self.head = Linear(random, 2 * width, 1)
        self.blocks = tuple(Block(random, width, heads) for _ in range(layers))

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
