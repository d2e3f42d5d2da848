"""The training of the learned policy on virtual people of all strata; the same result for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from vitruvian.control import BasalBolus, Learned, Plan, Setting, train
from vitruvian.physiology.glucose import STRATA, UVA_PADOVA_2008, virtual_people
from vitruvian.study.glucose_loop import LoopStudy, plan_of, therapy_of

PEOPLE, SEED, ITERATIONS, RATE = 8, 101, 250, 0.02
"""Of each stratum; the weights of `control.learned()` were made with these, in about a minute."""


def train_learned(
    people: int = PEOPLE,
    seed: int = SEED,
    iterations: int = ITERATIONS,
    rate: float = RATE,
    progress: Callable[[int, float], None] = lambda done, loss: None,
) -> tuple[Learned, tuple[float, ...]]:
    """The learned policy and the loss at each iteration; raises `UnsupportedError` without optax."""
    setting, plan = everybody(people, seed)
    return train(setting, plan, iterations=iterations, rate=rate, progress=progress)


def everybody(people: int, seed: int) -> tuple[Setting, Plan]:
    """`people` of each stratum side by side, with an ideal pump, and their day."""
    study = LoopStudy({"none": BasalBolus()}, people=people, days=1, seed=seed)
    cohorts = [virtual_people(stratum, people, seed) for stratum in STRATA]
    together = [(dict(one.parameters), therapy_of(one, study), plan_of(one, study)) for one in cohorts]

    def beside(*parts: Any) -> Any:
        return jnp.concatenate([jnp.asarray(one) for one in parts], axis=-1)

    parameters, therapy, plan = jax.tree.map(beside, *together)
    return Setting(UVA_PADOVA_2008, parameters, therapy, study.sensor), plan
