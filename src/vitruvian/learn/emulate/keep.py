"""An emulator as parts of a folder, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.learn.emulate.emulator import Emulator
from vitruvian.learn.emulate.ensemble import Ensemble, blank
from vitruvian.learn.emulate.gaussian import GaussianProcess
from vitruvian.learn.keeping import Header, Kind, Parts
from vitruvian.learn.shapes import Feature

_CHECKED = ("times", "typical", "tolerance")


def _to_parts(one: Emulator) -> Parts:
    leaves = jax.tree.leaves(eqx.filter(one.surrogate, eqx.is_array))
    arrays = {f"surrogate_{k}": np.asarray(leaf) for k, leaf in enumerate(leaves)}
    arrays |= {name: getattr(one, name) for name in _CHECKED}
    kind = type(one.surrogate).__name__
    outputs = [asdict(output) for output in one.outputs]
    return Parts({"surrogate": kind, "outputs": outputs, "level": one.level, "checked": one.checked}, arrays)


def _from_parts(header: Header, parts: Parts) -> Emulator:
    data, arrays = parts.data, parts.arrays
    leaves = [jnp.asarray(arrays[f"surrogate_{k}"]) for k in range(len(arrays) - len(_CHECKED))]
    checked: dict[str, Any] = {name: arrays[name] for name in _CHECKED}
    outputs = tuple(Feature(**{**one, "categories": tuple(one["categories"])}) for one in data["outputs"])
    return Emulator(
        **vars(header),
        outputs=outputs,
        surrogate=_surrogate(data["surrogate"], leaves, len(header.features), len(outputs)),
        **checked,
        level=data["level"],
        checked=data["checked"],
    )


def _surrogate(kind: str, leaves: list[Any], d: int, o: int) -> GaussianProcess | Ensemble:
    if kind == "GaussianProcess":
        return GaussianProcess(*leaves)
    like = Ensemble(blank(d, o, 0, leaves[0].shape[0]), leaves[-2], leaves[-1])
    weights, rest = eqx.partition(like, eqx.is_array)
    found: Ensemble = eqx.combine(jax.tree.unflatten(jax.tree.structure(weights), leaves), rest)
    return found


EMULATOR = Kind(_to_parts, _from_parts)
