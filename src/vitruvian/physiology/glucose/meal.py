"""A meal on its way: the stomach and gut of Dalla Man 2006, which several models of glucose share."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from vitruvian.core import Source
from vitruvian.model import Driven, Parameter, Values, blended, moved, runge_kutta
from vitruvian.physiology.glucose.inputs import Inputs

MEAL = Source(
    "Dalla Man C, Camilleri M, Cobelli C. A system model of oral glucose absorption. "
    "IEEE Trans Biomed Eng 2006;53:2472",
    doi="10.1109/TBME.2006.883792",
    status="two transcriptions agree",
)
MEAL_PARAMETERS = (
    Parameter("kabs", 0.057, "1/min", "absorption from the gut", 0.0, source=MEAL),
    Parameter("kmax", 0.0558, "1/min", "fastest emptying of the stomach, and grinding", 0.0, source=MEAL),
    Parameter("kmin", 0.008, "1/min", "slowest emptying of the stomach", 0.0, source=MEAL),
    Parameter("b", 0.82, "1", "share of the meal at which emptying slows", 0.0, 1.0, source=MEAL),
    Parameter("d", 0.01, "1", "share of the meal at which emptying quickens", 0.0, 1.0, source=MEAL),
    Parameter("f", 0.9, "1", "share of carbohydrates that appears in plasma", 0.0, 1.0, source=MEAL),
)
_QUARTERS = 4


class Gut(NamedTuple):
    """mg of glucose, by where it is."""

    Qsto1: Any  # solid, stomach
    Qsto2: Any  # liquid, stomach
    Qgut: Any


def noted(y: Any, u: Inputs) -> Any:
    """The stomach notes what it holds when a meal begins, and what is eaten of it."""
    eats = u.carbohydrates > 0
    starts = eats & (y.eating == 0)
    return y._replace(
        meal=jnp.where(starts, y.Qsto1 + y.Qsto2, y.meal) + 1000.0 * u.carbohydrates,
        eating=jnp.where(eats, 1.0, jnp.zeros_like(y.eating)),
    )


def gut_slope(gut: Gut, meal: Any, u: Inputs, p: Values) -> Gut:
    """mg/min, where `meal` mg were in the stomach or eaten since it began.

    Qsto1' = −kmax·Qsto1 + D; Qsto2' = kmax·Qsto1 − kgut·Qsto2; Qgut' = kgut·Qsto2 − kabs·Qgut. With q = Qsto1 + Qsto2:
    kgut = kmin + (kmax − kmin)/2·(tanh(5(q − b·meal)/(2·meal(1 − b))) − tanh(5(q − d·meal)/(2·meal·d)) + 2);
    `absorption` multiplies all rates.
    """
    ground = p["kmax"] * u.absorption * gut.Qsto1
    emptied = _emptying(gut, meal, p) * u.absorption * gut.Qsto2
    absorbed = p["kabs"] * u.absorption * gut.Qgut
    return Gut(1000.0 * u.carbohydrates - ground, ground - emptied, emptied - absorbed)


def appears(y: Any, u: Inputs, p: Values) -> Any:
    """Glucose from meals in plasma, mg/kg/min."""
    return p["f"] * p["kabs"] * u.absorption * y.Qgut / p["BW"]


def onward_with_meal(model: Driven, y: Any, u: Inputs, p: Values, h: float) -> Any:
    """One step of Runge–Kutta of order 4 in which stomach and gut go ahead in quarters.

    Emptying of the stomach turns so sharply that a minute misses it (up to 0.2 mg/dL); all else follows it smoothly.
    """

    def quarter(_: Any, gut: Gut) -> Gut:
        return runge_kutta(lambda gut: gut_slope(gut, y.meal, u, p), gut, h / _QUARTERS)

    first = Gut(y.Qsto1, y.Qsto2, y.Qgut)
    middle = lax.fori_loop(0, _QUARTERS // 2, quarter, first)
    last = lax.fori_loop(0, _QUARTERS // 2, quarter, middle)
    k1 = model.slope(y, u, p)
    k2 = model.slope(_with(moved(y, h / 2, k1), middle), u, p)
    k3 = model.slope(_with(moved(y, h / 2, k2), middle), u, p)
    k4 = model.slope(_with(moved(y, h, k3), last), u, p)
    return _with(blended(y, h, k1, k2, k3, k4), last)


def _with(y: Any, gut: Gut) -> Any:
    return y._replace(**gut._asdict())


def _emptying(gut: Gut, meal: Any, p: Values) -> Any:
    """1/min."""
    known = jnp.where(meal > 0, meal, 1.0)
    full = (gut.Qsto1 + gut.Qsto2) / known
    slows = jnp.tanh(2.5 * (full - p["b"]) / (1 - p["b"]))
    quickens = jnp.tanh(2.5 * (full - p["d"]) / p["d"])
    return jnp.where(meal > 0, p["kmin"] + (p["kmax"] - p["kmin"]) / 2 * (slows - quickens + 2), p["kmax"])
