"""A slow function's stand-in, which knows how far it may be off and refuses where that is too far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import RefusalError, Source
from vitruvian.learn.emulate.box import Box
from vitruvian.learn.emulate.ensemble import Ensemble
from vitruvian.learn.emulate.gaussian import GaussianProcess
from vitruvian.learn.shapes import Feature, Kept, Manifest, Target


@dataclass(frozen=True)
class Emulated:
    """One output: its value and the bound that the error keeps at the emulator's level."""

    value: float
    bound: float
    unit: str


@dataclass(frozen=True, eq=False)
class Emulator(Kept):
    """A surrogate of a function on a box, checked on points it was not made from.

    `times` (o,) is the conformal quantile at `level` of |error| / standard deviation at the `checked` points: the bound
    at a point is `times` its standard deviation. `typical` (o,) is that quantile of |error| itself, `tolerance` (o,)
    what was asked for.
    """

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest
    outputs: tuple[Feature, ...]
    surrogate: GaussianProcess | Ensemble
    times: Float[np.ndarray, " o"]
    typical: Float[np.ndarray, " o"]
    tolerance: Float[np.ndarray, " o"]
    level: float
    checked: int

    @property
    def box(self) -> Box:
        """Where it may be asked."""
        return Box(self.features)

    @property
    def holds(self) -> bool:
        """Whether the error on the points checked keeps within the tolerance, at the level."""
        return bool((self.typical <= self.tolerance).all())

    def __call__(self, x: Any) -> Float[Array, " o"]:
        """Outputs at one point (d,), without any check: pure, so that jit, vmap and grad work on it."""
        return self.surrogate(self.box.unit(x))[0]

    def ask(self, values: Mapping[str, float]) -> dict[str, Emulated]:
        """Outputs at one point, each with its bound.

        Raises `DataError` outside the box, `RefusalError` where the check failed or the bound there is above the
        tolerance.
        """
        x = self.box.point(values)
        self.require()
        mean, bound = (a[0] for a in self.many(x[None]))
        for output, wide, asked in zip(self.outputs, bound, self.tolerance, strict=True):
            if wide > asked:
                raise RefusalError(
                    f"the emulator is not sure enough of {output.name} here: ±{wide:.3g}, {asked:g} was asked for. "
                    "Ask the function itself, or add points there."
                )
        return {o.name: Emulated(float(m), float(b), o.unit) for o, m, b in zip(self.outputs, mean, bound, strict=True)}

    def require(self) -> Emulator:
        """This emulator; raises `RefusalError` where its error on the points checked is above the tolerance."""
        if not self.holds:
            worst = int(np.argmax(self.typical / self.tolerance))
            raise RefusalError(
                f"the emulator {self.name} may not be used: {self.level:.0%} of errors of {self.outputs[worst].name} "
                f"are within {self.typical[worst]:.3g}, {self.tolerance[worst]:g} was asked for. Give it more points."
            )
        return self

    def many(self, x: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, "n o"], Float[np.ndarray, "n o"]]:
        """Outputs and bounds at many points; a bound outside the box is infinite."""
        mean, sd = at_points(self.surrogate, self.box.unit(np.asarray(x, float)))
        inside = np.all((x >= self.box.low) & (x <= self.box.high), axis=1, keepdims=True)
        return np.asarray(mean), np.where(inside, self.times * np.asarray(sd), np.inf)


@eqx.filter_jit
def at_points(surrogate: Any, u: Any) -> Any:
    """Mean and standard deviation (n, o) at points (n, d) in units of the box."""
    return jax.vmap(surrogate)(jnp.asarray(u))
