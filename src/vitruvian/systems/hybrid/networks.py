"""Small networks that say nought before they are taught."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp


def started(features: int, outputs: int, hidden: int, seed: int) -> eqx.nn.MLP:
    """A network of one hidden layer that says nought at first, whatever it is asked."""
    network = eqx.nn.MLP(features, outputs, hidden, 1, activation=jnp.tanh, key=jax.random.key(seed))
    return masked(network, jnp.zeros(outputs))


def masked(network: eqx.nn.MLP, mask: Any) -> eqx.nn.MLP:
    """The network with every output times `mask`."""
    last = network.layers[-1]
    assert isinstance(last.bias, jax.Array)
    return eqx.tree_at(
        lambda m: (m.layers[-1].weight, m.layers[-1].bias), network, (last.weight * mask[:, None], last.bias * mask)
    )
