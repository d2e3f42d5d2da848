"""Golden rows of the drug library: published or independently computed numbers that each model must reproduce.

They lie as `golden.toml` beside the models, inside the wheel; tests and evidence read the same rows.
The format is described in `docs/adding_a_drug.md`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.model import Dose, Model, Schedule, compile_events, hours, simulate
from vitruvian.pharmacology.library import find_model, home

Kind = Literal["parameter", "half_life", "concentration", "auc", "time_above"]
_GRID = 1024
_FIELDS = {"id", "model", "kind", "expected", "unit", "source", "inputs", "quantity", "output", "rtol", "atol"}


@dataclass(frozen=True)
class Golden:
    """One row: `expected` numbers in `unit`, for `model` under `inputs`, within rtol·|expected| + atol."""

    id: str
    model: str
    kind: Kind
    expected: tuple[float, ...]
    unit: str
    source: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    quantity: str = ""
    output: str = "concentration"
    rtol: float = 0.0
    atol: float = 0.0

    def evaluate(self, model: Model | None = None) -> Float[np.ndarray, " n"]:
        """What the model gives: one number per expected one."""
        chosen = find_model(self.model) if model is None else model
        if self.kind in ("parameter", "half_life"):
            return np.array([_of_person(self, chosen)])
        if self.kind == "concentration":
            return _curve(self, chosen, np.array([hours(t) for t in self.inputs["times"]]))
        start, end = (hours(t) for t in self.inputs["window"])
        times = _grid(_schedule(self), start, end)
        values = _curve(self, chosen, times)
        if self.kind == "auc":
            return np.array([np.trapezoid(values, times)])
        return np.array([100 * _time_above(times, values, float(self.inputs["threshold"])) / (end - start)])


def read_goldens(drug: str) -> tuple[Golden, ...]:
    """The rows of one drug of the library; empty if it has none. Raises `DataError` for a malformed row."""
    path = files(home(drug)).joinpath("golden.toml")
    if not path.is_file():
        return ()
    return tuple(parse_golden(row) for row in tomllib.loads(path.read_text(encoding="utf-8")).get("golden", []))


def parse_golden(row: Mapping[str, Any]) -> Golden:
    """One row as it stands in the file. Raises `DataError` for unknown fields or a missing tolerance."""
    if unknown := set(row) - _FIELDS:
        raise DataError("a golden row has unknown fields", got=", ".join(sorted(unknown)), allowed=sorted(_FIELDS))
    expected = row["expected"]
    golden = Golden(**{**row, "expected": tuple(map(float, expected if isinstance(expected, list) else [expected]))})
    if golden.rtol <= 0 and golden.atol <= 0:
        raise DataError(f"golden row {golden.id} has no tolerance", todo="Give rtol or atol.")
    return golden


def _eta(golden: Golden, model: Model, occasions: int = 0) -> Float[np.ndarray, " e"]:
    given = dict(golden.inputs.get("eta", {}))
    eta = np.array([given.pop(name, 0.0) for name in model.eta_names(occasions)])
    if given:
        raise DataError(f"golden row {golden.id} has unknown etas", got=list(given), allowed=model.eta_names(occasions))
    return eta


def _of_person(golden: Golden, model: Model) -> float:
    covariates = {"TIME": 0.0, **{k: float(v) for k, v in golden.inputs.get("covariates", {}).items()}}
    p = model.individual(model.theta, jnp.asarray(_eta(golden, model)), covariates)
    if golden.kind == "parameter":
        return float(p[golden.quantity])
    slowest = np.min(-np.linalg.eigvals(np.asarray(model.matrix(p))).real)
    return float(np.log(2) / slowest)


def _schedule(golden: Golden) -> Schedule:
    return Schedule(tuple(Dose(**dose) for dose in golden.inputs["doses"]))


def _curve(golden: Golden, model: Model, times: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    subject = _schedule(golden).to_subject(model, times, golden.inputs.get("covariates", {}), output=golden.output)
    table = compile_events(model, [subject])
    eta = _eta(golden, model, table.n_occasions)[None]
    found = simulate(model, table, eta=eta)[0, :, model.output_index(golden.output)]
    rows = np.asarray(table.observations.exists[0])
    observed = subject.evid[np.asarray(table.observations.record[0])[rows]] == 0
    return np.asarray(found)[rows][observed]


def _grid(schedule: Schedule, start: float, end: float) -> Float[np.ndarray, " k"]:
    """Times from start to end, dense, with both sides of every dose's start and end."""
    starts = [t for t, _, _ in schedule.given(end)]
    ends = [t + (d.duration or 0.0) for d in schedule.doses for t, _, _ in Schedule((d,)).given(end)]
    kinks: Sequence[float] = [x for t in (*starts, *ends) for x in (t - 1e-9, t) if start <= x <= end]
    return np.unique(np.concatenate([np.linspace(start, end, _GRID - len(kinks)), kinks]))


def _time_above(t: Float[np.ndarray, " k"], y: Float[np.ndarray, " k"], level: float) -> float:
    """Time during which the polygon (t, y) lies above `level`."""
    low, high = np.minimum(y[1:], y[:-1]), np.maximum(y[1:], y[:-1])
    part = np.clip((high - level) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    return float(np.sum(np.diff(t) * np.where(high > low, part, y[1:] > level)))
