"""Fitting a model of windows: train, stop, calibrate, each on people of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from vitruvian.core import DataError, Source
from vitruvian.learn.sequence.batch import Batch, Scaling, rows_of
from vitruvian.learn.sequence.layers import constant
from vitruvian.learn.sequence.model import SequenceModel, Shape, margins, sigmoid
from vitruvian.learn.sequence.networks import Network, network
from vitruvian.learn.sequence.training import Task, Told, Training, dropped, train
from vitruvian.learn.sequence.windows import Windows
from vitruvian.learn.shapes import Manifest, Target
from vitruvian.learn.trust import class_conditional, outcomes, platt


def fit_sequences(
    windows: Windows,
    outcome: Bool[np.ndarray, " rows"],
    parts: Mapping[str, Bool[np.ndarray, " rows"]],
    shape: Shape,
    how: Training,
    *,
    name: str,
    title: str,
    target: Target,
    unit: str,
    sources: tuple[Source, ...] = (),
    manifest: Manifest | None = None,
    version: str = "1",
    level: float = 0.9,
    tell: Told | None = None,
    keep: Path | None = None,
) -> SequenceModel:
    """Train on the rows of part "train", stop by those of "stop", calibrate and make sets on those of "calibrate".

    One person's rows belong to one part. Raises DataError where a part has only one outcome; see `train` for `keep`.
    """
    outcome = np.asarray(outcome, bool)
    for part in ("train", "stop", "calibrate"):
        mine = outcome[parts[part]]
        if mine.all() or not mine.any():
            raise DataError(f"only one outcome in the part {part!r}", got=f"{int(mine.sum())} of {len(mine)} rows",
                            allowed="both outcomes")  # fmt: skip
    learning = parts["train"] | parts["stop"]
    scaling = Scaling.of(windows.take(parts["train"]))
    batch = scaling.batch(windows.take(learning))
    sizes = (len(windows.channels), 2 * len(windows.fixed.features))
    start = network(shape.kind, how.seed, *sizes, shape.hidden, shape.layers, shape.heads)
    share = outcome[parts["train"]].mean()
    start = eqx.tree_at(lambda net: net.head.b, start, constant(float(np.log(share / (1 - share))), 1))
    task = Task(_loss(how.noise), rows_of)
    net = train(
        start, task, batch, outcome[learning].astype(np.float32), parts["stop"][learning], how, tell=tell, keep=keep
    )
    p = sigmoid(margins(net, scaling, windows.take(parts["calibrate"])))
    came_true = outcome[parts["calibrate"]]
    calibration = platt(p, came_true)
    conformal = class_conditional(outcomes(calibration(p)), came_true.astype(int), level)
    return SequenceModel(
        name, title, version, windows.channels, windows.fixed.features, target, sources,
        manifest or Manifest(seed=how.seed), shape, windows.values.shape[1], unit, scaling, net, calibration, conformal,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _loss(noise: float) -> Any:
    def loss(net: Network, batch: Batch, y: Array, key: Array | None) -> Array:
        if key is not None:
            key, drop = jax.random.split(key)
            kept = jax.random.bernoulli(drop, 1 - noise / 2, batch.seen.shape)
            batch = batch._replace(values=batch.values * kept, seen=batch.seen * kept)
        margin = net.head(dropped(net.encode(batch), noise, key))[:, 0]
        return jnp.mean(jax.nn.softplus(margin) - y * margin)

    return loss
