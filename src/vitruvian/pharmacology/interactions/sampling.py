"""Draws of uncertain inputs: one stream of random numbers for each input, so that two comparisons share their luck."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from vitruvian.pharmacology.interactions.equations import Values

_WIDEST_LOGIT_SD = 1.5  # beyond this a share is as good as unknown


@dataclass(frozen=True)
class Sampler:
    """Draws by name from an integer seed; `point()` gives the sampler that returns every input at its stated value."""

    draws: int
    seed: int | None

    @staticmethod
    def point() -> Sampler:
        """One draw without noise."""
        return Sampler(1, None)

    def _normal(self, key: str) -> Values:
        if self.seed is None:
            return np.zeros(self.draws)
        return np.random.default_rng([self.seed, crc32(key.encode())]).standard_normal(self.draws)

    def positive(self, key: str, value: float, cv: float) -> Values:
        """Log-normal with median `value` and coefficient of variation `cv`."""
        return value * np.exp(np.sqrt(np.log1p(cv * cv)) * self._normal(key))

    def share(self, key: str, value: float, sd: float) -> Values:
        """Logit-normal with median `value` (0 to 1) and about the SD given; 0 and 1 stay as they are."""
        if not 0.0 < value < 1.0:
            return np.full(self.draws, value)
        spread = min(sd / (value * (1.0 - value)), _WIDEST_LOGIT_SD)
        return 1.0 / (1.0 + (1.0 - value) / value * np.exp(-spread * self._normal(key)))
