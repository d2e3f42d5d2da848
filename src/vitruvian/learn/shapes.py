"""What every learned model takes, and what it says."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError, InputError, Source


@dataclass(frozen=True)
class Feature:
    """One thing a learned model takes of a person: a number with a unit, or one of a few categories.

    `low` and `high` bound what the model may be asked about; outside them a row is flagged, never clipped.
    """

    name: str
    title: str
    unit: str = ""
    kind: Literal["number", "category"] = "number"
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    actionable: bool = False
    about: str = ""

    def __post_init__(self) -> None:
        if self.kind == "category" and not self.categories:
            raise InputError(f"feature {self.name} is a category without categories", todo="name what it may be.")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise InputError(
                f"the bounds of feature {self.name}", got=f"{self.low} to {self.high}", allowed="low below high"
            )


@dataclass(frozen=True)
class Target:
    """What a learned model says: an event within a horizon (ISO 8601 duration), competing events, or a number."""

    name: str
    title: str
    kind: Literal["binary", "competing", "number"] = "binary"
    events: tuple[str, ...] = ("no", "yes")
    horizon: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Rows:
    """People or moments (rows) by features (columns); NaN is missing, a category is its index."""

    features: tuple[Feature, ...]
    values: Float[np.ndarray, "rows features"]
    ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.features):
            raise DataError("rows and features differ", got=self.values.shape, allowed=f"(rows, {len(self.features)})")
        if self.ids and len(self.ids) != len(self.values):
            raise DataError("ids and rows differ", got=len(self.ids), allowed=len(self.values))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def outside(self) -> Bool[np.ndarray, "rows features"]:
        """Which values lie outside the bounds of their feature, or are no category of it."""
        low = np.array([0.0 if f.kind == "category" else -np.inf if f.low is None else f.low for f in self.features])
        high = np.array(
            [
                len(f.categories) - 1.0 if f.kind == "category" else np.inf if f.high is None else f.high
                for f in self.features
            ]
        )
        return (self.values < low) | (self.values > high)


@dataclass(frozen=True)
class Scores:
    """What a model says of each row: calibrated probabilities of events, and the set that keeps its promise.

    `sets[i, k]`: event k is in row i's prediction set at `level`. `abstained`: the model does not answer (both or no
    event in the set, or a value outside the domain); `why` says so, in words, per row ("" where it answers).
    """

    target: Target
    probability: Float[np.ndarray, "rows events"]
    sets: Bool[np.ndarray, "rows events"]
    abstained: Bool[np.ndarray, " rows"]
    why: tuple[str, ...]
    level: float = 0.9


@dataclass(frozen=True)
class Contributions:
    """How much each feature moved each row's margin (log-odds): `base + values.sum(axis=1) == margin`."""

    features: tuple[Feature, ...]
    base: Float[np.ndarray, " rows"]
    values: Float[np.ndarray, "rows features"]
    margin: Float[np.ndarray, " rows"]


@dataclass(frozen=True)
class Manifest:
    """Where a trained model comes from: data, split, seeds, versions; what its model card repeats."""

    data: Mapping[str, str] = field(default_factory=dict)
    """Name of each data file or cohort, and its md5."""
    split: str = ""
    """Hash of the rows' ids in each part."""
    seed: int = 0
    rows: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    trained: str = ""
    """When, ISO 8601."""
    settings: Mapping[str, Any] = field(default_factory=dict)


class Kept(ABC):
    """Whatever was learned and can be kept as a folder: what it takes, what it says, where it comes from."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest


class Learned(Kept):
    """A model learned from many people, applied to one: frozen, with sources, a domain, and trust measured."""

    @abstractmethod
    def predict(self, rows: Rows) -> Scores:
        """Calibrated probabilities and sets. Raises DataError where the rows' features are not the model's."""

    @abstractmethod
    def explain(self, rows: Rows) -> Contributions:
        """What moved each row's margin. Raises DataError where the rows' features are not the model's."""
