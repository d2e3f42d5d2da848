"""What a glucose controller sees and does: the values that every policy of a pump or pen exchanges with a person."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from vitruvian.model import Policy


class Seen(NamedTuple):
    """What is known at a decision; each (n,) for n people, times as scalars."""

    minute: Float[Array, ""]
    """Since the start of the run."""
    minute_of_day: Float[Array, ""]
    glucose: Float[Array, " n"]
    """Newest sensor reading, mg/dL; NaN where there is none."""
    age: Float[Array, " n"]
    """Minutes since that reading was taken."""
    meal: Float[Array, " n"]
    """Carbohydrates announced now, g (what the person believes, not what is eaten)."""
    exercise: Float[Array, " n"]
    """Announced: minutes of activity about to begin; 0 otherwise."""
    basal: Float[Array, " n"]
    """Basal insulin delivered since the last decision, U."""
    bolus: Float[Array, " n"]
    """Bolus insulin delivered since the last decision, U."""


class Delivery(NamedTuple):
    """What is to be delivered until the next decision; each (n,)."""

    basal: Float[Array, " n"]
    """U/h."""
    bolus: Float[Array, " n"]
    """U, at once."""
    long_acting: Float[Array, " n"]
    """U, at once (pens)."""
    rescue: Float[Array, " n"]
    """Carbohydrates to be eaten now against a low, g."""
    reason: Int[Array, " n"] | int = 0
    """Why it is not what was asked for: a sum of `Reason`; 0 where nothing was changed."""


def delivery(basal: Float[Array, " n"], bolus: Float[Array, " n"] | None = None) -> Delivery:
    """What a pump delivers: a rate in U/h and a bolus in U, nothing by pen or mouth."""
    none = jnp.zeros_like(basal)
    return Delivery(basal, none if bolus is None else bolus, none, none)


def fresh(seen: Seen, within: float = 15.0) -> Bool[Array, " n"]:
    """Whether there is a reading, taken at most `within` minutes ago."""
    return jnp.isfinite(seen.glucose) & (seen.age <= within)


class Therapy(NamedTuple):
    """Settings of a person's treatment that policies start from; each (n,)."""

    weight: Float[Array, " n"]
    """kg."""
    basal: Float[Array, " n"]
    """U/h that holds glucose steady when fasting."""
    carbohydrate_ratio: Float[Array, " n"]
    """g/U."""
    correction: Float[Array, " n"]
    """mg/dL that one unit lowers glucose."""
    target: Float[Array, " n"]
    """mg/dL."""
    total_daily: Float[Array, " n"]
    """U/d."""


@runtime_checkable
class GlucosePolicy(Policy, Protocol):
    """A pure rule for insulin, for all people of a run at once; anything a user writes with these two methods is one.

    `every` is the time between decisions in minutes. `traceable` says that `decide` is pure JAX: the whole loop is
    then one program; otherwise it is called from Python at each decision with NumPy arrays.
    """

    @property
    def every(self) -> int:
        """Minutes between decisions."""

    @property
    def traceable(self) -> bool:
        """Whether `decide` is pure JAX."""

    def initial(self, known: Therapy) -> Any:
        """State before anything was seen."""

    def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
        """What to deliver until the next decision, and the next state."""
