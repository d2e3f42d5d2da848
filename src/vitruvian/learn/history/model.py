"""A trained model of histories: calibrated probabilities, sets that keep their promise, what each thing known did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from vitruvian.core import DataError, SolveError, Source
from vitruvian.learn.history.histories import EMPTY, FIRST, MASK, UNKNOWN, Histories, Vocabulary
from vitruvian.learn.history.network import HistoryNetwork, Tokens, some_of, tokens
from vitruvian.learn.keeping import Header, Kind, Parts
from vitruvian.learn.sequence import PANELS, Task, Told, Training, constant, dropped, filled, path, train
from vitruvian.learn.shapes import Feature, Kept, Manifest, Scores, Target
from vitruvian.learn.trust import (
    Calibration,
    Conformal,
    abstention,
    calibration_map,
    class_conditional,
    conformal_of,
    outcomes,
    platt,
)

_STRANGE = "Most codes of this history are unknown."
CHUNK = 64
TOLERANCE = 5e-3
"""Of log-odds, and of their change along the path where that is larger than 1."""


@dataclass(frozen=True)
class HistoryShape:
    """`width` numbers a token, `layers` of `heads`, the newest `most` tokens of a history."""

    width: int = 32
    layers: int = 2
    heads: int = 2
    most: int = 128


@dataclass(frozen=True)
class HistoryModel(Kept):
    """A binary event from a whole history; `features` are the codes it knows."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest
    shape: HistoryShape
    vocabulary: Vocabulary
    unit: str
    """Unit of the times of histories."""
    net: HistoryNetwork = field(repr=False)
    calibration: Calibration
    conformal: Conformal

    def margins(self, found: Histories) -> Float[np.ndarray, " rows"]:
        """Log-odds before calibration. Raises DataError for histories of another length or vocabulary."""
        return _in_chunks(self.net, self._checked(found))

    def predict(self, found: Histories) -> Scores:
        """Calibrated probabilities and sets; says where a person's codes are not known. Raises as `margins` does."""
        p = outcomes(self.calibration(1.0 / (1.0 + np.exp(-self.margins(found)))))
        sets, level = self.conformal.sets(p), self.conformal.level
        silent, why = abstention(sets, self.target.events, level)
        strange = (found.code == UNKNOWN).sum(axis=1) > (found.code >= FIRST).sum(axis=1)
        told = tuple(_STRANGE if odd else one for odd, one in zip(strange.tolist(), why, strict=True))
        return Scores(self.target, p, sets, silent | strange, told, level)

    def attribute(self, found: Histories) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, "rows tokens"]]:
        """(base, how much each token moved the margin): integrated gradients, which add up.

        The path begins where of each thing only the time is known. Raises SolveError where they do not.
        """
        given = self._checked(found)
        parts = [_attributed(self.net, given, rows) for rows in _chunks(len(found))]
        base, moved = (np.concatenate(one)[: len(found)] for one in zip(*parts, strict=True))
        return base, moved

    def _checked(self, found: Histories) -> Tokens:
        if found.code.shape[1] != self.shape.most or found.code.max(initial=0) >= len(self.vocabulary.codes) + FIRST:
            raise DataError("histories are not those of the model", got=found.code.shape[1], allowed=self.shape.most,
                            todo="Make them with the model's vocabulary and length.")  # fmt: skip
        return tokens(found)


def fit_history(
    found: Histories,
    vocabulary: Vocabulary,
    outcome: Bool[np.ndarray, " rows"],
    parts: Mapping[str, Bool[np.ndarray, " rows"]],
    shape: HistoryShape,
    how: Training,
    *,
    name: str,
    title: str,
    target: Target,
    unit: str,
    start: HistoryNetwork | None = None,
    sources: tuple[Source, ...] = (),
    manifest: Manifest | None = None,
    version: str = "1",
    level: float = 0.9,
    tell: Told | None = None,
    keep: Path | None = None,
) -> HistoryModel:
    """Train from `start` (a pre-trained network) or from nothing; parts as in `fit_sequences`.

    Raises DataError where a part has only one outcome.
    """
    outcome = np.asarray(outcome, bool)
    for part in ("train", "stop", "calibrate"):
        mine = outcome[parts[part]]
        if mine.all() or not mine.any():
            raise DataError(f"only one outcome in the part {part!r}", got=f"{int(mine.sum())} of {len(mine)} rows",
                            allowed="both outcomes")  # fmt: skip
    net = untrained(vocabulary, shape, how.seed) if start is None else start
    share = outcome[parts["train"]].mean()
    net = eqx.tree_at(lambda one: one.head.b, net, constant(float(np.log(share / (1 - share))), 1))
    learning = parts["train"] | parts["stop"]
    given, y = tokens(found.take(learning)), outcome[learning].astype(np.float32)
    net = train(net, Task(_loss(how.noise), some_of), given, y, parts["stop"][learning], how, tell=tell, keep=keep)
    p = 1.0 / (1.0 + np.exp(-_in_chunks(net, tokens(found.take(parts["calibrate"])))))
    came_true = outcome[parts["calibrate"]]
    calibration = platt(p, came_true)
    conformal = class_conditional(outcomes(calibration(p)), came_true.astype(int), level)
    return HistoryModel(
        name, title, version, _features(vocabulary), target, sources, manifest or Manifest(seed=how.seed), shape,
        vocabulary, unit, net, calibration, conformal,
    )  # fmt: skip


def untrained(vocabulary: Vocabulary, shape: HistoryShape, seed: int) -> HistoryNetwork:
    """A network that has learned nothing yet."""
    return HistoryNetwork(seed, vocabulary, shape.width, shape.layers, shape.heads)


def _features(vocabulary: Vocabulary) -> tuple[Feature, ...]:
    return tuple(Feature(code, code, about=kind) for code, kind in zip(vocabulary.codes, vocabulary.kinds, strict=True))


@lru_cache(maxsize=8)
def _loss(noise: float) -> Any:
    def loss(net: HistoryNetwork, given: Tokens, y: Array, key: Array | None) -> Array:
        code = given.code
        if key is not None:
            key, drop = jax.random.split(key)
            code = jnp.where(jax.random.bernoulli(drop, noise / 2, code.shape), EMPTY, code)
        margin = net.head(dropped(net.summary(net.embedded(given), code), noise, key))[:, 0]
        return jnp.mean(jax.nn.softplus(margin) - y * margin)

    return loss


def _chunks(rows: int) -> list[np.ndarray]:
    return [np.minimum(np.arange(k, k + CHUNK), rows - 1) for k in range(0, rows, CHUNK)]


@eqx.filter_jit
def _margins(net: HistoryNetwork, given: Tokens) -> Array:
    return net(given)


def _in_chunks(net: HistoryNetwork, given: Tokens) -> Float[np.ndarray, " rows"]:
    rows = len(given.code)
    found = [np.asarray(_margins(net, some_of(given, some))) for some in _chunks(rows)]
    return np.concatenate(found)[:rows].astype(float) if found else np.zeros(0)


def _attributed(net: HistoryNetwork, given: Tokens, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    some = some_of(given, rows)
    for panels in PANELS:
        parts = [[np.asarray(x, float) for x in _integral(net, some, *piece)] for piece in path(panels)]
        base, margin = parts[0][:2]
        moved = np.sum([one[2] for one in parts], axis=0)
        error = np.abs(margin - base - moved.sum(axis=1))
        if (error <= TOLERANCE * np.maximum(1, np.abs(margin - base))).all():
            return base, moved
    raise SolveError("attributions do not add up to the margin", got=f"{error.max():.2g}", allowed=TOLERANCE)


@eqx.filter_jit
def _integral(net: HistoryNetwork, given: Tokens, places: Array, weights: Array) -> tuple[Array, Array, Array]:
    whole, nothing = net.embedded(given), net.embedded(_timed_only(given))

    def margin(embedded: Array) -> Array:
        return net.head(net.summary(embedded, given.code))[:, 0]

    def node(carry: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
        slope = jax.grad(lambda embedded: margin(embedded).sum())(nothing + one[0] * (whole - nothing))
        return carry + one[1] * slope, None

    slope, _ = jax.lax.scan(node, jnp.zeros_like(whole), (places, weights))
    return margin(nothing), margin(whole), (slope * (whole - nothing)).sum(axis=-1)


def _timed_only(given: Tokens) -> Tokens:
    """The same things at the same times, with what and how much hidden."""
    zero = jnp.zeros_like(given.value)
    return Tokens(jnp.where(given.code == EMPTY, EMPTY, MASK), zero, zero, given.ago)


def _to_parts(model: HistoryModel) -> Parts:
    words = model.vocabulary
    leaves = jax.tree.leaves(eqx.filter(model.net, eqx.is_array))
    data = {
        "shape": vars(model.shape), "unit": model.unit, "codes": list(words.codes), "kinds": list(words.kinds),
        "calibration": model.calibration.to_dict(), "conformal": model.conformal.to_dict(),
    }  # fmt: skip
    arrays = {f"net_{k}": np.asarray(one) for k, one in enumerate(leaves)}
    return Parts(data, arrays | {"mean": words.mean, "sd": words.sd})


def _from_parts(header: Header, parts: Parts) -> HistoryModel:
    data, arrays = parts.data, parts.arrays
    words = Vocabulary(tuple(data["codes"]), tuple(data["kinds"]), arrays["mean"], arrays["sd"])
    shape = HistoryShape(**data["shape"])
    return HistoryModel(
        header.name, header.title, header.version, header.features, header.target, header.sources, header.manifest,
        shape, words, data["unit"], filled(untrained(words, shape, 0), arrays),
        calibration_map(data["calibration"]), conformal_of(data["conformal"]),
    )  # fmt: skip


HISTORY = Kind(_to_parts, _from_parts)
