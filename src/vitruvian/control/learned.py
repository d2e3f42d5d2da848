"""A small network as a policy: what it does was learnt from virtual people, and the safety layer belongs around it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.control.iob import ADULT, Doses, InsulinCurve, no_doses
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery, fresh

INPUTS, HIDDEN, OUTPUTS = 9, 16, 3
SIZE = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * OUTPUTS
"""Number of weights."""


class Remembered(NamedTuple):
    """What the network is told of beside the present; people are the last axis."""

    therapy: Therapy
    doses: Doses
    """Net of profile basal, U."""
    glucose: Float[Array, " n"]
    """Last reading, mg/dL."""
    slope: Float[Array, " n"]
    """Smoothed, mg/dL/min."""
    carbohydrates: Float[Array, " n"]
    """Announced, fading over two hours, g."""
    activity: Float[Array, " n"]
    """Announced, 1 fading over two hours."""


@dataclass(frozen=True)
class Learned:
    """A rate of 0 to 4 times profile basal, the meal dose times 0.6 to 1.6, and a share of the correction with it.

    With no weights (all 0) it is basal–bolus with half of each correction.
    """

    weights: tuple[float, ...] = (0.0,) * SIZE
    curve: InsulinCurve = ADULT
    every: int = 5
    traceable: bool = True

    def initial(self, known: Therapy) -> Remembered:
        """At target, nothing announced."""
        n = len(known.basal)
        none = jnp.zeros(n)
        return Remembered(known, no_doses(n, self.curve, self.every), known.target + none, none, none, none)

    def decide(self, state: Remembered, observed: Seen) -> tuple[Delivery, Remembered]:
        """What the network says; profile basal and the meal dose without a fresh reading."""
        state, therapy, known = self._perceived(state, observed), state.therapy, fresh(observed)
        rate, meal, correction = network(jnp.asarray(self.weights), self._inputs(state, observed))
        basal = therapy.basal * 4.0 / (1.0 + 3.0 * jnp.exp(-rate))
        board = jnp.maximum(state.doses.on_board(self.curve, self.every), 0.0)
        excess = jnp.maximum((state.glucose - therapy.target) / therapy.correction - board, 0.0)
        usual = observed.meal / therapy.carbohydrate_ratio
        bolus = usual * jnp.exp(0.5 * jnp.tanh(meal)) + excess * 0.5 * (1.0 + jnp.tanh(correction))
        given = jnp.where(observed.meal > 0, jnp.where(known, bolus, usual), 0.0)
        return delivery(jnp.where(known, basal, therapy.basal), given), state

    def _perceived(self, state: Remembered, seen: Seen) -> Remembered:
        """With the last step's insulin, the reading and what is announced."""
        net = seen.basal + seen.bolus - state.therapy.basal * self.every / 60.0
        new = fresh(seen) & (seen.age < self.every)
        change = jnp.where(new, seen.glucose - state.glucose, 0.0) / self.every
        fades = np.exp(-self.every / 120.0)
        return state._replace(
            doses=state.doses.then(net),
            glucose=jnp.where(new, seen.glucose, state.glucose),
            slope=state.slope + 0.4 * (jnp.clip(change, -6.0, 6.0) - state.slope),
            carbohydrates=fades * state.carbohydrates + seen.meal,
            activity=jnp.where(seen.exercise > 0, 1.0, fades * state.activity),
        )

    def _inputs(self, state: Remembered, seen: Seen) -> Float[Array, "inputs n"]:
        """Each about 1 in size."""
        therapy, none = state.therapy, jnp.zeros_like(state.glucose)
        share = 0.1 * therapy.total_daily
        over, angle = (state.glucose - therapy.target) / 60.0, 2 * np.pi * seen.minute_of_day / 1440.0
        board = state.doses.on_board(self.curve, self.every) / share
        carbohydrates = state.carbohydrates / therapy.carbohydrate_ratio / share
        meal = seen.meal / therapy.carbohydrate_ratio / share
        clock = none + jnp.sin(angle), none + jnp.cos(angle)
        return jnp.stack([over, over**2, state.slope, board, carbohydrates, meal, state.activity, *clock])


def network(weights: Float[Array, " w"], inputs: Float[Array, "inputs n"]) -> Float[Array, "outputs n"]:
    """One hidden layer of tanh."""
    cut = (INPUTS + 1) * HIDDEN
    first = weights[:cut].reshape(HIDDEN, INPUTS + 1)
    last = weights[cut:].reshape(OUTPUTS, HIDDEN + 1)
    hidden = jnp.tanh(first[:, :-1] @ inputs + first[:, -1:])
    return last[:, :-1] @ hidden + last[:, -1:]


def learned() -> Learned:
    """The policy as trained by `train` with its default seed, on adults, adolescents and children together."""
    text: Any = (files("vitruvian.control") / "learned.txt").read_text(encoding="utf-8")
    return Learned(tuple(float(line) for line in text.split()))
