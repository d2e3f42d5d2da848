"""Training of the network by policy gradients through the differentiable simulator, reproducible by seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.control.closed_loop import Plan, Setting, begun, seen_at, until_next
from vitruvian.control.learned import HIDDEN, INPUTS, SIZE, Learned
from vitruvian.core import UnsupportedError
from vitruvian.physiology.glucose import high_risk, low_risk

LOWS = 6.0
"""How much more the risk of lows counts than that of highs."""


def train(
    setting: Setting,
    plan: Plan,
    seed: int = 1,
    iterations: int = 150,
    rate: float = 0.01,
    progress: Callable[[int, float], None] = lambda done, loss: None,
) -> tuple[Learned, tuple[float, ...]]:
    """The policy of least risk in the people of `setting` through `plan`, and the loss at each iteration.

    Each iteration draws other sensor errors. Pump steps have no gradient: `setting` should have an ideal pump.
    Raises `UnsupportedError` where optax is not installed.
    """
    try:
        import optax
    except ModuleNotFoundError as error:
        raise UnsupportedError("optax is not installed", todo="pip install 'vitruvian[learn]'") from error
    decay = optax.cosine_decay_schedule(rate, iterations)
    optimiser: Any = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(decay))
    readings = plan.eaten.shape[0] // setting.sensor.every + 2
    n = plan.eaten.shape[1]

    @jax.jit
    def improved(weights: Array, moments: Any, key: Array) -> tuple[Array, Any, Array]:
        errors = setting.sensor.errors(key, readings, n)
        loss, slope = jax.value_and_grad(risk)(weights, setting, plan, errors)
        step, moments = optimiser.update(slope, moments)
        return optax.apply_updates(weights, step), moments, loss

    weights = begin(seed)
    moments, losses = optimiser.init(weights), []
    for k, key in enumerate(jax.random.split(jax.random.key(seed), iterations)):
        weights, moments, loss = improved(weights, moments, key)
        losses.append(float(loss))
        progress(k + 1, losses[-1])
    return Learned(tuple(float(w) for w in weights)), tuple(losses)


def begin(seed: int) -> Float[Array, " w"]:
    """Weights before training: a random hidden layer, and an output of 0."""
    weights = np.zeros(SIZE)
    cut = (INPUTS + 1) * HIDDEN
    weights[:cut] = np.random.default_rng(seed).normal(0.0, 0.5, cut)
    return jnp.asarray(weights)


def risk(weights: Float[Array, " w"], setting: Setting, plan: Plan, errors: Any) -> Float[Array, ""]:
    """Mean risk of glucose of all people through the plan under these weights, differentiable."""
    policy = Learned(weights)  # type: ignore[arg-type]
    blocks = jax.tree.map(lambda x: x.reshape(-1, policy.every, *x.shape[1:]), plan)

    @jax.checkpoint
    def step(carry: Any, block: Any) -> Any:
        now, state = carry
        k, planned = block
        given, state = policy.decide(state, seen_at(now, planned, k * policy.every, 0))
        now, trace = until_next(setting, errors, now, planned, given, k * policy.every)
        glucose = jnp.clip(trace.glucose[-1], 20.0, 600.0)
        return (now, state), (LOWS * low_risk(glucose) + high_risk(glucose)).mean()

    first = begun(setting, errors, setting.model.steady(setting.parameters)), policy.initial(setting.therapy)
    _, risks = lax.scan(step, first, (jnp.arange(len(blocks.eaten)), blocks))
    return risks.mean()
