"""Exact Shapley values of small trees for given patterns of answers."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

if TYPE_CHECKING:
    from vitruvian.learn.table.forest import Forest

_PLAYERS = 7
_TOGETHER = 16


def shapley_values(
    forest: Forest, pattern: UInt8[np.ndarray, "trees patterns"]
) -> Float[np.ndarray, "trees slots patterns"]:
    """How much each different column of each tree moved what the tree says, for patterns of answers.

    A set of known columns makes each of their questions follow its answer; the other questions go both ways, weighed by
    cover. A tree with fewer than seven columns is filled up with players who do nothing, who get nothing.
    """
    found = np.empty((len(forest), _PLAYERS, pattern.shape[1]))
    weights = _weights()
    for start in range(0, len(forest), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        found[some] = np.einsum("ks,tsp->tkp", weights, _said(forest, some, pattern[some]), optimize=True)
    return found


def _weights() -> Float[np.ndarray, "players sets"]:
    """What a player gets of what each set of players is worth."""
    sets = np.arange(2**_PLAYERS)
    size = np.array([int(one).bit_count() for one in sets])
    found = np.empty((_PLAYERS, len(sets)))
    for player in range(_PLAYERS):
        holds = (sets >> player) & 1 == 1
        before = np.where(holds, size - 1, size)
        share = np.array([factorial(n) * factorial(_PLAYERS - 1 - n) for n in before.clip(0, _PLAYERS - 1)])
        found[player] = np.where(holds, 1.0, -1.0) * share / factorial(_PLAYERS)
    return found


def _said(
    forest: Forest, some: slice, pattern: UInt8[np.ndarray, "trees patterns"]
) -> Float[np.ndarray, "trees sets patterns"]:
    """What trees say if only a set of their columns is known, from the last question up to the first."""
    left, right, slot = forest.left[some], forest.right[some], forest.slot[some]
    trees, questions = left.shape
    shape = (2**_PLAYERS, pattern.shape[1])
    value = np.zeros((questions + forest.value.shape[1], trees, *shape))
    cover = np.zeros((questions + forest.value.shape[1], trees))
    value[questions:] = forest.value[some].T[:, :, None, None]
    cover[questions:] = forest.cover[some].T
    sets, every = np.arange(2**_PLAYERS), np.arange(trees)
    for question in reversed(range(questions)):
        known = ((sets[None] >> slot[:, question, None]) & 1 == 1)[:, :, None]
        yes = ((pattern >> question) & 1 == 1)[:, None]
        ways = [np.where(child >= 0, child, questions + ~child) for child in (left[:, question], right[:, question])]
        counts = [cover[way, every] for way in ways]
        cover[question] = sum(counts)
        share = np.divide(counts[0], cover[question], out=np.full(trees, 0.5), where=cover[question] > 0)
        toward = np.where(known, yes, share[:, None, None])
        first, second = (value[way, every] for way in ways)
        value[question] = toward * first + (1.0 - toward) * second
    return value[0]
