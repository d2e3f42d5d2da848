"""Training by gradient descent: seeds explicit, progress told, to be taken up again where it was broken off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from vitruvian.core import DataError, InputError, StoreError, UnsupportedError, content_hash

Net = TypeVar("Net", bound=eqx.Module)
Inputs = Any
"""A tree of arrays, rows on the axis that `take` knows."""


@dataclass(frozen=True)
class Training:
    """How to train. Batches are drawn anew each epoch; it stops after `patience` epochs without a better loss on the
    rows held for stopping, and the best epoch's network is kept. `noise` is the share of the code left out at random,
    and half of it that of what was measured."""

    epochs: int = 30
    batch: int = 128
    rate: float = 3e-3
    decay: float = 1e-3
    noise: float = 0.2
    patience: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience) < 1 or not 0 <= self.noise < 1 or self.rate <= 0:
            raise InputError("how to train", got=str(asdict(self)), allowed="counts above 0, a rate above 0, noise < 1")


@dataclass(frozen=True)
class Progress:
    """Where a training stands after an epoch; losses are means."""

    epoch: int
    epochs: int
    loss: float
    held: float
    best: float


Told = Callable[[Progress], None]


class Task(NamedTuple):
    """What is trained: the loss of a batch (network, inputs, outcomes, key), and how to take rows of the inputs."""

    loss: Callable[[Any, Inputs, Array, Array | None], Array]
    take: Callable[[Inputs, np.ndarray], Inputs]


def train(
    start: Net,
    task: Task,
    inputs: Inputs,
    outcome: np.ndarray,
    held: Bool[np.ndarray, " rows"],
    how: Training,
    *,
    tell: Told | None = None,
    keep: Path | None = None,
) -> Net:
    """The network of the epoch with the least loss on the rows `held`; it learns from the others.

    With `keep` (a folder) every epoch is kept there, and the same training goes on from the last; the result is the
    same as without a break. Raises DataError where no rows are left to learn from or to stop by, or the loss is no
    number, InputError where the folder holds another training.
    """
    rows = np.flatnonzero(~held)
    if not len(rows) or not held.any():
        raise DataError("no rows to learn from, or none to stop by", got=f"{len(rows)} and {int(held.sum())}")
    optimiser, step, loss_of = _compiled(task, how.rate, how.decay, how.epochs * -(-len(rows) // how.batch))
    state = _State(start, eqx.filter_jit(optimiser.init)(eqx.filter(start, eqx.is_array)), start, np.inf, 0, 0)
    kept = _Kept(keep, _fingerprint(how, start, inputs, outcome, held)) if keep else None
    state = kept.taken_up(state) if kept else state
    while state.epoch < how.epochs and state.since < how.patience:
        net, memory, loss = _epoch(state, step, task, inputs, outcome, rows, how)
        on_held = _mean_loss(loss_of, task, net, inputs, outcome, np.flatnonzero(held), how.batch)
        if not np.isfinite(loss) or not np.isfinite(on_held):
            raise DataError("the loss of training is no number", got=f"epoch {state.epoch + 1}", todo="Lower the rate.")
        better = on_held < state.best - 1e-5
        state = _State(
            net, memory, net if better else state.found, min(on_held, state.best), state.epoch + 1,
            0 if better else state.since + 1,
        )  # fmt: skip
        if kept:
            kept.write(state)
        if tell:
            tell(Progress(state.epoch, how.epochs, loss, on_held, float(state.best)))
    return state.found


def _optax() -> Any:
    try:
        import optax
    except ImportError as error:
        raise UnsupportedError("training needs optax", todo="pip install vitruvian[learn]") from error
    return optax


class _State(NamedTuple):
    """A training between two epochs."""

    net: Any
    memory: Any
    found: Any
    best: float
    epoch: int
    since: int
    """Epochs since the best one."""


@lru_cache(maxsize=8)
def _compiled(task: Task, rate: float, decay: float, steps: int) -> tuple[Any, Any, Any]:
    """Optimiser, one step of it, and the loss without noise; programs are made once for a task."""
    optax = _optax()
    falling = optax.cosine_decay_schedule(rate, steps, 0.1)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(falling, weight_decay=decay))

    @eqx.filter_jit
    def step(net: Any, memory: Any, some: Inputs, y: Array, key: Array) -> tuple[Any, Any, Array]:
        loss, slope = eqx.filter_value_and_grad(task.loss)(net, some, y, key)
        change, memory = optimiser.update(slope, memory, eqx.filter(net, eqx.is_array))
        return eqx.apply_updates(net, change), memory, loss

    return optimiser, step, eqx.filter_jit(lambda net, some, y: task.loss(net, some, y, None))


def _epoch(
    state: _State,
    step: Any,
    task: Task,
    inputs: Inputs,
    outcome: np.ndarray,
    rows: Int[np.ndarray, " n"],
    how: Training,
) -> tuple[Any, Any, float]:
    """Every row once, in an order of its own; the last batch is filled up with rows drawn again."""
    random = np.random.default_rng([how.seed, state.epoch])
    order = random.permutation(rows)
    order = np.concatenate([order, random.choice(rows, -len(rows) % how.batch)])
    net, memory, total = state.net, state.memory, []
    for k, some in enumerate(order.reshape(-1, how.batch)):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(how.seed), state.epoch), k)
        net, memory, loss = step(net, memory, task.take(inputs, some), jnp.asarray(outcome[some]), key)
        total.append(loss)
    return net, memory, float(np.mean([float(one) for one in total]))


def _mean_loss(
    loss_of: Any, task: Task, net: Any, inputs: Inputs, outcome: np.ndarray, rows: Int[np.ndarray, " n"], size: int
) -> float:
    """Mean loss without noise, in batches of one size; the last is filled up from the first rows."""
    filled = np.resize(rows, -(-len(rows) // size) * size)
    parts = [loss_of(net, task.take(inputs, some), jnp.asarray(outcome[some])) for some in filled.reshape(-1, size)]
    return float(np.mean([float(one) for one in parts]))


def _fingerprint(how: Training, start: Any, inputs: Inputs, outcome: np.ndarray, held: np.ndarray) -> str:
    """Of everything that a training depends on."""
    arrays = [np.asarray(one) for one in jax.tree.leaves((eqx.filter(start, eqx.is_array), inputs, outcome, held))]
    parts = [content_hash(one.tobytes() + str((one.shape, one.dtype)).encode()) for one in arrays]
    return content_hash(json.dumps([asdict(how), *parts]).encode())


@dataclass(frozen=True)
class _Kept:
    """A training in a folder: one file, replaced whole after each epoch."""

    folder: Path
    of: str

    @property
    def _path(self) -> Path:
        return self.folder / "training.npz"

    def write(self, state: _State) -> None:
        arrays = {f"a{k}": np.asarray(one) for k, one in enumerate(jax.tree.leaves(_arrays(state)))}
        about = json.dumps({"of": self.of, "best": float(state.best), "epoch": state.epoch, "since": state.since})
        part = self._path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, about=np.array(about), **arrays)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise StoreError("cannot keep this training", got=error.strerror) from error

    def taken_up(self, fresh: _State) -> _State:
        if not self._path.is_file():
            return fresh
        with np.load(self._path, allow_pickle=False) as file:
            about: Mapping[str, Any] = json.loads(str(file["about"]))
            if about["of"] != self.of:
                raise InputError("another training is kept in this folder", got=self.folder.name,
                                 todo="Give another folder, or remove this one.")  # fmt: skip
            leaves, shape = jax.tree.flatten(_arrays(fresh))
            read = jax.tree.unflatten(shape, [jnp.asarray(file[f"a{k}"]) for k in range(len(leaves))])
        net, found = (eqx.combine(one, fresh.net) for one in read[:2])
        return _State(net, read[2], found, about["best"], about["epoch"], about["since"])


def _arrays(state: _State) -> tuple[Any, Any, Any]:
    return eqx.filter(state.net, eqx.is_array), eqx.filter(state.found, eqx.is_array), state.memory


def dropped(code: Float[Array, "rows hidden"], noise: float, key: Array | None) -> Float[Array, "rows hidden"]:
    """A code with a share of it left out at random, the rest scaled up; as it is without a key."""
    if key is None or noise == 0:
        return code
    keep = jax.random.bernoulli(key, 1 - noise, code.shape)
    return jnp.where(keep, code / jnp.float32(1 - noise), 0.0)
