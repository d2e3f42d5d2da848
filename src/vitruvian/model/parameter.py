"""What a model declares about itself: parameters, variability, covariates, residual error, outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vitruvian.core import InputError, Source, UnknownNameError

Distribution = Literal["lognormal", "normal", "proportional", "logit", "boxcox"]
Stated = Literal["variance", "CV", "SD"]
ErrorForm = Literal["none", "additive", "proportional", "combined_sum", "combined_squares", "log"]


@dataclass(frozen=True)
class Parameter:
    """A fixed effect: typical value with unit, bounds and source (`None`: the model's own source)."""

    name: str
    value: float
    unit: str
    description: str = ""
    lower: float = float("-inf")
    upper: float = float("inf")
    source: Source | None = None


def check_values(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> None:
    """Raises `UnknownNameError` for a value of no parameter, `InputError` for one outside its bounds or no number."""
    known = {one.name: one for one in parameters}
    for name, value in values.items():
        if name not in known:
            raise UnknownNameError("no such parameter", got=name, allowed=", ".join(known))
        one, found = known[name], np.asarray(value, float)
        if not (np.isfinite(found) & (found >= one.lower) & (found <= one.upper)).all():
            wrong = found[~(np.isfinite(found) & (found >= one.lower) & (found <= one.upper))].flat[0]
            allowed = f"{one.lower:g} to {one.upper:g} {one.unit}"
            raise InputError(f"{name} is out of range", got=f"{wrong:g}", allowed=allowed)


@dataclass(frozen=True)
class Variability:
    """Between-person (`variance`) and between-occasion (`occasion_variance`) variability of one typical quantity.

    `of` is a key of the mapping that the model's `typical` returns. The individual value is, by `distribution`:
    lognormal tv·exp(η); normal tv+η; proportional tv·(1+η); logit expit(logit(tv)+η);
    boxcox tv·exp((exp(η)^shape − 1)/shape). Variances are variances of η; `stated` keeps how the source gave them.
    """

    of: str
    variance: float
    distribution: Distribution = "lognormal"
    occasion_variance: float = 0.0
    stated: str = "variance"
    shape: float = 0.0
    source: Source | None = None


@dataclass(frozen=True)
class Covariate:
    """What a model needs to know of a person.

    `soft` is the range of the population studied (outside: a warning), `hard` the range in which the model may be
    used at all (outside: a refusal). `default` is used only where the source itself states one; `None` means
    required. `categories` lists the allowed values of a coded covariate, code → meaning.
    """

    name: str
    unit: str
    description: str = ""
    soft: tuple[float, float] = (float("-inf"), float("inf"))
    hard: tuple[float, float] = (float("-inf"), float("inf"))
    default: float | None = None
    categories: dict[float, str] | None = None
    frequencies: dict[float, float] | None = None  # population frequencies: unknown value = mixture over these
    creatinine_floor: float = 0.0  # mg/dL: a creatinine clearance counts lower creatinine as this
    floor_above_age: float = 0.0  # years: the floor holds for people older than this


@dataclass(frozen=True)
class ResidualError:
    """Residual error of one output.

    SD of an observation with prediction f: additive a; proportional b·f; combined_sum a+b·f;
    combined_squares √(a²+b²f²); log: additive SD a on the logarithm of observation and prediction.
    `assumed` says that the source did not report it, and where the value comes from.
    """

    form: ErrorForm
    additive: float = 0.0
    proportional: float = 0.0
    assumed: str | None = None


@dataclass(frozen=True)
class Output:
    """A named observable of a model, with unit and residual error."""

    name: str
    unit: str
    error: ResidualError
    description: str = ""
