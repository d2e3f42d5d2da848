"""Integrated gradients: how much each measurement moved the margin, adding up to the whole of it.

Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. ICML 2017. The path goes from the same window
with every measured value at the mean of the people trained on; what was measured when stays as it is, so what the
pattern of measuring tells is in the base. That they add up (completeness) is checked, and the path cut finer until so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import SolveError
from vitruvian.learn.sequence.batch import Batch, rows_of

PANELS = (1, 2, 4, 8, 16, 32)
"""Pieces of the path, `NODES` places in each."""
NODES = 8
TOLERANCE = 2e-3
"""Of log-odds, and of their change along the path where that is larger than 1."""
ROWS = 64


@dataclass(frozen=True)
class Attributions:
    """`base` + all `values` + all `fixed` of a row are its margin, up to `error`, which is checked and shared out."""

    values: Float[np.ndarray, "rows steps channels"]
    fixed: Float[np.ndarray, "rows fixed"]
    base: Float[np.ndarray, " rows"]
    margin: Float[np.ndarray, " rows"]
    error: Float[np.ndarray, " rows"]
    panels: int


def attributions(net: Any, batch: Batch) -> Attributions:
    """Of every row. Raises SolveError where the sum misses the margin by more than the tolerance at the finest path."""
    rows = batch.values.shape[1]
    found = [_chunk(net, batch, np.arange(k, min(k + ROWS, rows))) for k in range(0, rows, ROWS)]
    joined = {name: np.concatenate([getattr(one, name) for one in found]) for name in _ARRAYS}
    return Attributions(**joined, panels=max(one.panels for one in found))


_ARRAYS = ("values", "fixed", "base", "margin", "error")


def _chunk(net: Any, batch: Batch, rows: np.ndarray) -> Attributions:
    padded = np.resize(rows, ROWS)
    some = rows_of(batch, padded)
    features = some.fixed.shape[1] // 2
    for panels in PANELS:
        parts = [[np.asarray(x, float) for x in _integral(net, some, *piece)] for piece in path(panels)]
        base, margin = parts[0][:2]
        values, fixed = (np.sum([one[k] for one in parts], axis=0) for k in (2, 3))
        values, fixed = values.swapaxes(0, 1), fixed[:, :features]
        error = margin - base - values.sum(axis=(1, 2)) - fixed.sum(axis=1)
        if (np.abs(error) <= TOLERANCE * np.maximum(1, np.abs(margin - base))).all():
            n = len(rows)
            return Attributions(values[:n], fixed[:n], base[:n], margin[:n], error[:n], panels)
    raise SolveError("attributions do not add up to the margin", got=f"{np.abs(error).max():.2g}", allowed=TOLERANCE)


def path(panels: int) -> list[tuple[Array, Array]]:
    """Places and weights of Gauss and Legendre on each of so many equal pieces of 0 to 1."""
    places, weights = np.polynomial.legendre.leggauss(NODES)
    ends = np.arange(panels)[:, None] / panels
    at = ends + (places + 1) / 2 / panels
    return [(jnp.asarray(one.astype(np.float32)), jnp.asarray((weights / 2 / panels).astype(np.float32))) for one in at]


@eqx.filter_jit
def _integral(net: Any, batch: Batch, places: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    features = batch.fixed.shape[1] // 2
    known = batch.fixed[:, features:]

    def at(share: Array) -> Batch:
        fixed = jnp.concatenate([share * batch.fixed[:, :features], known], axis=1)
        return batch._replace(values=share * batch.values, fixed=fixed)

    def total(values: Array, fixed: Array) -> Array:
        return net(batch._replace(values=values, fixed=fixed)).sum()

    def node(carry: tuple[Array, Array], one: tuple[Array, Array]) -> tuple[tuple[Array, Array], None]:
        place = at(one[0])
        slopes = jax.grad(total, argnums=(0, 1))(place.values, place.fixed)
        return (carry[0] + one[1] * slopes[0], carry[1] + one[1] * slopes[1]), None

    zero = jnp.zeros_like(batch.values), jnp.zeros_like(batch.fixed)
    slopes, _ = jax.lax.scan(node, zero, (places, weights))
    return net(at(jnp.float32(0))), net(batch), slopes[0] * batch.values, slopes[1] * batch.fixed * _values_only(batch)


def _values_only(batch: Batch) -> Array:
    features = batch.fixed.shape[1] // 2
    return jnp.concatenate([jnp.ones(features, jnp.float32), jnp.zeros(features, jnp.float32)])
