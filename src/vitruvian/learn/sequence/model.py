"""A trained model of windows: calibrated probabilities, sets that keep their promise, and attributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import DataError, Source
from vitruvian.learn.keeping import Header, Kind, Parts
from vitruvian.learn.sequence.attribution import Attributions, attributions
from vitruvian.learn.sequence.batch import Scaling, prepared
from vitruvian.learn.sequence.networks import Network, NetworkKind, network
from vitruvian.learn.sequence.windows import Windows
from vitruvian.learn.shapes import Contributions, Feature, Kept, Manifest, Rows, Scores, Target
from vitruvian.learn.trust import (
    Calibration,
    Conformal,
    abstention,
    calibration_map,
    conformal_of,
    outcomes,
)

_NOTHING = "Nothing was measured."
SIZES = (1, 32, 512)
"""Rows that are scored at once: programs are made for these numbers only."""


@dataclass(frozen=True)
class Shape:
    """Which network: `hidden` numbers of memory; `layers` and `heads` of the transformer."""

    kind: NetworkKind = "gru_d"
    hidden: int = 32
    layers: int = 2
    heads: int = 2


@dataclass(frozen=True)
class SequenceModel(Kept):
    """A binary event from windows. `features` are the channels, `fixed` what does not change over a window."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    fixed: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest
    shape: Shape
    steps: int
    unit: str
    """Unit of the times of windows."""
    scaling: Scaling
    net: Network = field(repr=False)
    calibration: Calibration
    conformal: Conformal

    def margins(self, windows: Windows) -> Float[np.ndarray, " rows"]:
        """Log-odds before calibration. Raises DataError where channels, fixed features or steps are not the model's."""
        self._checked(windows)
        return margins(self.net, self.scaling, windows)

    def predict(self, windows: Windows) -> Scores:
        """Calibrated probabilities and sets. Raises DataError as `margins` does."""
        p = outcomes(self.calibration(sigmoid(self.margins(windows))))
        sets, level = self.conformal.sets(p), self.conformal.level
        silent, why = abstention(sets, self.target.events, level, _furthest(windows))
        empty = np.asarray(~windows.seen.reshape(len(windows), -1).any(axis=1))
        said = tuple(_NOTHING if none else one for none, one in zip(empty.tolist(), why, strict=True))
        return Scores(self.target, p, sets, silent | empty, said, level)

    def attribute(self, windows: Windows) -> Attributions:
        """Integrated gradients of each measurement. Raises DataError as `margins` does, SolveError if not complete."""
        self._checked(windows)
        return attributions(self.net, self.scaling.batch(windows))

    def explain(self, windows: Windows) -> Contributions:
        """The same, summed over the steps of each channel."""
        found = self.attribute(windows)
        values = np.concatenate([found.values.sum(axis=1), found.fixed], axis=1)
        return Contributions(self.features + self.fixed, found.base, values, found.base + values.sum(axis=1))

    def _checked(self, windows: Windows) -> None:
        for what, got, own in (
            ("channels", windows.channels, self.features),
            ("fixed features", windows.fixed.features, self.fixed),
        ):
            names, known = [(one.name, one.unit) for one in got], [(one.name, one.unit) for one in own]
            if names != known:
                raise DataError(f"{what} are not those of the model", got=names, allowed=known)
        if windows.values.shape[1] != self.steps:
            raise DataError("steps are not those of the model", got=windows.values.shape[1], allowed=self.steps)


def margins(net: Network, scaling: Scaling, windows: Windows) -> Float[np.ndarray, " rows"]:
    """Log-odds of every row, in chunks of `SIZES`; the last is filled up with the last row."""
    scaling.checked(windows)
    arrays = [one.astype(np.float32) for one in (windows.values, windows.times, windows.fixed.values)]
    rows, done = len(windows), 0
    found: list[Array] = []
    while done < rows:
        size = next((one for one in SIZES if one >= rows - done), SIZES[-1])
        some = np.minimum(np.arange(done, done + size), rows - 1)
        values, times, fixed = (one[done : done + size] if done + size <= rows else one[some] for one in arrays)
        found.append(_margins(net, scaling.numbers, values, times, fixed))
        done += size
    return np.concatenate([np.asarray(one) for one in found])[:rows].astype(float) if found else np.zeros(0)


@eqx.filter_jit
def _margins(net: Network, numbers: tuple[Array, ...], values: Any, times: Any, fixed: Any) -> Array:
    return net(prepared(numbers, values, times, fixed))


def _furthest(windows: Windows) -> Rows:
    """A value outside the bounds of each channel and fixed feature, NaN where there is none."""
    outside = windows.outside
    place = outside.argmax(axis=1)[:, None]
    value = np.take_along_axis(np.where(outside, windows.values, np.nan), place, axis=1)[:, 0]
    values = np.concatenate([value, windows.fixed.values], axis=1)
    return Rows(windows.channels + windows.fixed.features, values)


def sigmoid(margin: np.ndarray) -> np.ndarray:
    """Probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-margin)))


def _to_parts(model: SequenceModel) -> Parts:
    scaling = {name: getattr(model.scaling, name) for name in _SCALING}
    leaves = jax.tree.leaves(eqx.filter(model.net, eqx.is_array))
    arrays = {f"scaling_{name}": one for name, one in scaling.items()}
    arrays |= {f"net_{k}": np.asarray(one) for k, one in enumerate(leaves)}
    data = {
        "shape": vars(model.shape), "steps": model.steps, "unit": model.unit, "step": model.scaling.step,
        "fixed": [vars(one) | {"categories": list(one.categories)} for one in model.fixed],
        "calibration": model.calibration.to_dict(), "conformal": model.conformal.to_dict(),
    }  # fmt: skip
    return Parts(data, arrays)


def _from_parts(header: Header, parts: Parts) -> SequenceModel:
    data, arrays = parts.data, parts.arrays
    shape = Shape(**data["shape"])
    fixed = tuple(Feature(**{**one, "categories": tuple(one["categories"])}) for one in data["fixed"])
    mean, sd, fixed_mean, fixed_sd = (arrays[f"scaling_{one}"] for one in _SCALING)
    scaling = Scaling(mean, sd, fixed_mean, fixed_sd, data["step"])
    empty = network(shape.kind, 0, len(header.features), 2 * len(fixed),
                    shape.hidden, shape.layers, shape.heads)  # fmt: skip
    return SequenceModel(
        header.name, header.title, header.version, header.features, fixed, header.target, header.sources,
        header.manifest, shape, data["steps"], data["unit"], scaling, filled(empty, arrays),
        calibration_map(data["calibration"]), conformal_of(data["conformal"]),
    )  # fmt: skip


def filled(empty: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """A network of the shape of `empty` with the kept numbers. Raises DataError where they are of another shape."""
    leaves, tree = jax.tree.flatten(eqx.filter(empty, eqx.is_array))
    kept = [arrays.get(f"net_{k}") for k in range(len(leaves))]
    if any(one is None or one.shape != own.shape for one, own in zip(kept, leaves, strict=True)):
        raise DataError("the numbers kept are not those of this network", todo="Take the model again.")
    return eqx.combine(jax.tree.unflatten(tree, [jnp.asarray(one) for one in kept]), empty)


_SCALING = ("mean", "sd", "fixed_mean", "fixed_sd")
SEQUENCE = Kind(_to_parts, _from_parts)
