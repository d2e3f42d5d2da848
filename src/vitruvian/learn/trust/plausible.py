"""What values people of a model have: kept with it, so that what-ifs stay among them, without keeping the people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core import DataError
from vitruvian.learn.shapes import Feature, Rows

_CENTRAL = (0.05, 0.25, 0.75, 0.95)
_FEW = 10
"""Of fewer people nothing is told; a category that fewer have is not plausible."""


@dataclass(frozen=True)
class Plausible:
    """By feature: of a number (5 %, 25 %, 75 %, 95 % of people), of a category the indices that people have."""

    values: Mapping[str, tuple[float, ...]]

    def to_dict(self) -> dict[str, list[float]]:
        """Plain data, read by `plausible_of`."""
        return {name: list(some) for name, some in self.values.items()}

    def spread(self, feature: Feature) -> float:
        """Interquartile range of a number, at least a tenth of the central nine tenths."""
        low, first, third, high = self.values[feature.name]
        return max(third - first, 0.1 * (high - low), 1e-12)


def plausible(rows: Rows, names: Sequence[str] | None = None) -> Plausible:
    """Of rows of people, for the features that can be acted on (or those named)."""
    found = {}
    for j, one in enumerate(rows.features):
        if one.actionable if names is None else one.name in names:
            there = rows.values[np.isfinite(rows.values[:, j]), j]
            if one.kind == "category":
                kinds, counts = np.unique(there, return_counts=True)
                found[one.name] = tuple(map(float, kinds[counts >= _FEW]))
            elif len(there) >= _FEW:
                found[one.name] = tuple(map(float, np.quantile(there, _CENTRAL)))
    return Plausible(found)


def plausible_of(data: Mapping[str, Any]) -> Plausible:
    """What `to_dict` wrote. Raises DataError for anything else."""
    try:
        return Plausible({str(name): tuple(map(float, some)) for name, some in data.items()})
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError("not the plausible values of a model", got=str(data)[:80]) from error
