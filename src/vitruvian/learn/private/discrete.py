"""Noise on whole numbers, exactly: discrete Laplace and discrete Gaussian, and choosing by permute and flip.

No floating-point number is drawn or added, so nothing leaks through its last bits (Mironov 2012). Samplers: Canonne,
Kamath and Steinke 2020 (arXiv:2004.00010), algorithms 1 to 3; McKenna and Sheldon 2020 (arXiv:2010.12603).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from vitruvian.learn.private.randomness import Coins


def exp_coin(exponent: Fraction, coins: Coins) -> bool:
    """True with probability exp(-exponent), exponent ≥ 0."""
    while exponent > 1:
        if not _exp_coin_to_one(Fraction(1), coins):
            return False
        exponent -= 1
    return _exp_coin_to_one(exponent, coins)


def _exp_coin_to_one(exponent: Fraction, coins: Coins) -> bool:
    count = 1
    while coins.below(exponent.denominator * count) < exponent.numerator:
        count += 1
    return count % 2 == 1


def discrete_laplace(scale: Fraction, coins: Coins) -> int:
    """A whole number k with probability in proportion to exp(-|k| / scale)."""
    t, s = scale.numerator, scale.denominator
    while True:
        u = coins.below(t)
        if not _exp_coin_to_one(Fraction(u, t), coins):
            continue
        v = 0
        while _exp_coin_to_one(Fraction(1), coins):
            v += 1
        size, negative = (u + t * v) // s, coins.below(2)
        if not (negative and size == 0):
            return -size if negative else size


def discrete_gaussian(sigma: Fraction, coins: Coins) -> int:
    """A whole number k with probability in proportion to exp(-k² / (2 sigma²))."""
    square, t = sigma * sigma, math.floor(sigma) + 1
    while True:
        drawn = discrete_laplace(Fraction(t), coins)
        if exp_coin((abs(drawn) - square / t) ** 2 / (2 * square), coins):
            return drawn


def permute_and_flip(losses: Sequence[int], scale: Fraction, coins: Coins) -> int:
    """An index that is likely to have a small loss: tried in random order, taken with exp(-(loss - least) / scale).

    It costs epsilon = 2 · (what one person changes in a loss) / scale, never more than the exponential mechanism.
    """
    waiting, least = list(range(len(losses))), min(losses)
    while True:
        at = coins.below(len(waiting))
        index = waiting[at]
        if exp_coin(Fraction(losses[index] - least) / scale, coins):
            return index
        waiting[at] = waiting[-1]
        waiting.pop()
