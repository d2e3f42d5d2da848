"""Held-out prediction error: levels foretold before any level, and each next one from those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError
from vitruvian.infer import map_estimate
from vitruvian.model import Model, Subject, compile_events, simulate
from vitruvian.systems.hybrid.people import Cut, before_each, places


@dataclass(frozen=True)
class Foretold:
    """Levels of people, and what was foretold of each."""

    person: Int[np.ndarray, " m"]
    observed: Float[np.ndarray, " m"]
    predicted: Float[np.ndarray, " m"]

    @property
    def rmse(self) -> float:
        """Root mean squared error."""
        return float(np.sqrt(((self.predicted - self.observed) ** 2).mean()))

    @property
    def mae(self) -> float:
        """Mean absolute error."""
        return float(np.abs(self.predicted - self.observed).mean())

    @property
    def mdpe(self) -> float:
        """Median prediction error, share of the level: the bias."""
        return float(np.median(self._relative))

    @property
    def mdape(self) -> float:
        """Median absolute prediction error, share of the level."""
        return float(np.median(np.abs(self._relative)))

    @property
    def _relative(self) -> Float[np.ndarray, " m"]:
        return (self.predicted - self.observed) / self.observed


def before_levels(model: Model, people: Sequence[Subject]) -> Foretold:
    """Every level foretold from covariates alone, at the typical individual of `model`."""
    cut = before_each(people)
    table = compile_events(model, [c.subject for c in cut])
    return _foretold(cut, simulate(model, table)[np.arange(len(cut)), places(table, cut), 0])


def next_levels(model: Model, people: Sequence[Subject]) -> Foretold:
    """Every level but the first, foretold at the mode given the levels before it.

    Raises `DataError` where nobody has two levels.
    """
    cut = [c for c in before_each(people) if c.before]
    if not cut:
        raise DataError("nobody has two levels", got=f"{len(people)} people")
    table = compile_events(model, [c.subject for c in cut])
    found = map_estimate(model, table).require_converged().ipred
    return _foretold(cut, found[np.arange(len(cut)), places(table, cut)])


def _foretold(cut: Sequence[Cut], predicted: Float[np.ndarray, " m"]) -> Foretold:
    return Foretold(np.array([c.person for c in cut]), np.array([c.level for c in cut]), predicted)
