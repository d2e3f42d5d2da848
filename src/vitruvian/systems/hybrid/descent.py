"""Gradient descent that keeps the best network by people kept apart, and goes on where it was interrupted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.core import DataError, UnsupportedError

Loss = Callable[[Any], Any]
BLOCK = 20
"""Steps between two looks at the people kept apart; what is kept on disk is the state after a block."""


def descend(
    loss: Loss,
    apart: Loss,
    start: Any,
    *,
    steps: int,
    rate: float,
    file: Path | None = None,
    key: str = "",
    progress: Callable[[int], object] = lambda done: None,
) -> tuple[Any, float]:
    """The best of the networks along Adam's way from `start` down `loss`, judged by `apart`, and its value there.

    With `file` the state is kept after every block, whole or not at all, and a run of the same `key` goes on from it to
    the same result. Raises `DataError` for a file of another run, `UnsupportedError` without optax.
    """
    try:
        import optax
    except ImportError:
        raise UnsupportedError("learning needs optax", todo="pip install vitruvian[learn]") from None
    way = optax.adam(optax.cosine_decay_schedule(rate, steps, 0.05))
    arrays, static = eqx.partition(start, eqx.is_array)
    judged = jax.jit(lambda a: apart(eqx.combine(a, static)))

    @jax.jit
    def block(arrays: Any, state: Any) -> tuple[Any, Any]:
        def step(carry: Any, _: Any) -> tuple[Any, None]:
            now, state = carry
            slope = jax.grad(lambda a: loss(eqx.combine(a, static)))(now)
            change, state = way.update(slope, state, now)
            return (optax.apply_updates(now, change), state), None

        return jax.lax.scan(step, (arrays, state), None, length=BLOCK)[0]

    state: Any = (arrays, way.init(arrays), arrays, judged(arrays), jnp.asarray(0))
    if file is not None and file.exists():
        state = _read(file, key, state)
    now, inner, best, value, done = state
    while int(done) < steps:
        now, inner = block(now, inner)
        found, done = judged(now), done + BLOCK
        if found < value:
            best, value = now, found
        if file is not None:
            _write(file, key, (now, inner, best, value, done))
        progress(int(done))
    return eqx.combine(best, static), float(value)


def _write(file: Path, key: str, state: Any) -> None:
    leaves = {f"leaf{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(state))}
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
        np.savez(part, key=np.array(key), **leaves)  # type: ignore[arg-type]
    os.replace(part.name, file)


def _read(file: Path, key: str, like: Any) -> Any:
    leaves, tree = jax.tree.flatten(like)
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                raise DataError(f"{file.name} belongs to another run", todo="Give another file, or remove it.")
            found = [jnp.asarray(kept[f"leaf{k}"]) for k in range(len(leaves))]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"{file.name} cannot be read", got=error, todo="Remove it: learning begins anew.") from error
    return jax.tree.unflatten(tree, found)
