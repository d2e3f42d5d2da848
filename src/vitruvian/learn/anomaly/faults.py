"""Faults put into a clean signal, so that it is known what should be found: hours rise, values are of one signal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

Series = tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]
Fault = Callable[[Series, float, float], Series]
"""(signal, the hour at which it begins, the SD of the person's own signal) → the signal with the fault."""


def spike(series: Series, begin: float, sd: float, *, size: float = 8.0) -> Series:
    """One sample far away."""
    at, value = series
    i = min(int(np.searchsorted(at, begin)), len(at) - 1)
    return at, np.where(np.arange(len(at)) == i, value + size * sd, value)


def stuck(series: Series, begin: float, sd: float, *, hours: float = 12.0) -> Series:
    """The same value again and again."""
    at, value = series
    here = (at >= begin) & (at < begin + hours)
    return at, np.where(here, value[int(np.argmax(here))], value)


def drifting(series: Series, begin: float, sd: float, *, per_hour: float = 0.4) -> Series:
    """A sensor that reads more and more."""
    at, value = series
    return at, value + per_hour * sd * np.maximum(at - begin, 0.0)


def stepped(series: Series, begin: float, sd: float, *, size: float = 3.0) -> Series:
    """Another level from then on."""
    at, value = series
    return at, value + size * sd * (at >= begin)


def silent(series: Series, begin: float, sd: float, *, hours: float = 8.0) -> Series:
    """No samples."""
    at, value = series
    keep = (at < begin) | (at >= begin + hours)
    return at[keep], value[keep]


def rescaled(series: Series, begin: float, sd: float, *, factor: float = 1.0 / 18.016) -> Series:
    """The unit has been switched (mg/dL of glucose told as mmol/L)."""
    at, value = series
    return at, np.where(at >= begin, factor * value, value)


FAULTS: Mapping[str, Fault] = MappingProxyType({
    "spike": spike, "stuck": stuck, "drift": drifting, "step": stepped, "gap": silent, "unit switch": rescaled,
    "small spike": partial(spike, size=4.0), "slow drift": partial(drifting, per_hour=0.1),
})  # fmt: skip
"""Faults by name."""
