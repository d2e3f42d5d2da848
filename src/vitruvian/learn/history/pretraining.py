"""Masked pre-training: what was hidden of a history, a code or only its value, is told from the rest of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from vitruvian.core import InputError
from vitruvian.learn.history.histories import EMPTY, FIRST, MASK, Histories
from vitruvian.learn.history.network import HistoryNetwork, Tokens, some_of, tokens
from vitruvian.learn.sequence import Task, Told, Training, train

SHARE = 0.15
"""Of tokens whose code is hidden; and of the others whose value is."""


class Masked(NamedTuple):
    """Tokens with something hidden, and what it is."""

    given: Tokens
    code: Bool[Array, "rows tokens"]
    value: Bool[Array, "rows tokens"]


def masked(given: Tokens, key: Array) -> Masked:
    """A random share of codes hidden with their values, and a share of the values of others."""
    draw = jax.random.uniform(key, given.code.shape)
    code = (draw < SHARE) & (given.code >= FIRST)
    value = (draw > 1 - SHARE) & (given.valued > 0)
    hidden = code | value
    value_shown, valued = (jnp.where(hidden, 0.0, one) for one in (given.value, given.valued))
    return Masked(Tokens(jnp.where(code, MASK, given.code), value_shown, valued, given.ago), code, value)


def masked_loss(net: HistoryNetwork, given: Tokens, _: Array, key: Array | None) -> Float[Array, ""]:
    """Mean surprise at hidden codes and half the squared error of hidden values (scaled); one mask without a key."""
    told = masked(given, jax.random.key(0) if key is None else key)
    x = net.read(net.embedded(told.given), told.given.code)[:, 1:]
    score = jax.nn.log_softmax(net.told(x) @ net.codes.T, axis=-1)
    surprise = -jnp.take_along_axis(score, given.code[..., None], axis=-1)[..., 0]
    amount = (net.amount(x) * net.slopes[given.code]).sum(axis=-1)
    return _mean(surprise, told.code) + 0.5 * _mean((amount - given.value) ** 2, told.value)


def pretrain(
    net: HistoryNetwork, found: Histories, held: Bool[np.ndarray, " rows"], how: Training, *,
    tell: Told | None = None, keep: Path | None = None,
) -> HistoryNetwork:  # fmt: skip
    """A network that knows what histories are like; `held` rows say when to stop. Raises as `train` does."""
    task = Task(masked_loss, some_of)
    return train(net, task, tokens(found), np.zeros(len(found), np.float32), held, how, tell=tell, keep=keep)


@eqx.filter_jit
def _right(net: HistoryNetwork, given: Tokens, key: Array) -> tuple[Array, Array]:
    told = masked(given, key)
    x = net.read(net.embedded(told.given), told.given.code)[:, 1:]
    return (net.told(x) @ net.codes.T).argmax(axis=-1), told.code


def hidden_codes_told(net: HistoryNetwork, found: Histories, seed: int = 0) -> tuple[float, float]:
    """Share of hidden codes that the network tells rightly, and that the most frequent code alone would.

    Raises InputError where nothing was hidden.
    """
    given = tokens(found)
    told, hidden = (np.asarray(one) for one in _right(net, given, jax.random.key(seed)))
    real = given.code[hidden]
    if not len(real):
        raise InputError("no code was hidden", got=f"{len(found)} rows", todo="Give more histories.")
    often = np.bincount(given.code[given.code != EMPTY]).argmax()
    return float((told[hidden] == real).mean()), float((real == often).mean())


def _mean(of: Array, where: Array) -> Array:
    return jnp.where(where, of, 0.0).sum() / jnp.maximum(where.sum(), 1)
