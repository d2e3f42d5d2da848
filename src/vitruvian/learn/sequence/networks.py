"""Networks that read a batch of windows and say one number a row: LSTM, GRU-D, and a causal transformer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.learn.sequence.batch import Batch
from vitruvian.learn.sequence.layers import HIDDEN, Block, Linear, constant

NetworkKind = Literal["gru_d", "lstm", "transformer"]


class Network(eqx.Module):
    """Encodes windows; the margin (log-odds) is linear in the code."""

    head: eqx.AbstractVar[Linear]

    @abstractmethod
    def encode(self, batch: Batch) -> Float[Array, "rows hidden"]:
        """What the network knows at the last step."""

    def __call__(self, batch: Batch) -> Float[Array, " rows"]:
        """Margins."""
        return self.head(self.encode(batch))[:, 0]


class GRUD(Network):
    """A gated recurrent unit whose inputs and memory fade with the time since a channel was measured.

    Che Z et al. Recurrent neural networks for multivariate time series with missing values. Sci Rep 2018;8:6085: a
    missing input goes from the last value to the mean, the state decays, and what is missing is an input.
    """

    start: Linear
    fade_input: Float[Array, " channels"]
    fade_state: Linear
    gates: Linear
    recur: Linear
    head: Linear

    def __init__(self, random: np.random.Generator, channels: int, fixed: int, hidden: int):
        self.start = Linear(random, fixed, hidden)
        self.fade_input = constant(-2.0, channels)
        self.fade_state = Linear(random, channels, hidden)
        self.gates, self.recur = Linear(random, 2 * channels, 3 * hidden), Linear(random, hidden, 3 * hidden)
        self.head = Linear(random, hidden, 1)

    def encode(self, batch: Batch) -> Float[Array, "rows hidden"]:
        def step(carry: tuple[Array, Array], now: tuple[Array, ...]) -> tuple[tuple[Array, Array], None]:
            state, last = carry
            values, seen, gap, there = now
            last = jnp.where(seen > 0, values, last)
            fading = jnp.exp(-jax.nn.softplus(self.fade_input) * gap)
            inputs = jnp.concatenate([jnp.where(seen > 0, values, fading * last), seen], axis=-1)
            faded = state * jnp.exp(-jax.nn.relu(self.fade_state(gap)))
            of_input, of_state = self.gates(inputs), self.recur(faded)
            r, z, _ = jnp.split(of_input + of_state, 3, axis=-1)
            reset, keep = jax.nn.sigmoid(r), jax.nn.sigmoid(z)
            n = of_input.shape[-1] // 3
            fresh = jnp.tanh(of_input[:, 2 * n :] + reset * of_state[:, 2 * n :])
            state = jnp.where(there[:, None] > 0, keep * faded + (1 - keep) * fresh, state)
            return (state, last), None

        first = jnp.tanh(self.start(batch.fixed)), jnp.zeros_like(batch.values[0])
        (state, _), _ = lax.scan(step, first, (batch.values, batch.seen, batch.gaps, batch.there))
        return state


class LSTM(Network):
    """Long short-term memory over values carried forward, what was measured, and the time since.

    Hochreiter S, Schmidhuber J. Neural Comput 1997;9:1735.
    """

    start: Linear
    gates: Linear
    recur: Linear
    head: Linear

    def __init__(self, random: np.random.Generator, channels: int, fixed: int, hidden: int):
        self.start, self.gates = Linear(random, fixed, hidden), Linear(random, 3 * channels, 4 * hidden)
        self.recur, self.head = Linear(random, hidden, 4 * hidden), Linear(random, hidden, 1)

    def encode(self, batch: Batch) -> Float[Array, "rows hidden"]:
        def step(carry: tuple[Array, Array, Array], now: tuple[Array, ...]) -> tuple[tuple[Array, Array, Array], None]:
            state, memory, last = carry
            values, seen, gap, there = now
            last = jnp.where(seen > 0, values, last)
            gates = self.gates(jnp.concatenate([last, seen, gap], axis=-1)) + self.recur(state)
            take, forget, give, fresh = jnp.split(gates, 4, axis=-1)
            new = jax.nn.sigmoid(forget + 1) * memory + jax.nn.sigmoid(take) * jnp.tanh(fresh)
            memory = jnp.where(there[:, None] > 0, new, memory)
            state = jnp.where(there[:, None] > 0, jax.nn.sigmoid(give) * jnp.tanh(new), state)
            return (state, memory, last), None

        start = jnp.tanh(self.start(batch.fixed))
        first = start, jnp.zeros_like(start), jnp.zeros_like(batch.values[0])
        (state, _, _), _ = lax.scan(step, first, (batch.values, batch.seen, batch.gaps, batch.there))
        return state


class CausalTransformer(Network):
    """Self-attention in which a step sees itself and earlier steps only; read at the last step.

    Vaswani A et al. Attention is all you need. NeurIPS 2017. Place is the time before the moment of asking.
    """

    start: Linear
    embed: Linear
    blocks: tuple[Block, ...]
    head: Linear

    def __init__(self, random: np.random.Generator, channels: int, fixed: int, hidden: int, layers: int, heads: int):
        self.start, self.embed = Linear(random, fixed, hidden), Linear(random, 3 * channels + WAVES, hidden)
        self.blocks = tuple(Block(random, hidden, heads) for _ in range(layers))
        self.head = Linear(random, hidden, 1)

    def encode(self, batch: Batch) -> Float[Array, "rows hidden"]:
        places = jnp.concatenate([batch.values, batch.seen, batch.gaps, waves(batch.times)], axis=-1)
        x = (self.embed(places) + self.start(batch.fixed)).swapaxes(0, 1)
        steps = x.shape[1]
        causal = jnp.where(jnp.tril(jnp.ones((steps, steps), bool)), 0.0, HIDDEN)
        hidden = jnp.where(batch.there.T[:, None, :] > 0, causal, HIDDEN).astype(jnp.float32)
        for block in self.blocks:
            x = block(x, hidden)
        return x[:, -1]


WAVES = 8


def waves(time: Float[Array, ...]) -> Float[Array, "... waves"]:
    """Sines and cosines of a logarithm of time, of rising frequency: the place of a step or token."""
    angle = time[..., None] * (2.0 ** jnp.arange(WAVES // 2, dtype=jnp.float32))
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=-1)


_RECURRENT: Mapping[str, type[GRUD] | type[LSTM]] = MappingProxyType({"gru_d": GRUD, "lstm": LSTM})


def network(
    kind: NetworkKind,
    seed: int,
    channels: int,
    fixed: int,
    hidden: int = 32,
    layers: int = 2,
    heads: int = 2,
) -> Network:
    """An untrained network for batches of so many channels and fixed numbers; `layers`, `heads`: of the transformer."""
    random = np.random.default_rng(seed)
    if kind == "transformer":
        return CausalTransformer(random, channels, fixed, hidden, layers, heads)
    return _RECURRENT[kind](random, channels, fixed, hidden)
