"""Secret coins: the keystream of AES-256 in counter mode, from the system's entropy, or from a seed for tests.

Noise that protects people must not be guessable. Where it comes from a seed, whoever knows the seed takes it off again:
what was made with it is marked `seeded`, and a ledger does not take it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import InputError

_BLOCK = 4096


@dataclass(frozen=True)
class Randomness:
    """Where coins come from: the system's entropy, new for every use, or (`seeded`) a seed, which protects nobody."""

    seed_key: bytes | None = field(default=None, repr=False)

    @classmethod
    def secret(cls) -> Randomness:
        """From the entropy of the system: for whatever is to be released. No two uses share noise."""
        return cls()

    @classmethod
    def of_seed(cls, seed: int) -> Randomness:
        """The same each time: for tests and comparisons, never for a release. Raises `InputError` below 0."""
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InputError("a seed must be a whole number", got=repr(seed), allowed="an int ≥ 0")
        return cls(sha256(f"private noise {seed}".encode()).digest())

    @property
    def seeded(self) -> bool:
        """Whether the noise can be made again, and so be taken off."""
        return self.seed_key is not None

    def coins(self, use: str) -> Coins:
        """A stream for one use: of a seed always the same for the same name, else never the same."""
        return Coins(self.seed_key or secrets.token_bytes(32), use)


class Coins:
    """A stream of secret random bits; each draw moves it."""

    def __init__(self, key: bytes, use: str) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        nonce = sha256(use.encode()).digest()[:16]
        self._stream = Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor()
        self._left = b""

    def _bytes(self, count: int) -> bytes:
        """Many bytes at once."""
        return self._stream.update(bytes(count))

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1, each exactly as likely as the others."""
        bits = (bound - 1).bit_length()
        size = (bits + 7) // 8
        while True:
            if len(self._left) < size:
                self._left = self._bytes(max(_BLOCK, size))
            drawn, self._left = int.from_bytes(self._left[:size], "big") >> (8 * size - bits), self._left[size:]
            if drawn < bound:
                return drawn

    def words(self, shape: Sequence[int]) -> np.ndarray:
        """Whole numbers below 2^53, exactly uniform."""
        count = int(np.prod(shape, dtype=np.int64))
        return (np.frombuffer(self._bytes(8 * count), np.uint64) >> np.uint64(11)).reshape(tuple(shape))

    def chosen(self, people: int, rate: float) -> Bool[np.ndarray, " people"]:
        """A coin for each person: Poisson sampling at `rate` (to 2^-53)."""
        return self.words((people,)) < np.uint64(round(rate * 2.0**53))

    def normal(self, *shape: int) -> Float[np.ndarray, ...]:
        """Standard normal numbers, the inverse of the distribution function at 53 random bits."""
        from scipy.special import ndtri

        return np.asarray(ndtri((self.words(shape).astype(np.float64) + 0.5) * 2.0**-53))
