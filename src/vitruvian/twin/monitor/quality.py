"""Is a sample to be believed? Each is judged against the range of its signal and the samples before it."""

from __future__ import annotations

import math
from statistics import median
from typing import Literal, NamedTuple

from vitruvian.tables.signals import signals
from vitruvian.twin.monitor.rules import Rule

Quality = Literal["good", "no value", "implausible", "jump", "stuck"]
_BEFORE = 5
_AGREE = 3
_SILENT = 0.25  # of the time that a value may stay: a silence is no staying


class Sieve(NamedTuple):
    """The last good samples, those that jumped away from them, since when the value is the same, and the last time."""

    good: tuple[float, ...] = ()
    away: tuple[float, ...] = ()
    same: float = math.nan
    since: int = 0
    last: int = 0


def sieved(sieve: Sieve, rule: Rule, at: int, value: float) -> tuple[Sieve, Quality]:
    """The sieve after a sample of `at` (ms), and what is thought of the sample.

    A jump is a step away from the good samples before it (Hampel) and from the newest of them, so that a steep fall is
    followed; it is doubted until `_AGREE` samples in a row lie near each other where it went.
    """
    if not math.isfinite(value):
        return sieve, "no value"
    signal = signals()[rule.signal]
    if not signal.low <= value <= signal.high:
        return sieve, "implausible"
    silent = rule.stuck_s is not None and at - sieve.last > 1000 * rule.stuck_s * _SILENT
    if value != sieve.same or silent:
        sieve = sieve._replace(same=value, since=at)
    sieve = sieve._replace(last=at)
    if sieve.good and all(abs(value - one) > rule.jump for one in (median(sieve.good), sieve.good[-1])):
        near = tuple(one for one in sieve.away if abs(one - value) <= rule.jump)
        away = (*near, value)
        if len(away) < _AGREE:
            return sieve._replace(away=away), "jump"
        return sieve._replace(good=away, away=()), "good"
    sieve = sieve._replace(good=(*sieve.good[1 - _BEFORE :], value), away=())
    if rule.stuck_s is not None and at - sieve.since > 1000 * rule.stuck_s:
        return sieve, "stuck"
    return sieve, "good"
