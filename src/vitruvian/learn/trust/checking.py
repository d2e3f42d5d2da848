"""Predicted probabilities and what came true, checked before anything is measured on them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError, InputError


def pairs(p: Float[np.ndarray, " n"], y: np.ndarray) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Probabilities and outcomes (0/1 or boolean) of n rows.

    Raises DataError for lengths that differ, no rows, probabilities outside 0–1, outcomes that are neither.
    """
    p, y = np.asarray(p, float), np.asarray(y)
    if p.ndim != 1 or p.shape != y.shape:
        raise DataError(
            "probabilities and outcomes differ", got=f"{p.shape} and {y.shape}", allowed="one of each a row"
        )
    if not len(p):
        raise DataError("there are no rows to measure on")
    wrong = ~((p >= 0.0) & (p <= 1.0))
    if wrong.any():
        raise DataError("not a probability", got=f"{p[wrong][0]} in {wrong.sum()} of {len(p)} rows", allowed="0 to 1")
    if y.dtype != bool and (strange := ~np.isin(y, (0, 1))).any():
        raise DataError("not an outcome", got=f"{y[strange][0]} in {strange.sum()} of {len(y)} rows", allowed="0 or 1")
    return p, y.astype(bool)


def both(y: Bool[np.ndarray, " n"]) -> None:
    """Raises DataError where only one outcome is there, for nothing can be told apart then."""
    if y.all() or not y.any():
        raise DataError(
            f"all {len(y)} rows have the same outcome", got="yes" if y.all() else "no", allowed="both outcomes",
            todo="Measure where both occur, or leave this group or site out and say so.",
        )  # fmt: skip


def classes(probability: Float[np.ndarray, "n k"], y: np.ndarray) -> Int[np.ndarray, " n"]:
    """The index of what came true in each of n rows; probabilities of k events checked.

    Raises DataError for shapes that differ, no rows, rows that are no distribution, events that are none of the k.
    """
    known(probability)
    y = np.asarray(y)
    if y.shape != probability.shape[:1]:
        raise DataError("probabilities and outcomes differ", got=f"{probability.shape} and {y.shape}")
    k = probability.shape[1]
    index = y.astype(int)
    strange = (index != y) | (index < 0) | (index >= k)
    if strange.any():
        raise DataError(
            "not an event", got=f"{y[strange][0]} in {strange.sum()} of {len(y)} rows", allowed=f"0–{k - 1}"
        )
    return index


def known(probability: Float[np.ndarray, "n k"]) -> None:
    """Raises DataError where rows are no distributions over at least two events."""
    if probability.ndim != 2 or not len(probability) or probability.shape[1] < 2:
        raise DataError("not probabilities of events", got=probability.shape, allowed="(rows, two events or more)")
    wrong = ~((probability >= 0).all(1) & (np.abs(probability.sum(1) - 1.0) < 1e-6))
    if wrong.any():
        raise DataError("rows that are no distribution", got=f"{wrong.sum()} of {len(wrong)}", allowed="sums of 1")


def of_people(n: int, people: np.ndarray | None) -> Int[np.ndarray, " n"]:
    """Which person each of n rows is of, from 0; each its own without `people`. Raises DataError for another length."""
    if people is None:
        return np.arange(n)
    if len(people) != n:
        raise DataError("people and rows differ", got=len(people), allowed=n)
    return np.unique(np.asarray(people), return_inverse=True)[1].reshape(-1)


def level_of(level: float) -> float:
    """A level of coverage or confidence; raises InputError outside 0–1."""
    if not 0.0 < level < 1.0:
        raise InputError("level", got=level, allowed="above 0 and below 1, such as 0.9")
    return float(level)
