"""What the twin does not know of a person and their meals, with priors; every unknown is a standard normal number.

Priors are those of the reduced model (Cappon et al., IEEE Trans Biomed Eng 2023;70:3227, with the authors' code) where
it has them. Deviations: basal glucose is wider, as it must also serve people on injections; absorption is one rate a
person with deviations a meal; parts of the day, carbohydrate counting and activity have priors of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

PARTS = ("night", "morning", "afternoon", "evening")
"""Parts of the day, which begin at 23, 5, 11 and 17 h."""
PART_HOURS = (23.0, 5.0, 11.0, 17.0)
_FASTEST = 0.5


@dataclass(frozen=True)
class Unknown:
    """One number with its prior: mean and SD of it, or of its logarithm ("log"), or of its root ("square").

    A "rate" is a "log" that stays below half a minute⁻¹, which steps of five minutes cannot follow.
    """

    name: str
    meaning: str
    unit: str
    scale: Literal["plain", "log", "rate", "square"]
    mean: float
    sd: float

    def of(self, z: Any) -> Any:
        """The number at `z` prior standard deviations from its mean."""
        raw = self.mean + self.sd * z
        if self.scale == "rate":
            return jnp.exp(raw) * (1.0 + jnp.exp(4.0 * (raw - jnp.log(_FASTEST)))) ** -0.25
        return raw if self.scale == "plain" else jnp.exp(raw) if self.scale == "log" else raw * raw


_PERSON = (
    Unknown("SI", "insulin sensitivity, to that which the daily dose tells", "1", "log", 0.0, 0.5),
    Unknown("Gb", "basal glucose", "mg/dL", "plain", 119.13, 20.0),
    Unknown("SG", "glucose effectiveness", "1/min", "log", -4.9, 0.6),
    Unknown("p2", "rate of insulin action", "1/min", "square", 0.11, 0.004),
    Unknown("ka2", "absorption rate of insulin", "1/min", "rate", -4.2875, 0.25),
    Unknown("kd", "diffusion rate of insulin", "1/min", "rate", -3.509, 0.35),
    Unknown("kempt", "emptying rate of the stomach", "1/min", "log", -1.9646, 0.5),
    Unknown("kabs", "absorption rate of meals", "1/min", "log", -4.4, 0.5),
    Unknown("risk", "share of the published gain of insulin action below basal glucose", "1", "log", -1.0, 0.8),
    Unknown("count", "eaten to counted carbohydrates", "1", "log", 0.0, 0.25),
    Unknown("speed", "absorption per step of the person's own words for speed", "1", "plain", 0.2, 0.15),
    Unknown("uptake", "glucose uptake at full activity", "1/min", "log", -5.8, 0.7),
    Unknown("after", "gain of sensitivity after activity", "1", "log", -0.7, 0.7),
    Unknown("start", "difference of the first glucose from the first reading", "mg/dL", "plain", 0.0, 12.0),
    *(Unknown(f"SI_{part}", f"sensitivity, {part}", "1", "log", 0.0, 0.25) for part in PARTS),
    *(Unknown(f"Gb_{part}", f"basal glucose, {part}", "mg/dL", "plain", 0.0, 10.0) for part in PARTS),
)
PERSON = {one.name: one for one in _PERSON}
"""Unknowns of a person, in the order of their places."""
_MEAL = (
    Unknown("carbohydrates", "eaten to counted carbohydrates of the meal", "1", "log", 0.0, 0.2),
    Unknown("delay", "begin of the meal after its entry", "min", "plain", 5.0, 10.0),
    Unknown("absorption", "absorption of the meal to the person's usual", "1", "log", 0.0, 0.35),
)
MEAL = {one.name: one for one in _MEAL}
"""Unknowns of each meal."""


def person_of(z: Float[Array, "... p"]) -> dict[str, Any]:
    """Each unknown of the person from the first places of `z`."""
    return {name: one.of(z[..., k]) for k, (name, one) in enumerate(PERSON.items())}


def meals_of(z: Float[Array, "... m 3"]) -> dict[str, Any]:
    """Each unknown of the meals."""
    return {name: one.of(z[..., k]) for k, (name, one) in enumerate(MEAL.items())}
