"""A forest and an additive model averaged on the margin, so that contributions add up exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import InputError
from vitruvian.learn.shapes import Rows
from vitruvian.learn.table.additive import Additive, additive_of, fit_additive
from vitruvian.learn.table.encoding import Encoding, encoding_of, fit_encoding
from vitruvian.learn.table.forest import Forest, forest_of, joined
from vitruvian.learn.table.growing import Growth, grow


@dataclass(frozen=True)
class Mix:
    """What a blend is made of: `forests` forests of different seeds, and a `share` of an additive model."""

    growth: Growth = field(default_factory=Growth)
    forests: int = 1
    share: float = 0.25
    ridge: float = 1000.0
    most: int = 150
    """Columns of the additive model at most."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0 or self.forests < 1:
            raise InputError("a blend", got=f"share {self.share}, {self.forests} forests", allowed="share 0 to 1")


@dataclass(frozen=True)
class Blend:
    """(1 − share) · forest + share · additive, in log-odds, of encoded features."""

    encoding: Encoding
    forest: Forest
    additive: Additive
    share: float

    def margin(self, values: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
        """Log-odds of each row, not calibrated."""
        told = self.encoding(values)
        return (1.0 - self.share) * self.forest.margin(told) + self.share * self.additive.margin(told)

    def contributions(
        self, values: Float[np.ndarray, "rows features"]
    ) -> tuple[float, Float[np.ndarray, "rows features"]]:
        """(margin of nobody in particular, how much each feature moved each row's); sums to the margin."""
        told = self.encoding(values)
        base, moved = self.forest.contributions(told)
        other, added = self.additive.contributions(told)
        moved *= 1.0 - self.share
        moved += self.share * added
        return (1.0 - self.share) * base + self.share * other, self.encoding.folded(moved)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name; `blend_of` reads them."""
        parts = {of: getattr(self, of).to_arrays() for of in ("encoding", "forest", "additive")}
        told = {f"{of}_{name}": array for of, arrays in parts.items() for name, array in arrays.items()}
        return {**told, "share": np.array(self.share)}


def blend_of(arrays: Mapping[str, np.ndarray]) -> Blend:
    """The blend that `to_arrays` told of."""

    def part(of: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(f"{of}_"): a for name, a in arrays.items() if name.startswith(f"{of}_")}

    return Blend(
        encoding_of(part("encoding")), forest_of(part("forest")), additive_of(part("additive")), float(arrays["share"])
    )


def fit_blend(
    mix: Mix, rows: Rows, label: Bool[np.ndarray, " rows"], *, seed: int, group: Sequence[str] | None = None,
    weight: Float[np.ndarray, " rows"] | None = None,
) -> Blend:  # fmt: skip
    """Fit encoding, forests and additive model to rows; the same for the same seed. `group` says whose a row is."""
    encoding, told = fit_encoding(rows, label, group, seed)
    forest = joined(tuple(grow(mix.growth, told, label, seed * 1000 + k, weight) for k in range(mix.forests)))
    additive = fit_additive(told, label, mix.ridge, mix.most if mix.share else 0, weight)
    return Blend(encoding, forest, additive, mix.share)
