"""Demand of the muscle behind a tree: flow at rest, its split over the ends, how far the small vessels can widen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.physiology.circulation.coronary.tree import CoronaryTree

SPLIT = 2.27
"""Flows of branches go as their diameters to this power: van der Giessen 2011, doi 10.1016/j.jbiomech.2011.01.036."""
WIDENED = 0.24
"""Resistance of the small vessels under adenosine over that at rest: Wilson 1990, doi 10.1161/01.CIR.82.5.1595."""


@dataclass(frozen=True)
class Uncertainty:
    """What the bands carry: ranges and SDs of what is not measured in a catheter laboratory."""

    exponent: tuple[float, float] = (2.0, 3.0)
    """Of the split, uniform: from constant velocity to Murray's law."""
    split: float = 0.15
    """SD of the logarithm of each end's flow about the law."""
    rest_flow: float = 0.25
    """SD of the logarithm of the flow at rest."""
    widened: float = 0.15
    """SD of the logarithm of `WIDENED`."""
    pressure: float = 0.05
    """Relative SD of the aortic pressure."""

    def __post_init__(self) -> None:
        low, high = self.exponent
        if not 1.0 <= low <= high <= 4.0:
            raise DataError("exponent of the flow split", got=self.exponent, allowed="1 to 4, low first")
        for name in ("split", "rest_flow", "widened", "pressure"):
            if not 0.0 <= getattr(self, name) <= 0.6:
                raise DataError(f"uncertainty of {name}", got=getattr(self, name), allowed="0 to 0.6")


@dataclass(frozen=True)
class Demand:
    """Of each draw, the first being the middle: aortic pressure mmHg, flow at rest mL/s, each end's part, widening."""

    pressure: Float[np.ndarray, " draws"]
    rest_flow: Float[np.ndarray, " draws"]
    share: Float[np.ndarray, "draws outlets"]
    widened: Float[np.ndarray, " draws"]


def usual_flow(diameter: float) -> float:
    """mL/s at rest into a coronary artery of this diameter (mm): 1.43 D^2.55 in SI, van der Giessen 2011."""
    return float(1.43 * (diameter * 1e-3) ** 2.55 * 1e6)


def demands(
    tree: CoronaryTree, pressure: float, rest_flow: float, uncertainty: Uncertainty, draws: int, seed: int
) -> Demand:
    """The middle and `draws` draws."""
    rng = np.random.default_rng(seed)
    diameters = np.array([tree.segments[k].diameter for k in tree.outlets])
    exponent = np.concatenate([[SPLIT], rng.uniform(*uncertainty.exponent, draws)])

    def spread(sd: float, *shape: int) -> Float[np.ndarray, ...]:
        noise = rng.standard_normal((draws, *shape))
        return np.exp(sd * np.concatenate([np.zeros((1, *shape)), noise]))

    parts = diameters ** exponent[:, None] * spread(uncertainty.split, len(diameters))
    return Demand(
        pressure * spread(uncertainty.pressure),
        rest_flow * spread(uncertainty.rest_flow),
        parts / parts.sum(axis=1, keepdims=True),
        np.minimum(WIDENED * spread(uncertainty.widened), 1.0),
    )
