"""Numbers that goals are about, from curves at the nodes of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError
from vitruvian.twin.window import Window

if TYPE_CHECKING:
    from vitruvian.pharmacology import Target


def metric(target: Target, where: Window, curve: Float[np.ndarray, "*batch k"]) -> Float[np.ndarray, "*batch"]:
    """Value of `target.metric` over the window, in the output's unit (AUCs: output unit · h; time_above: %).

    `curve` holds the output at `where.time`. Raises `InputError` for an unknown metric.
    """
    values = curve * target.unbound
    match target.metric:
        case "auc24":
            return _integral(where, values) * (24.0 / where.length)
        case "cumulative_auc":
            return _integral(where, values)
        case "average":
            return _integral(where, values) / where.length
        case "trough" | "inr":
            return values[..., -1]
        case "peak":
            return values.max(axis=-1)
        case "time_above":
            return time_above(where, values, threshold(target))
    raise InputError("unknown metric", got=target.metric, allowed="auc24, cumulative_auc, average, trough, peak, …")


def time_above(where: Window, values: Float[np.ndarray, "*batch k"], limit: float) -> Float[np.ndarray, "*batch"]:
    """Percent of the window with values above `limit`, crossings found on the chord between nodes."""
    time = np.concatenate([[where.start], where.time])
    first = values[..., -1:]  # periodic: the window opens where it ends
    values = np.concatenate([first, values], axis=-1)
    low, high = values[..., :-1] - limit, values[..., 1:] - limit
    span = np.diff(time)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = np.clip(low / (low - high), 0.0, 1.0)
    share = np.where(low > 0, np.where(high > 0, 1.0, crossing), np.where(high > 0, 1.0 - crossing, 0.0))
    return 100.0 * (share * span).sum(axis=-1) / where.length


def threshold(target: Target) -> float:
    """Concentration that time_above counts from, in the output's unit."""
    base = target.threshold if target.threshold is not None else 1.0
    if target.per_mic:
        if target.mic is None:
            raise InputError(f"target {target.name!r} needs the MIC", todo="Give the MIC in mg/L.")
        return base * target.mic
    if target.threshold is None:
        raise InputError(f"target {target.name!r} has no threshold", todo="Give a concentration.")
    return base


def limits(target: Target) -> tuple[float, float]:
    """(low, high) of the target as plain numbers, multiples of the MIC resolved."""
    scale = target.mic if target.per_mic and target.metric != "time_above" else 1.0
    if scale is None:
        raise InputError(f"target {target.name!r} needs the MIC", todo="Give the MIC in mg/L.")
    return target.low * scale, target.high * scale


def _integral(where: Window, values: Float[np.ndarray, "*batch k"]) -> Float[np.ndarray, "*batch"]:
    return values @ where.weight
