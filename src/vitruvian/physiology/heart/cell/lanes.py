"""Cells side by side: on a CPU in groups that fit its caches and share few compiled programs, elsewhere all at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

_WIDTHS = (1, 8, 32, 128)


class Lanes(NamedTuple):
    """How `cells` in a row (None: one cell without an axis) are laid out: `groups` of `width`, the last one filled."""

    cells: int | None
    groups: int
    width: int

    @staticmethod
    def of(shape: tuple[int, ...]) -> Lanes:
        """Lanes for parameters of this shape, () or (n,)."""
        if not shape:
            return Lanes(None, 1, 1)
        cells = shape[0]
        if jax.default_backend() != "cpu":
            return Lanes(cells, 1, cells)
        width = next((one for one in _WIDTHS if one >= cells), _WIDTHS[-1])
        return Lanes(cells, -(-cells // width), width)

    def split(self, tree: Any) -> list[Any]:
        """Groups of a tree of arrays (n,)."""
        if self.cells is None:
            return [tree]
        filling = self.groups * self.width - self.cells
        filled = jax.tree.map(lambda x: jnp.pad(x, (0, filling), mode="edge"), tree)
        return [
            jax.tree.map(lambda x, k=k: x[k * self.width : (k + 1) * self.width], filled) for k in range(self.groups)
        ]

    def joined(self, groups: Sequence[Any]) -> Any:
        """One tree of arrays (…, n) from those of the groups."""
        if self.cells is None:
            return groups[0]
        return jax.tree.map(lambda *x: jnp.concatenate(x, axis=-1)[..., : self.cells], *groups)


def each(work: Callable[[int], Any], groups: int) -> list[Any]:
    """Results of `work` for each group: the first alone, for it compiles; the others on all processors."""
    first = work(0)
    if groups == 1:
        return [first]
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(processors) as pool:
        return [first, *pool.map(work, range(1, groups))]
