"""The box of parameters on which a function is emulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.learn.shapes import Feature


class Box(eqx.Module):
    """Parameters with lower and upper bounds; each may lie anywhere between, whatever the others are."""

    parameters: tuple[Feature, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        for one in self.parameters:
            if one.kind != "number" or one.low is None or one.high is None:
                raise InputError(f"parameter {one.name} of an emulator needs both bounds", got=f"{one.low}, {one.high}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(one.name for one in self.parameters)

    @property
    def low(self) -> Float[np.ndarray, " d"]:
        """Lower bounds."""
        return np.array([one.low for one in self.parameters], float)

    @property
    def high(self) -> Float[np.ndarray, " d"]:
        """Upper bounds."""
        return np.array([one.high for one in self.parameters], float)

    def unit(self, x: Any) -> Any:
        """Points (…, d) in units of the box, 0 to 1."""
        return (x - self.low) / (self.high - self.low)

    def sobol(self, count: int, seed: int) -> Float[np.ndarray, "n d"]:
        """The first `count` points of a scrambled Sobol sequence (Owen 1995) in the box."""
        from scipy.stats.qmc import Sobol

        drawn = Sobol(len(self.parameters), rng=np.random.default_rng(seed))
        power = max(count - 1, 0).bit_length()
        return np.asarray(self.low + drawn.random_base2(power)[:count] * (self.high - self.low))

    def point(self, values: Mapping[str, float]) -> Float[np.ndarray, " d"]:
        """Values by name as a point. Raises `DataError` for a name missing or unknown, or a value outside the box."""
        if set(values) != set(self.names):
            raise DataError("an emulator takes all its parameters", got=sorted(values), allowed=", ".join(self.names))
        for one in self.parameters:
            assert one.low is not None
            assert one.high is not None
            if not one.low <= values[one.name] <= one.high:
                allowed = f"{one.low:g} to {one.high:g} {one.unit}".strip()
                todo = "Ask the function itself."
                raise DataError(
                    f"{one.name} is outside the box emulated", got=values[one.name], allowed=allowed, todo=todo
                )
        return np.array([float(values[name]) for name in self.names])
