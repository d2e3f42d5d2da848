"""Numbers as integers of a finite ring, so that masked numbers can be added exactly: fixed point modulo 2^64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt64

from vitruvian.core import DataError, InputError

BITS = 64


@dataclass(frozen=True)
class Ring:
    """Fixed point with `fraction_bits` after the point, for sums of up to `terms` vectors.

    A sum is right when every number of every term lies within ±`limit`; the error of a sum is at most
    `terms` × half of `step`. Raises InputError where no number would fit.
    """

    terms: int
    fraction_bits: int = 24

    def __post_init__(self) -> None:
        if self.terms < 1 or not 0 <= self.fraction_bits <= 48 or self.limit < 1:
            raise InputError(
                "a ring of fixed-point numbers",
                got=f"{self.terms} terms, {self.fraction_bits} bits after the point",
                allowed="1 or more terms, 0 to 48 bits, and a limit of 1 or more",
            )

    @property
    def step(self) -> float:
        """The smallest difference that is kept."""
        return 2.0**-self.fraction_bits

    @property
    def limit(self) -> float:
        """The largest magnitude of one number of one term: all terms together stay below half of the ring."""
        return (2.0 ** (BITS - 1 - self.fraction_bits) - 1.0) / self.terms - self.step

    def encode(self, values: Float[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
        """Round to whole steps, negative numbers in the upper half.

        Raises DataError, and encodes nothing, for a number that is not finite or beyond the limit: clipping it in
        silence would make the sum wrong for everybody.
        """
        bad = ~np.isfinite(values) | (np.abs(values) > self.limit)
        if bad.any():
            raise DataError(
                f"{int(bad.sum())} of {len(values)} numbers do not fit into the secure sum",
                got=f"{values[bad][0]:.6g} first",
                allowed=f"finite, from -{self.limit:.6g} to {self.limit:.6g}",
                todo="lower the learning rate, or take fewer bits after the point.",
            )
        return np.rint(values * 2.0**self.fraction_bits).astype(np.int64).view(np.uint64)

    def decode(self, total: UInt64[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The numbers of a sum."""
        return total.view(np.int64).astype(np.float64) * self.step
