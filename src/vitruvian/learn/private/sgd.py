"""Training by gradients with differential privacy (DP-SGD, Abadi 2016): people's gradients are clipped, sums noised.

Each step every person is in the batch by a coin of their own (Poisson), with at most `windows` of their windows; the
gradient of their mean loss is clipped as a whole, so a person with a hundred windows weighs no more than one with one.
Clipping is that of jax-privacy, a few people at a time, which keeps their gradients in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.learn.private.accounting import Mechanism, epsilon_of, noise_for
from vitruvian.learn.private.people import Owners, at_least_two, owners
from vitruvian.learn.private.randomness import Coins, Randomness
from vitruvian.learn.private.vectors import noised

if TYPE_CHECKING:
    import jax

Losses = Callable[[Any, Any], Any]
"""(parameters, windows) → the loss of each window; windows are a tree of arrays whose first axis is the window."""


@dataclass(frozen=True)
class Setting:
    """How to train. `noise`: standard deviation in units of `clip`; `rate`: the chance of a person to be in a step.

    `windows`: the most windows of one person in one step; `microbatch`: people whose gradients are held at once.
    """

    clip: float
    noise: float
    rate: float
    steps: int
    windows: int = 1
    learning_rate: float = 0.05
    microbatch: int = 16

    def __post_init__(self) -> None:
        if not (self.clip > 0 and self.noise > 0 and self.learning_rate > 0):
            raise InputError("clip, noise and learning_rate must be above 0", got=self)
        if not 0 < self.rate <= 1 or min(self.steps, self.windows, self.microbatch) < 1:
            raise InputError("a setting of private training", got=self, allowed="0 < rate ≤ 1, whole numbers ≥ 1")

    @property
    def mechanism(self) -> Mechanism:
        """What the training costs."""
        return Mechanism("gaussian", self.noise, self.steps, self.rate)

    @classmethod
    def for_epsilon(cls, epsilon: float, delta: float, *, clip: float, rate: float, steps: int, **more: Any) -> Setting:
        """With the least noise that keeps to `epsilon` at `delta`."""
        return cls(clip, noise_for(epsilon, delta, rate=rate, times=steps), rate, steps, **more)


@dataclass(frozen=True)
class PrivateRun:
    """Trained parameters, what they cost, and how large the batches were; `seeded` ones are not for release."""

    parameters: Any
    spent: tuple[Mechanism, ...]
    seeded: bool
    people: int
    mean_batch: float

    def epsilon(self, delta: float) -> float:
        """What a person pays at most."""
        return epsilon_of(self.spent, delta)


def train_private(
    losses: Losses,
    parameters: Any,
    windows: Any,
    people: Sequence[str] | np.ndarray,
    setting: Setting,
    *,
    randomness: Randomness | None = None,
    optimizer: Any = None,
    on_step: Callable[[int, int], None] | None = None,
) -> PrivateRun:
    """Train `parameters` (a tree of float arrays) on `windows`, whose people are `people`.

    `optimizer`: one of optax, by default Adam at the setting's learning rate. Without `randomness` coins are secret.
    Raises `DataError` where windows and people differ in number, `UnsupportedError` without the extra learn.
    """
    optax = _optax()
    import jax

    whose = owners(people)
    at_least_two(whose)
    sizes = {len(leaf) for leaf in jax.tree.leaves(windows)}
    if sizes != {len(whose.of_row)}:
        raise DataError("windows and people differ in number", got=sizes, allowed=len(whose.of_row))
    told = randomness or Randomness.secret()
    chosen, noise = told.coins("people"), told.coins("noise")
    windows = jax.tree.map(np.asarray, windows)
    clipped, rule = jax.jit(clipped_sum(losses, setting)), optimizer or optax.adam(setting.learning_rate)
    moved = jax.jit(lambda g, s, p: _applied(optax, rule, g, s, p))
    state, total = rule.init(parameters), 0
    for step in range(setting.steps):
        batch = _batch(whose, chosen, setting)
        total += int((~batch[2]).sum())
        summed = clipped(parameters, jax.tree.map(lambda leaf: leaf[batch[0]], windows), *batch[1:])  # noqa: B023
        parameters, state = moved(noised_mean(summed, setting, setting.rate * len(whose), noise), state, parameters)
        if on_step is not None:
            on_step(step + 1, setting.steps)
    return PrivateRun(parameters, (setting.mechanism,), told.seeded, len(whose), total / setting.steps)


def clipped_sum(losses: Losses, setting: Setting) -> Callable[..., Any]:
    """(parameters, windows (people, windows, …), weights, nobody (people)) → the sum of clipped gradients."""
    import jax.numpy as jnp
    from jax_privacy.clipping import clipped_grad

    def loss(parameters: Any, windows: Any, weights: jax.Array) -> jax.Array:
        return jnp.vdot(losses(parameters, windows), weights)

    summed = clipped_grad(
        loss,
        l2_clip_norm=setting.clip,
        batch_argnums=(1, 2),
        keep_batch_dim=False,
        microbatch_size=setting.microbatch,
    )

    def quiet(parameters: Any, windows: Any, weights: jax.Array, nobody: jax.Array) -> Any:
        with catch_warnings():  # the library calls what optax will take away
            filterwarnings("ignore", "optax.global_norm", DeprecationWarning)
            return summed(parameters, windows, weights, is_padding_example=nobody)

    return quiet


def _batch(whose: Owners, coins: Coins, setting: Setting) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (people, windows), their weights, and which places are nobody's, padded so that shapes hardly ever change.

    Places are ordered so that those of nobody fill the last microbatches, which are then not computed.
    """
    people = np.flatnonzero(coins.chosen(len(whose), setting.rate))
    usual = len(whose) * setting.rate
    places = min(len(whose), int(usual + 6 * np.sqrt(usual * (1 - setting.rate)) + 1))
    places = setting.microbatch * -(-max(places, len(people)) // setting.microbatch)
    padded = np.zeros(places, int)
    padded[: len(people)] = people
    rows, weights = whose.rows_of(padded, setting.windows, coins)
    nobody = np.arange(places) >= len(people)
    order = np.arange(places).reshape(-1, setting.microbatch).T.ravel()
    return rows[order], weights[order], nobody[order]


def noised_mean(summed: Any, setting: Setting, divisor: float, coins: Coins) -> Any:
    """The mean over the expected batch, from the sum with its noise, both on one grid."""
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    flat, tree = ravel_pytree(summed)
    noisy = noised(np.asarray(flat, np.float64), setting.clip, setting.noise, coins)
    return tree(jnp.asarray(noisy / divisor, flat.dtype))


def _applied(optax: Any, rule: Any, gradient: Any, state: Any, parameters: Any) -> tuple[Any, Any]:
    change, state = rule.update(gradient, state, parameters)
    return optax.apply_updates(parameters, change), state


def _optax() -> Any:
    try:
        import jax_privacy.clipping  # noqa: F401
        import optax
    except ModuleNotFoundError as error:
        raise UnsupportedError("private training needs jax-privacy", todo="pip install vitruvian[learn]") from error
    return optax
