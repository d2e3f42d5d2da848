"""Boosted trees of at most eight leaves as arrays, scored and explained by looking answers up.

A tree of eight leaves asks seven questions (is a column at most a threshold?), so what it says, and how much each
column moved it, depends on one of 128 patterns of answers: both are tables, filled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, UInt8

from vitruvian.core import DataError
from vitruvian.learn.table.shapley import shapley_values

QUESTIONS, LEAVES, PATTERNS = 7, 8, 128
LEFT, RIGHT, ZERO = 0, 1, 2
"""Where a missing value goes: left, right, or wherever 0 goes."""
_BLOCK = 1024
_FEW = 32
_ARRAYS = ("column", "threshold", "missing", "left", "right", "value", "cover")


@dataclass(frozen=True)
class Forest:
    """T trees over C columns. Children ≥ 0 are questions, below 0 leaves (~leaf); a question's children come after it.

    `cover` is how many training rows ended in each leaf; it weighs the branches where a column is left unknown.
    """

    columns: int
    column: Int[np.ndarray, "trees questions"]
    threshold: Float[np.ndarray, "trees questions"]
    missing: Int[np.ndarray, "trees questions"]
    left: Int[np.ndarray, "trees questions"]
    right: Int[np.ndarray, "trees questions"]
    value: Float[np.ndarray, "trees leaves"]
    cover: Float[np.ndarray, "trees leaves"]

    def __post_init__(self) -> None:
        questions, leaves = (len(self.column), QUESTIONS), (len(self.column), LEAVES)
        asked = (self.column, self.threshold, self.missing, self.left, self.right)
        if any(one.shape != questions for one in asked) or self.value.shape != leaves or self.cover.shape != leaves:
            raise DataError("these arrays are no forest", got=self.column.shape, allowed=questions)
        later = np.arange(QUESTIONS)
        for child in (self.left, self.right):
            if ((child >= 0) & (child <= later)).any() or (child >= QUESTIONS).any() or (child < -LEAVES).any():
                raise DataError("a tree leads back to itself or nowhere")
        if len(self.column) and not 0 <= self.column.min() <= self.column.max() < self.columns:
            raise DataError("a tree asks for a column that is not there", got=self.column.max(), allowed=self.columns)

    def __len__(self) -> int:
        return len(self.column)

    def margin(self, x: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " rows"]:
        """The sum of what the trees say of each row; NaN is missing."""
        found = np.empty(len(x))
        for start in range(0, len(x), _BLOCK):
            place = self._patterns(x[start : start + _BLOCK]).astype(np.intp) + self._row[:, None]
            found[start : start + _BLOCK] = self._said.reshape(-1).take(place).sum(0)
        return found

    def contributions(self, x: Float[np.ndarray, "rows columns"]) -> tuple[float, Float[np.ndarray, "rows columns"]]:
        """(what the trees say of nobody in particular, how much each column moved each row); sums to the margin.

        Exact Shapley values where an unknown column is weighed by `cover` (Lundberg SM et al. Nat Mach Intell
        2020;2:56, path-dependent).
        """
        found = np.zeros((self.columns, len(x)))
        for start in range(0, len(x), _BLOCK):
            pattern = self._patterns(x[start : start + _BLOCK])
            if len(x) <= _FEW:
                moved = shapley_values(self, pattern)
                pattern = np.broadcast_to(np.arange(pattern.shape[1]), pattern.shape)
            else:
                moved = self._moved
            there = found[:, start : start + _BLOCK]
            for tree in range(len(self)):
                for slot in range(self.slots[tree]):
                    there[self.slot_column[tree, slot]] += moved[tree, slot].take(pattern[tree])
        return self.base, found.T

    @cached_property
    def base(self) -> float:
        """The mean over training rows of what the trees say."""
        return float(((self.value * self.cover).sum(1) / self.cover.sum(1)).sum())

    @cached_property
    def slot_column(self) -> Int[np.ndarray, "trees questions"]:
        """The different columns that each tree asks for, the first `slots` of a row; a column may be asked twice."""
        return self._slotted[0]

    @cached_property
    def slot(self) -> Int[np.ndarray, "trees questions"]:
        """Which of its tree's `slot_column` each question asks for."""
        return self._slotted[1]

    @cached_property
    def slots(self) -> Int[np.ndarray, " trees"]:
        """How many different columns each tree asks for."""
        return self.slot.max(1) + 1

    @cached_property
    def reached(self) -> Int[np.ndarray, "trees patterns"]:
        """The leaf that each pattern of answers (bit k: question k answered with yes, go left) leads to."""
        trees, bits = np.arange(len(self))[:, None], (np.arange(PATTERNS)[None] >> np.arange(QUESTIONS)[:, None]) & 1
        at = np.zeros((len(self), PATTERNS), np.int64)
        for _ in range(QUESTIONS):
            asked = np.maximum(at, 0)
            yes = bits[asked, np.arange(PATTERNS)[None]] == 1
            step = np.where(yes, self.left[trees, asked], self.right[trees, asked])
            at = np.where(at >= 0, step, at)
        return ~at

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name; `forest_of` reads them."""
        return {"columns": np.array(self.columns), **{name: getattr(self, name) for name in _ARRAYS}}

    @cached_property
    def _said(self) -> Float[np.ndarray, "trees patterns"]:
        return np.take_along_axis(self.value, self.reached, 1)

    @cached_property
    def _moved(self) -> Float[np.ndarray, "trees slots patterns"]:
        every = np.broadcast_to(np.arange(PATTERNS, dtype=np.uint8), (len(self), PATTERNS))
        return shapley_values(self, every)

    @cached_property
    def _row(self) -> Int[np.ndarray, " trees"]:
        return np.arange(len(self)) * PATTERNS

    @cached_property
    def _slotted(self) -> tuple[np.ndarray, np.ndarray]:
        columns, slot = np.zeros_like(self.column), np.zeros_like(self.column)
        for tree, asked in enumerate(self.column):
            own, slot[tree] = np.unique(asked, return_inverse=True)
            columns[tree, : len(own)] = own
        return columns, slot

    @cached_property
    def _asked(self) -> _Asked:
        return _Asked.of(self)

    def _patterns(self, x: Float[np.ndarray, "rows columns"]) -> UInt8[np.ndarray, "trees rows"]:
        """What each row answers to each tree, as the bits of a number."""
        asked = self._asked
        turned = np.ascontiguousarray(x.T)
        for column in asked.zero:
            turned[column] = np.where(np.isnan(turned[column]), 0.0, turned[column])
        answers = np.empty((len(asked.place), len(x)), bool)
        for column, start, end, above in asked.runs:
            compare = np.greater if above else np.less_equal
            compare(turned[column], asked.threshold[start:end], out=answers[start:end])
        bits = answers.view(np.uint8)[asked.place].reshape(len(self), QUESTIONS, len(x))
        found = bits[:, 0] ^ asked.turned
        for k in range(1, QUESTIONS):
            found ^= bits[:, k] << k
        return found


@dataclass(frozen=True)
class _Asked:
    """The questions of a forest in order of their columns, so that a column is compared with its thresholds at once.

    "Above" is asked where a missing value goes left, since NaN is neither above nor at most anything: the answer is
    turned round by `turned`. `zero`: columns in which a missing value counts as 0.
    """

    runs: tuple[tuple[int, int, int, bool], ...]
    threshold: Float[np.ndarray, "questions 1"]
    place: Int[np.ndarray, " questions"]
    turned: UInt8[np.ndarray, "trees 1"]
    zero: tuple[int, ...]

    @classmethod
    def of(cls, forest: Forest) -> _Asked:
        above, column = (forest.missing == LEFT).reshape(-1), forest.column.reshape(-1)
        group = column * 2 + above
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        ends = np.append(starts[1:], len(order))
        runs = [
            (int(group[order[a]]) // 2, int(a), int(b), bool(above[order[a]]))
            for a, b in zip(starts, ends, strict=True)
        ]
        turned = np.packbits(above.reshape(-1, QUESTIONS), axis=1, bitorder="little")
        zero = np.unique(forest.column[forest.missing == ZERO])
        return cls(
            tuple(runs), forest.threshold.reshape(-1)[order, None], np.argsort(order), turned, tuple(zero.tolist())
        )


def forest_of(arrays: Mapping[str, np.ndarray]) -> Forest:
    """The forest that `to_arrays` told of. Raises DataError where the arrays are none."""
    return Forest(int(arrays["columns"]), *(arrays[name] for name in _ARRAYS))


def joined(forests: tuple[Forest, ...]) -> Forest:
    """The mean of several forests over the same columns, as one forest."""
    first = forests[0]
    if any(one.columns != first.columns for one in forests):
        raise DataError("forests of different columns", got=", ".join(str(one.columns) for one in forests))
    arrays = {name: np.concatenate([getattr(one, name) for one in forests]) for name in _ARRAYS}
    arrays["value"] = arrays["value"] / len(forests)
    return Forest(first.columns, *arrays.values())
