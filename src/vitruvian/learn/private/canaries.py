"""Planted people for any model trained by `train_private`: each has a parameter that nobody else moves.

Their gradient is as large as `size`, in a direction of their own; so the same clip, sampling and noise that protect
real people are all that protects them, and whoever reads the parameters afterwards is as strong an attacker as there
is. A clip that is left out, or noise that is too small, shows at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.learn.private.accounting import epsilon_of
from vitruvian.learn.private.audit import Audit, audit_canaries
from vitruvian.learn.private.randomness import Randomness
from vitruvian.learn.private.sgd import Losses, Setting, train_private


def audit_training(
    losses: Losses,
    parameters: Any,
    windows: Any,
    people: Sequence[str] | np.ndarray,
    setting: Setting,
    *,
    delta: float,
    claimed: float | None = None,
    canaries: int = 300,
    size: float = 1e4,
    confidence: float = 0.95,
    randomness: Randomness | None = None,
) -> Audit:
    """Train once with `canaries` planted, and judge whether `claimed` (default: what the accountant says) holds.

    The trained parameters are thrown away: a model with canaries is not for use.
    """
    import jax
    import jax.numpy as jnp
    import optax

    told = randomness or Randomness.secret()
    names = np.asarray(people, dtype=str)

    def both(parts: Any, shown: Any) -> jax.Array:
        own, planted = parts
        inner, which = shown
        pulled = -size * planted[jnp.maximum(which, 0)]
        return jnp.where(which < 0, losses(own, inner), pulled)

    def attack(included: Bool[np.ndarray, " canaries"]) -> Float[np.ndarray, " canaries"]:
        planted = np.flatnonzero(included)
        which = np.concatenate([np.full(len(names), -1), planted])
        inner = jax.tree.map(lambda leaf: np.concatenate([leaf, np.repeat(leaf[:1], len(planted), 0)]), windows)
        whose = np.concatenate([names, [f"canary {k}" for k in planted]])
        begin = (parameters, jnp.zeros(canaries))
        rule = optax.sgd(setting.learning_rate)
        run = train_private(both, begin, (inner, which), whose, setting, randomness=told, optimizer=rule)
        return np.asarray(run.parameters[1])

    promised = claimed if claimed is not None else epsilon_of([setting.mechanism], delta)
    return audit_canaries(attack, canaries, claimed=promised, delta=delta, confidence=confidence, randomness=told)
