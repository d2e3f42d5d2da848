"""Windows as networks take them: scaled as in training, time first, float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from vitruvian.core import DataError
from vitruvian.learn.sequence.windows import Windows

FAR = 6.0
"""Scaled values are drawn in beyond this: z → FAR · tanh(z / FAR)."""


class Batch(NamedTuple):
    """What a network takes; all float32.

    `values` are 0 where nothing was measured, `seen` is 1 where something was; `gaps` is the logarithm of 1 + steps
    since a channel was measured, `times` that of 1 + steps before the moment of asking, `there` 0 for empty steps.
    """

    values: Float[Array, "steps rows channels"]
    seen: Float[Array, "steps rows channels"]
    gaps: Float[Array, "steps rows channels"]
    times: Float[Array, "steps rows"]
    there: Float[Array, "steps rows"]
    fixed: Float[Array, "rows fixed"]


def rows_of(batch: Batch, rows: Int[np.ndarray, " some"]) -> Batch:
    """Some of the rows."""
    return Batch(
        batch.values[:, rows], batch.seen[:, rows], batch.gaps[:, rows], batch.times[:, rows], batch.there[:, rows],
        batch.fixed[rows],
    )  # fmt: skip


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations of the people trained on; `step` is the usual time between steps.

    Of fixed features the missing value is the mean, and whether it was there is one more number.
    """

    mean: Float[np.ndarray, " channels"]
    sd: Float[np.ndarray, " channels"]
    fixed_mean: Float[np.ndarray, " fixed"]
    fixed_sd: Float[np.ndarray, " fixed"]
    step: float

    @classmethod
    def of(cls, windows: Windows) -> Scaling:
        """Raises DataError where a channel or fixed feature was never measured."""
        flat = windows.values.reshape(-1, len(windows.channels))
        mean, sd = _moments(flat, tuple(one.name for one in windows.channels))
        fixed = _moments(windows.fixed.values, tuple(one.name for one in windows.fixed.features))
        between = np.diff(windows.times, axis=1)
        between = between[between > 0]
        return cls(mean, sd, *fixed, float(np.median(between)) if len(between) else 1.0)

    def checked(self, windows: Windows) -> None:
        """Raises DataError for another number of channels or fixed features."""
        got, own = (len(windows.channels), len(windows.fixed.features)), (len(self.mean), len(self.fixed_mean))
        if got != own:
            raise DataError("channels and fixed features are not those of the model", got=got, allowed=own)

    @property
    def numbers(self) -> tuple[Array, ...]:
        """The same as float32."""
        given = (self.mean, self.sd, self.fixed_mean, self.fixed_sd, np.asarray(self.step))
        return tuple(jnp.asarray(np.asarray(one, np.float32)) for one in given)

    def batch(self, windows: Windows) -> Batch:
        """All rows as a network takes them. Raises DataError as `checked` does."""
        self.checked(windows)
        given = (windows.values, windows.times, windows.fixed.values)
        found: Batch = jax.tree.map(np.asarray, _prepared(self.numbers, *(one.astype(np.float32) for one in given)))
        return found


def prepared(
    numbers: tuple[Array, ...],
    values: Float[Array, "rows steps channels"],
    times: Float[Array, "rows steps"],
    fixed: Float[Array, "rows fixed"],
) -> Batch:
    """What a network takes, from the arrays of windows and the numbers of a scaling; float32."""
    mean, sd, fixed_mean, fixed_sd, per_step = numbers
    values, times = values.swapaxes(0, 1), times.swapaxes(0, 1)
    seen, there = ~jnp.isnan(values), ~jnp.isnan(times)
    before = jnp.where(there, -times, 0.0)
    passed = jnp.where(there[1:] & there[:-1], before[:-1] - before[1:], 0.0) / per_step
    known = ~jnp.isnan(fixed)
    return Batch(
        jnp.where(seen, _scaled(values, mean, sd), 0.0),
        seen.astype(jnp.float32),
        jnp.log1p(_gaps(seen, passed)),
        jnp.log1p(before / per_step),
        there.astype(jnp.float32),
        jnp.concatenate([jnp.where(known, _scaled(fixed, fixed_mean, fixed_sd), 0.0), known], axis=1),
    )


_prepared = jax.jit(prepared)


def _scaled(values: Array, mean: Array, sd: Array) -> Array:
    return FAR * jnp.tanh((values - mean) / (sd * FAR))


def _gaps(seen: Array, passed: Array) -> Float[Array, "steps rows channels"]:
    """Steps since a channel was measured before a step; since the series began where it never was."""

    def step(gap: Array, one: tuple[Array, Array]) -> tuple[Array, Array]:
        gap = jnp.where(one[0], 0.0, gap) + one[1][:, None]
        return gap, gap

    first = jnp.zeros(seen.shape[1:], jnp.float32)
    rest = jax.lax.scan(step, first, (seen[:-1], passed))[1]
    return jnp.concatenate([first[None], rest])


def _moments(values: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(values)
    never = [name for name, one in zip(names, known.any(axis=0), strict=True) if not one]
    if never:
        raise DataError("a channel was never measured", got=", ".join(never), allowed=f"values in {len(values)} rows",
                        todo="Leave the channel out.")  # fmt: skip
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    sd = np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(sd > 1e-9 * (1 + np.abs(mean)), sd, 1.0)
