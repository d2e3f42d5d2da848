"""Change control: a plan written before retraining says what the new model must not lose; then old against new.

Both are scored on one frozen set of people, named by its hash. A loss is judged by the far end of its interval, so
that too few people mean no.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError, InputError
from vitruvian.learn.trust.bootstrap import difference
from vitruvian.learn.trust.checking import of_people, pairs
from vitruvian.learn.trust.conformal import coverage
from vitruvian.learn.trust.reliability import expected_ratio, reliability

LEAST = 10
"""Events, and people without, below which a group is not judged, and that is said."""


@dataclass(frozen=True)
class Plan:
    """What is allowed to change. Losses are in units of the measure; ranges are (low, high), ends included.

    `frozen`: the hash of the frozen set (`Frozen.hash`). `slope` and `ratio` bound the new model's calibration;
    `group_ratio` that of every group; `group_auroc_loss` a group's loss; `coverage` how often sets hold each event.
    """

    name: str
    why: str
    frozen: str
    auroc_loss: float
    brier_loss: float
    slope: tuple[float, float]
    ratio: tuple[float, float]
    coverage: tuple[float, float] | None = None
    group_auroc_loss: float | None = None
    group_ratio: tuple[float, float] | None = None
    draws: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Frozen:
    """The frozen set: who, what came true, and their groups by attribute."""

    ids: Sequence[str]
    y: Bool[np.ndarray, " n"]
    people: np.ndarray | None = None
    groups: Mapping[str, Bool[np.ndarray, " n"]] | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of ids and outcomes, in order of id."""
        rows = sorted(f"{one}\t{int(came)}" for one, came in zip(self.ids, self.y, strict=True))
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


@dataclass(frozen=True)
class Check:
    """One demand of the plan: what was found, what is allowed, and whether it holds (None: could not be judged)."""

    what: str
    found: str
    allowed: str
    holds: bool | None


@dataclass(frozen=True)
class Decision:
    """Whether the new model may take the old one's place, with every check."""

    plan: Plan
    accepted: bool
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, or what could not be judged, in words."""
        bad = [f"{one.what}: {one.found}, allowed {one.allowed}." for one in self.checks if one.holds is False]
        return (*bad, *(f"{one.what} was not judged: {one.found}." for one in self.checks if one.holds is None))


def read_plan(path: str | Path) -> Plan:
    """A plan from a TOML file: the fields of `Plan`. Raises InputError for a file that is none, naming the field."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as a plan", got=error, todo="Write it as TOML.") from error
    known = {one.name: one for one in fields(Plan)}
    if unknown := sorted(set(data) - set(known)):
        raise InputError(f"{path.name}: no such field of a plan", got=", ".join(unknown), allowed=", ".join(known))
    if missing := [one for one in list(known)[:7] if one not in data]:
        raise InputError(f"{path.name}: a plan must say", allowed=", ".join(missing))
    return Plan(**{name: _field(path.name, name, str(known[name].type), value) for name, value in data.items()})


def _field(file: str, name: str, kind: str, value: object) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "str" and isinstance(value, str) and value:
        return value
    if kind == "int" and isinstance(value, int) and value >= 0:
        return value
    if kind.startswith("float") and number and float(value) >= 0:  # type: ignore[arg-type]
        return float(value)  # type: ignore[arg-type]
    if kind.startswith("tuple") and isinstance(value, list) and len(value) == 2 and value[0] < value[1]:
        return float(value[0]), float(value[1])
    allowed = "text" if kind == "str" else "[low, high]" if kind.startswith("tuple") else "a number, not below 0"
    raise InputError(f"{file}: {name}", got=value, allowed=allowed)


def decide(
    plan: Plan, frozen: Frozen, old: Float[np.ndarray, " n"], new: Float[np.ndarray, " n"],
    sets: Bool[np.ndarray, "n 2"] | None = None,
) -> Decision:  # fmt: skip
    """Judge the new model's probabilities (and prediction sets) against the old one's. What cannot be judged is no.

    Raises DataError where the set is not the frozen one of the plan, or rows differ.
    """
    if frozen.hash != plan.frozen:
        raise DataError(
            "this is not the frozen set of the plan", got=frozen.hash, allowed=plan.frozen,
            todo="Score the people that the plan names, or write a new plan before retraining.",
        )  # fmt: skip
    old, y = pairs(old, np.asarray(frozen.y))
    new, _ = pairs(new, y)
    checks = [
        _loss("AUROC", "auroc", plan.auroc_loss, plan, old, new, y, frozen.people),
        _loss("Brier score", "brier", plan.brier_loss, plan, old, new, y, frozen.people),
        *_calibration(plan, new, y, frozen.people), *_coverage(plan, sets, y), *_groups(plan, frozen, old, new, y),
    ]  # fmt: skip
    return Decision(plan, all(one.holds for one in checks), tuple(checks))


def recorded(decision: Decision, path: str | Path, when: str) -> None:
    """Append the decision, with plan, checks and reasons, to a file of JSON lines; on the disk when this returns.

    `when`: the moment, ISO 8601.
    """
    line = json.dumps({"when": when, **asdict(decision), "reasons": decision.reasons}, ensure_ascii=False)
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def _loss(
    what: str, measure: str, allowed: float, plan: Plan, old: np.ndarray, new: np.ndarray, y: np.ndarray,
    people: np.ndarray | None,
) -> Check:  # fmt: skip
    found = difference(new, old, y, measure, people=people, draws=plan.draws, seed=plan.seed)
    worst = found.high if measure == "brier" else -found.low
    return Check(f"{what}, new less old", f"{found.value:+.4f} ({found.low:+.4f} to {found.high:+.4f})",
                 f"a loss of at most {allowed:g} at the far end", worst <= allowed)  # fmt: skip


def _calibration(plan: Plan, new: np.ndarray, y: np.ndarray, people: np.ndarray | None) -> list[Check]:
    found = reliability(new, y, people=people)
    pairs_of = (("calibration slope", found.slope, plan.slope), ("expected over observed", found.ratio, plan.ratio))
    return [Check(what, str(one), _range(ends), ends[0] <= one.value <= ends[1]) for what, one, ends in pairs_of]


def _coverage(plan: Plan, sets: np.ndarray | None, y: np.ndarray) -> list[Check]:
    if plan.coverage is None:
        return []
    if sets is None:
        return [Check("coverage of sets", "no sets were given", _range(plan.coverage), None)]
    low, high = plan.coverage
    return [Check(f"coverage of event {k}", str(one), _range(plan.coverage), low <= one.value <= high)
            for k, one in enumerate(coverage(sets, y).by_event)]  # fmt: skip


def _groups(plan: Plan, frozen: Frozen, old: np.ndarray, new: np.ndarray, y: np.ndarray) -> list[Check]:
    checks = []
    for name, part in (frozen.groups or {}).items():
        here = y[part]
        if min(here.sum(), (~here).sum()) < LEAST:
            few = f"{int(here.sum())} events among {len(here)} rows"
            checks.append(Check(f"group {name}", f"{few}, too few to judge", f"{LEAST} of both outcomes", None))
            continue
        who = None if frozen.people is None else frozen.people[part]
        if plan.group_auroc_loss is not None:
            checks.append(_loss(f"AUROC of group {name}", "auroc", plan.group_auroc_loss, plan, old[part], new[part],
                                here, who))  # fmt: skip
        if (ends := plan.group_ratio) is not None:
            ratio = expected_ratio(new[part], here, of_people(len(here), who))
            holds = ends[0] <= ratio.value <= ends[1]
            checks.append(Check(f"expected over observed of group {name}", str(ratio), _range(ends), holds))
    return checks


def _range(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"
