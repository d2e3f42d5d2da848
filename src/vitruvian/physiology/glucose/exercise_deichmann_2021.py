"""Activity of Deichmann 2021 on the minimal model: uptake at once, and sensitivity that stays raised for hours."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.model import Parameter, Values
from vitruvian.physiology.glucose import minimal
from vitruvian.physiology.glucose.inputs import Inputs
from vitruvian.physiology.glucose.minimal import ADULTS


class State(NamedTuple):
    """The compartments of `minimal.State`, and activity."""

    D1: Any
    D2: Any
    x1: Any
    x2: Any
    I: Any  # noqa: E741
    X: Any
    G: Any
    IG: Any
    Y: Any  # smoothed heart rate above rest, 1/min
    Z: Any  # 1 during activity, fading afterwards
    beats: Any  # above rest since activity began
    moving: Any  # 1 during activity


class Deichmann2021(minimal.Minimal):
    """The minimal model with −(beta·Y + alpha_e·beats·Z·(X + Ib·p3/p2))·G in G'.

    Y' = (HR − Y)/tau_HR; Z' = f·(1 − Z) − Z/tau; f = 1/(1 + (a·HRb/Y)^n); beats' = HR, all with HR above rest. Where
    activity begins anew, `beats` starts from what is left of the effect (beats·Z), so that a pause changes nothing.
    """

    name = "deichmann_2021"
    title = "Minimal model with activity, 2021"
    source = ADULTS
    parameters = (
        *minimal.Minimal.parameters,
        Parameter("HRb", 80.0, "1/min", "heart rate at rest", 30.0, 120.0),
        Parameter("beta", 3.39e-4, "1", "uptake per beat", 0.0),
        Parameter("alpha_e", 2.59e-4, "1", "gain of insulin action per beat", 0.0),
        Parameter("tau_HR", 5.0, "min", "onset of activity", 0.1),
        Parameter("tau", 600.0, "min", "end of its after-effect", 1.0),
        Parameter("a", 0.1, "1", "share of HRb at which activity counts", 0.0),
        Parameter("n", 4.0, "1", "steepness of that", 0.0),
    )

    def steady(self, p: Values) -> Any:
        """As in the minimal model, at rest."""
        still = super().steady(p)._asdict()
        none = jnp.zeros_like(still["G"])
        return State(**still, Y=none, Z=none, beats=none, moving=none)

    def begin(self, y: Any, u: Inputs) -> Any:
        """Activity that begins takes over what is left of the last one."""
        moving = u.heart_rate > 0
        return y._replace(
            beats=jnp.where(moving & (y.moving == 0), y.beats * y.Z, y.beats),
            moving=jnp.where(moving, 1.0, jnp.zeros_like(y.moving)),
        )

    def slope(self, y: Any, u: Inputs, p: Values) -> Any:
        """Per minute."""
        own = minimal.rates(y, u, p)
        counts = jnp.maximum(y.Y, 0.0) ** p["n"]
        f = counts / (counts + (p["a"] * p["HRb"]) ** p["n"])
        more = p["alpha_e"] * y.beats * y.Z * (y.X + p["Ib"] * p["p3"] / p["p2"])
        return State(
            **(own | {"G": own["G"] - (p["beta"] * y.Y + more) * y.G}),
            Y=(u.heart_rate - y.Y) / p["tau_HR"],
            Z=f * (1.0 - y.Z) - y.Z / p["tau"],
            beats=jnp.maximum(u.heart_rate, 0.0) + jnp.zeros_like(y.beats),
            moving=jnp.zeros_like(y.moving),
        )


DEICHMANN_2021 = Deichmann2021()
