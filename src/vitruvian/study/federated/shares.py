"""Shamir's secret sharing: any `threshold` of the shares give the secret back, fewer say nothing about it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from vitruvian.core import InputError

PRIME = 2**521 - 1
"""The 13th Mersenne prime: above any secret of 64 bytes."""
SHARE_BYTES = 66


def split(secret: bytes, threshold: int, holders: int) -> tuple[bytes, ...]:
    """Shares of a secret for holders 1, 2, …: values at those points of a random polynomial of degree threshold - 1.

    Source: A. Shamir, How to share a secret, Commun. ACM 22 (1979) 612, doi:10.1145/359168.359176.
    """
    if not 1 <= threshold <= holders or not 0 < len(secret) <= 64:
        raise InputError(
            "shares of a secret",
            got=f"{threshold} of {holders}, {len(secret)} bytes",
            allowed="1 ≤ threshold ≤ holders",
        )
    coefficients = [int.from_bytes(secret, "big"), *(secrets.randbelow(PRIME) for _ in range(threshold - 1))]
    return tuple(_value(coefficients, at).to_bytes(SHARE_BYTES, "big") for at in range(1, holders + 1))


def join(shares: Mapping[int, bytes], threshold: int, length: int) -> bytes:
    """The secret of `length` bytes from the shares of holders 1, 2, …; raises InputError where they are too few."""
    if len(shares) < threshold:
        raise InputError("shares of a secret", got=len(shares), allowed=f"{threshold} or more")
    chosen = dict(sorted(shares.items())[:threshold])
    total = 0
    for at, share in chosen.items():
        above = below = 1
        for other in chosen:
            if other != at:
                above = above * -other % PRIME
                below = below * (at - other) % PRIME
        total += int.from_bytes(share, "big") * above * pow(below, -1, PRIME)
    found = total % PRIME
    if found >= 1 << (8 * length):
        raise InputError("shares of a secret", got="shares that do not belong together")
    return found.to_bytes(length, "big")


def _value(coefficients: list[int], at: int) -> int:
    value = 0
    for one in reversed(coefficients):
        value = (value * at + one) % PRIME
    return value
