"""Deep ensembles: networks that differ in how they began, and whose disagreement is their uncertainty.

Lakshminarayanan B, Pritzel A, Blundell C. Simple and scalable predictive uncertainty estimation using deep ensembles.
NeurIPS 2017. Here without the networks' own variance: the functions emulated have no noise.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import UnsupportedError

MEMBERS, HIDDEN, STEPS, RATE = 5, 32, 1500, 5e-3


class Ensemble(eqx.Module):
    """`networks` is one network whose weights have a first axis of members; outputs in their own units."""

    networks: eqx.nn.MLP
    mean: Float[Array, " o"]
    sd: Float[Array, " o"]

    def __call__(self, u: Float[Array, " d"]) -> tuple[Float[Array, " o"], Float[Array, " o"]]:
        """Mean and standard deviation over the members of every output at one point in units of the box."""
        found = eqx.filter_vmap(lambda one: one(2.0 * u - 1.0))(self.networks)
        return self.mean + self.sd * found.mean(axis=0), self.sd * jnp.maximum(found.std(axis=0), 1e-6)


def blank(d: int, o: int, seed: int, members: int = MEMBERS) -> eqx.nn.MLP:
    """Networks of two hidden layers before learning."""

    def one(key: Any) -> eqx.nn.MLP:
        return eqx.nn.MLP(d, o, HIDDEN, 2, activation=jax.nn.silu, key=key)

    found: eqx.nn.MLP = eqx.filter_vmap(one)(jax.random.split(jax.random.key(seed), members))
    return found


def fit_ensemble(u: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n o"], *, seed: int = 0) -> Ensemble:
    """Networks through values `y` at points `u`. Raises `UnsupportedError` without optax."""
    try:
        import optax
    except ImportError:
        raise UnsupportedError("deep ensembles need optax", todo="pip install vitruvian[learn]") from None
    mean, sd = y.mean(axis=0), y.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    x, z = jnp.asarray(2.0 * u - 1.0), jnp.asarray((y - mean) / sd)
    arrays, static = eqx.partition(blank(u.shape[1], y.shape[1], seed), eqx.is_array)
    way = optax.adam(optax.cosine_decay_schedule(RATE, STEPS, 0.01))

    def loss(arrays: Any) -> Any:
        networks = eqx.combine(arrays, static)
        return ((eqx.filter_vmap(lambda one: jax.vmap(one)(x))(networks) - z) ** 2).sum(axis=(0, 2)).mean()

    @jax.jit
    def run(arrays: Any) -> Any:
        def step(carry: Any, _: Any) -> tuple[Any, None]:
            now, state = carry
            change, state = way.update(jax.grad(loss)(now), state, now)
            return (optax.apply_updates(now, change), state), None

        return jax.lax.scan(step, (arrays, way.init(arrays)), None, length=STEPS)[0][0]

    return Ensemble(eqx.combine(run(arrays), static), jnp.asarray(mean), jnp.asarray(sd))
