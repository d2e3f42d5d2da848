"""What sites agree to train before they begin: features with units, model, algorithm, privacy. A TOML file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from vitruvian.core import InputError, UnknownNameError, content_hash
from vitruvian.learn import Feature, Target

Algorithm = Literal["newton", "fedavg", "fedprox", "scaffold"]
SITES = 3
"""Fewer sites make no secure sum: of two, each would know the other's part."""


@dataclass(frozen=True)
class Privacy:
    """Differential privacy of patients: noise, clip and sampling of each round, for the training as a whole.

    `noise`: standard deviation over `clip`, of the noise in the sum of all sites; `sampled`: share of patients that
    take part in a round, each on their own chance (Poisson); `statistics`: noise of the means and deviations.
    """

    noise: float
    clip: float = 1.0
    sampled: float = 0.1
    delta: float = 1e-5
    statistics: float = 4.0

    def __post_init__(self) -> None:
        if not (
            self.noise > 0 and self.clip > 0 and 0 < self.sampled <= 1 and 0 < self.delta < 1 and self.statistics > 0
        ):
            raise InputError("the privacy of a plan", got=self, allowed="numbers above 0, sampled and delta up to 1")


@dataclass(frozen=True)
class Plan:
    """One training across sites.

    `hidden`: width of the hidden layer of a small network; 0: logistic regression. `newton` is for logistic
    regression and gives what pooled data would give. `penalty`: ridge, on the sum over all patients for `newton`, on
    the mean otherwise. `personal`: each site keeps the last layer to itself. `threshold`: sites that a sum needs
    (0: more than half). `fold` of `folds` is held out for evaluation, by a hash of the person. `wait`: seconds.
    """

    name: str
    target: Target
    features: tuple[Feature, ...]
    algorithm: Algorithm = "fedavg"
    hidden: int = 0
    rounds: int = 20
    local_steps: int = 20
    batch: int = 64
    learning_rate: float = 0.1
    proximal: float = 0.01
    penalty: float = 1e-3
    personal: bool = False
    threshold: int = 0
    folds: int = 5
    fold: int = 0
    evaluate: bool = True
    seed: int = 0
    wait: float = 600.0
    privacy: Privacy | None = None

    def __post_init__(self) -> None:
        if self.algorithm not in get_args(Algorithm):
            raise UnknownNameError("algorithm of a plan", got=self.algorithm, allowed=", ".join(get_args(Algorithm)))
        if self.algorithm == "newton" and (self.hidden or self.privacy or self.personal):
            raise InputError("newton is for logistic regression without noise", todo="Take fedavg.")
        if self.privacy and (self.personal or self.algorithm != "fedavg"):
            raise InputError("privacy is for fedavg with one model for all", got=self.algorithm)
        if self.personal and not self.hidden:
            raise InputError("a personal last layer needs a hidden one", todo="Set hidden.")
        if not self.features or len({one.name for one in self.features}) != len(self.features):
            raise InputError("features of a plan", allowed="one or more, each named once")
        if self.privacy and any(f.kind == "number" and (f.low is None or f.high is None) for f in self.features):
            raise InputError("privacy needs the bounds of each number", todo="Give low and high of every feature.")
        counts = (self.rounds, self.local_steps, self.batch, self.folds - 1, self.hidden + 1, self.folds - self.fold)
        if min(counts) < 1 or self.fold < 0 or not (self.learning_rate > 0 and self.penalty >= 0 and self.wait > 0):
            raise InputError("numbers of a plan", allowed="counts and rates above 0, fold below folds")

    @property
    def sums(self) -> int:
        """Secure sums of the whole training: statistics, rounds, evaluation."""
        return self.rounds + 2

    @property
    def fingerprint(self) -> str:
        """A hash of everything that was agreed."""
        return content_hash(json.dumps(plain(self), sort_keys=True).encode())

    def needed(self, sites: int) -> int:
        """How many of `sites` a sum needs. Raises InputError for half or fewer, and for fewer than three sites."""
        least = self.threshold or sites // 2 + 1
        if sites < SITES or not sites / 2 < least <= sites:
            raise InputError(
                "sites of a federated training",
                got=f"{sites}, {least} of them needed",
                allowed=f"{SITES} or more sites",
            )
        return least


def read_plan(path: Path) -> Plan:
    """A plan from TOML: the fields of `Plan`, `[target]`, `[[feature]]`, `[privacy]`. Raises InputError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is no TOML", got=error) from error
    return plan_of(data)


def plan_of(data: Mapping[str, Any]) -> Plan:
    """A plan from plain data, as `plain` gives it."""
    rest = {key: value for key, value in data.items() if key not in ("target", "feature", "privacy")}
    features = tuple(
        _made(Feature, {"title": one.get("name"), **one, "categories": tuple(one.get("categories", ()))}, "feature")
        for one in data.get("feature", ())
    )
    target = {"title": data.get("target", {}).get("name"), **data.get("target", {})}
    target["events"] = tuple(target.get("events", ("no", "yes")))
    privacy = _made(Privacy, data["privacy"], "privacy") if data.get("privacy") else None
    named = {"target": _made(Target, target, "target"), "features": features, "privacy": privacy}
    return _made(Plan, {**rest, **named}, "plan")


def plain(plan: Plan) -> dict[str, Any]:
    """A plan as plain data, for a message."""
    from dataclasses import asdict

    data = asdict(plan)
    data["feature"] = data.pop("features")
    return data


def _made(kind: type, values: Mapping[str, Any], what: str) -> Any:
    known = {one.name for one in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise UnknownNameError(f"{what} of a plan", got=", ".join(unknown), allowed=", ".join(sorted(known)))
    try:
        return kind(**values)
    except TypeError as error:
        raise InputError(f"{what} of a plan is not whole", got=error) from error
