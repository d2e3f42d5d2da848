"""A virtual person's treatment settings, found as a clinic does: fast, give a unit, eat a meal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

from vitruvian.model import Driven, Values, advance
from vitruvian.physiology.glucose.inputs import nothing

FASTING_MINUTES = 360
MEAL_MINUTES = 420
MEAL = 0.7
"""g/kg of the test meal."""
EATING = 5.0
TEST_DOSE = 0.02
"""U/kg of the correction test."""
DIP = 15.0
"""mg/dL below fasting glucose that the meal dose may lead to."""
BASAL, CORRECTION, RATIO, DAILY = (0.05, 4.0), (10.0, 150.0), (2.5, 60.0), (0.2, 2.0)
"""What is plausible: U/h, mg/dL per U, g/U, U/kg/d."""
SHARE = (0.2, 0.8)
"""Plausible share of basal insulin in the day's total."""


class Settings(NamedTuple):
    """Each (n,)."""

    basal: Float[np.ndarray, " n"]
    """U/h that holds fasting glucose."""
    correction: Float[np.ndarray, " n"]
    """mg/dL by which one unit lowers it."""
    carbohydrate_ratio: Float[np.ndarray, " n"]
    """g/U."""
    total_daily: Float[np.ndarray, " n"]
    """U/d with 2.5 g/kg of carbohydrates, 250 g at most."""


def settings_of(model: Driven, p: Mapping[str, Float[np.ndarray, " n"]]) -> Settings:
    """Settings of people with parameters `p`; NaN where a test has no result. `model` has `basal`.

    Correction: the largest fall within six hours of 0.02 U/kg. Carbohydrate ratio: the largest dose for 0.7 g/kg after
    which glucose stays above fasting − 15 mg/dL for seven hours.
    """
    found = _tests(model, {k: jnp.asarray(v, float) for k, v in p.items()})
    basal, correction, ratio = (np.asarray(one) for one in found)
    daily = 24.0 * basal + np.minimum(2.5 * np.asarray(p["BW"]), 250.0) / ratio
    return Settings(basal, correction, ratio, daily)


def plausible(p: Mapping[str, Float[np.ndarray, " n"]], s: Settings) -> Bool[np.ndarray, " n"]:
    """Who could live: production and uptake at rest are positive, and all settings lie where people's do."""
    per_kg, share = s.total_daily / np.asarray(p["BW"]), 24.0 * s.basal / s.total_daily
    inside = [_within(s.basal, BASAL), _within(s.correction, CORRECTION), _within(s.carbohydrate_ratio, RATIO)]
    inside += [_within(per_kg, DAILY), _within(share, SHARE)]
    produced = p["kp1"] - p["kp2"] * p["Gb"] * p["Vg"] - p["kp3"] * p["Ib"]
    return np.logical_and.reduce([*inside, _within(produced, (1.0, 6.0))])


def _within(value: Any, bounds: tuple[float, float]) -> Bool[np.ndarray, " n"]:
    return np.isfinite(value) & (value >= bounds[0]) & (value <= bounds[1])


@partial(jax.jit, static_argnums=0)
def _tests(model: Any, p: Values) -> tuple[Array, Array, Array]:
    n, rest = p["BW"].shape[0], model.basal(p) / 60.0
    quiet = nothing(n)._replace(insulin=rest)

    def lowest(dose: Array, grams: Array, minutes: int) -> Array:
        """Lowest glucose after a dose and a meal at once."""

        def minute(carry: Any, k: Array) -> Any:
            y, low, left = carry
            eats = jnp.minimum(left, EATING)
            u = quiet._replace(carbohydrates=eats, insulin=rest + jnp.where(k == 0, dose, 0.0))
            y = advance(model, y, u, p, 1.0)
            return (y, jnp.minimum(low, model.observe(y, p)["glucose"]), left - eats), None

        return lax.scan(minute, (model.steady(p), p["Gb"], grams), jnp.arange(minutes))[0][1]

    dose = TEST_DOSE * p["BW"]
    correction = (p["Gb"] - lowest(dose, jnp.zeros(n), FASTING_MINUTES)) / dose
    grams = MEAL * p["BW"]

    def halve(_: int, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = jnp.sqrt(low * high)
        safe = lowest(middle, grams, MEAL_MINUTES) > p["Gb"] - DIP
        return jnp.where(safe, middle, low), jnp.where(safe, high, middle)

    low, _ = lax.fori_loop(0, 9, halve, (grams / 100.0, grams / 1.5))
    return 60.0 * rest, correction, grams / low
