"""Random streams that belong to a person and a purpose, not to a place in a batch."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np


def generators(ids: Sequence[str], seed: int, purpose: str) -> Iterator[np.random.Generator]:
    """One generator per person from `seed`, the person's id and `purpose`: who else is in the batch changes nothing."""
    word = zlib.crc32(purpose.encode())
    for name in ids:
        yield np.random.default_rng([seed, word, zlib.crc32(name.encode())])
