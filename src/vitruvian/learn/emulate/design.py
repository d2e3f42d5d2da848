"""Making an emulator: where the function is asked, and whether what came of it may be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import ceil
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError, Source
from vitruvian.learn.emulate.box import Box
from vitruvian.learn.emulate.emulator import Emulator, at_points
from vitruvian.learn.emulate.ensemble import fit_ensemble
from vitruvian.learn.emulate.gaussian import fit_gaussian
from vitruvian.learn.shapes import Feature, Manifest, Target

Function = Callable[[Float[np.ndarray, "n d"]], Float[np.ndarray, "n o"]]
Criterion = Literal["variance", "eigf"]
TARGET = Target("value", "Outputs of the function", kind="number")


@dataclass(frozen=True)
class Design:
    """Where a function is asked: `start` points of a Sobol sequence, then `batch` at a time the points of which most is
    to be learned, until the error on `check` other points keeps within the tolerance, or `most` points are used.

    Criterion "variance": the largest variance. "eigf": variance and squared difference from the nearest point, so that
    points go where the function changes (Lam CQ, Notz WI. Stat Appl 2008;6:179).
    """

    start: int = 32
    batch: int = 8
    most: int = 96
    check: int = 40
    criterion: Criterion = "eigf"
    candidates: int = 512
    seed: int = 0


def emulate(
    function: Function,
    parameters: Sequence[Feature],
    outputs: Sequence[Feature],
    tolerance: Sequence[float],
    *,
    name: str,
    title: str,
    kind: Literal["gaussian", "ensemble"] = "gaussian",
    design: Design = Design(),
    level: float = 0.95,
    sources: tuple[Source, ...] = (),
    progress: Callable[[int], object] = lambda points: None,
) -> Emulator:
    """An emulator of `function` (points (n, d) to values (n, o)) whose error is within `tolerance` at `level`, or that
    refuses to be used. The points it is checked on are never used to make it.

    Raises `DataError` where the function has no finite value at a point, `InputError` for a check that is too small.
    """
    box, given = Box(tuple(parameters)), np.asarray(tolerance, float)
    if given.shape != (len(outputs),) or not (given > 0).all():
        raise InputError("one tolerance above zero for each output", got=tolerance, allowed=len(outputs))
    if design.check * (1 - level) < 1:
        raise InputError("too few points to check this level on", got=design.check, allowed=f"{ceil(1 / (1 - level))}+")
    checks = box.sobol(design.check, design.seed + 1)
    measured = _asked(function, box, checks, len(outputs))
    x = box.sobol(design.start, design.seed)
    y = _asked(function, box, x, len(outputs))
    while True:
        surrogate: Any = (
            fit_gaussian(box.unit(x), y) if kind == "gaussian" else fit_ensemble(box.unit(x), y, seed=design.seed)
        )
        mean, sd = (np.asarray(a) for a in at_points(surrogate, box.unit(checks)))
        typical = _quantile(np.abs(mean - measured), level)
        progress(len(x))
        if (typical <= given).all() or len(x) >= design.most:
            break
        more = _next(surrogate, box, x, y, design)
        x, y = np.concatenate([x, more]), np.concatenate([y, _asked(function, box, more, len(outputs))])
    return Emulator(
        name=name,
        title=title,
        version="1",
        features=tuple(parameters),
        target=TARGET,
        sources=sources,
        manifest=Manifest(
            seed=design.seed,
            rows=len(x),
            versions={package: version(package) for package in ("jax", "scipy", "vitruvian")},
            trained=datetime.now(UTC).isoformat(timespec="seconds"),
            settings={"kind": kind, "criterion": design.criterion, "start": design.start, "check": design.check},
        ),
        outputs=tuple(outputs),
        surrogate=surrogate,
        times=_quantile(np.abs(mean - measured) / sd, level),
        typical=typical,
        tolerance=given,
        level=level,
        checked=design.check,
    )


def pointwise(function: Callable[..., Sequence[float]], names: Sequence[str]) -> Function:
    """A function of one point, called with its parameters by name, as a function of many."""
    return lambda x: np.array([list(function(**dict(zip(names, row.tolist(), strict=True)))) for row in x], float)


def _asked(function: Function, box: Box, x: Float[np.ndarray, "n d"], count: int) -> Float[np.ndarray, "n o"]:
    y = np.asarray(function(x), float)
    if y.shape != (len(x), count):
        raise DataError("the function gives another shape", got=y.shape, allowed=(len(x), count))
    bad = ~np.isfinite(y).all(axis=1)
    if bad.any():
        where = ", ".join(f"{n} {v:.4g}" for n, v in zip(box.names, x[bad][0], strict=True))
        raise DataError(
            "the function has no value at a point of the box",
            got=f"{int(bad.sum())} of {len(x)}, first: {where}",
            todo="Make the box smaller.",
        )
    return y


def _quantile(scores: Float[np.ndarray, "n o"], level: float) -> Float[np.ndarray, " o"]:
    """Split conformal quantile: the next score exceeds it with probability 1 − level at most."""
    rank = ceil((len(scores) + 1) * level)
    return np.sort(scores, axis=0)[rank - 1] if rank <= len(scores) else np.full(scores.shape[1], np.inf)


def _next(surrogate: Any, box: Box, x: Any, y: Any, design: Design) -> Float[np.ndarray, "b d"]:
    """The next points: the best by the criterion, one after another, each lowering what is left around it."""
    candidates = box.sobol(design.candidates, design.seed + 2 + len(x))
    u, taken = box.unit(candidates), box.unit(x)
    mean, sd = (np.asarray(a) for a in at_points(surrogate, u))
    spread = y.std(axis=0) + 1e-12
    worth = ((sd / spread) ** 2).sum(axis=1)
    if design.criterion == "eigf":
        nearest = ((u[:, None] - taken[None]) ** 2).sum(axis=2).argmin(axis=1)
        worth = worth + (((mean - y[nearest]) / spread) ** 2).sum(axis=1)
    reach, chosen = np.sqrt(u.shape[1]) * design.candidates ** (-1 / u.shape[1]), []
    for _ in range(min(design.batch, design.most - len(x))):
        best = int(np.argmax(worth))
        chosen.append(best)
        apart = np.sqrt(((u - u[best]) ** 2).sum(axis=1)) / reach
        worth = worth * (1 - np.exp(-0.5 * apart**2))
    return np.asarray(candidates[chosen])
