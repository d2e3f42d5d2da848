"""Where a model does not answer, and why, in words: a set without a single event, or a value outside its domain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from vitruvian.core import DataError
from vitruvian.learn.shapes import Feature, Rows
from vitruvian.learn.trust.interval import Interval, proportion
from vitruvian.learn.trust.sentences import value_in_words


def abstention(
    sets: Bool[np.ndarray, "n k"], events: Sequence[str], level: float = 0.9, rows: Rows | None = None
) -> tuple[Bool[np.ndarray, " n"], tuple[str, ...]]:
    """(whether the model abstains, why) for each of n rows; "" where it answers.

    Raises DataError where sets, events and rows differ.
    """
    if sets.shape[1:] != (len(events),) or (rows is not None and len(rows) != len(sets)):
        raise DataError("sets, events and rows differ", got=f"{sets.shape}, {len(events)} events")
    size = sets.sum(1)
    outside = np.zeros((len(sets), 0), bool) if rows is None else rows.outside
    beyond = outside.any(1)
    kinds, kind = np.unique(sets, axis=0, return_inverse=True)  # few: words are made once for each
    words = [_unsure(one, events, level) for one in kinds]
    why = [words[k] for k in kind.reshape(-1).tolist()]
    for i in np.flatnonzero(beyond).tolist():
        why[i] = " ".join([*_beyond(rows, i, outside[i]), why[i]]).rstrip()
    return (size != 1) | beyond, tuple(why)


def _unsure(held: Bool[np.ndarray, " k"], events: Sequence[str], level: float) -> str:
    if held.sum() == 1:
        return ""
    if not held.any():
        return "No outcome fits: such a person is unlike those the model was calibrated on."
    names = [f"“{name}”" for name, there in zip(events, held, strict=True) if there]
    return f"At {100 * level:g} % certainty neither {' nor '.join(names)} can be ruled out."


def _beyond(rows: Rows | None, i: int, outside: Bool[np.ndarray, " features"]) -> list[str]:
    if rows is None:
        return []
    return [_said(rows.features[j], float(rows.values[i, j])) for j in np.flatnonzero(outside)]


def _said(one: Feature, value: float) -> str:
    if one.kind == "category":
        return f"{one.title} is of a kind that the model does not know."
    low, high = (f"{end:g}" if end is not None else "" for end in (one.low, one.high))
    bounds = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"
    return f"{one.title} is {value_in_words(one, value)}, outside what the model was made for ({bounds})."


def selective(
    abstained: Bool[np.ndarray, " n"], sets: Bool[np.ndarray, "n k"], y: np.ndarray
) -> tuple[Interval, Interval]:
    """(share of rows answered, share of those answered rightly), each with Wilson's 95 % interval."""
    answered = ~abstained
    right = sets[np.arange(len(y)), np.asarray(y).astype(int)] & answered
    return proportion(int(answered.sum()), len(answered)), proportion(int(right.sum()), int(answered.sum()))
