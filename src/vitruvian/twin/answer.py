"""What the twin answers: everything the page shows, as plain immutable data with units."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from vitruvian.core import SolveError

Severity = Literal["refusal", "warning", "note"]


@dataclass(frozen=True)
class Band:
    """Quantiles (5, 25, 50, 75, 95 %) of one output over time; times in hours from the moment asked about."""

    time_h: tuple[float, ...]
    q05: tuple[float, ...]
    q25: tuple[float, ...]
    q50: tuple[float, ...]
    q75: tuple[float, ...]
    q95: tuple[float, ...]
    unit: str
    output: str


@dataclass(frozen=True)
class Interval:
    """Median and 90 % interval of one quantity."""

    median: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.low)}–{_short(self.high)}) {self.unit}"


@dataclass(frozen=True)
class Option:
    """One regimen and what it would do to this person."""

    regimen: str
    dose: float
    dose_unit: str
    interval_h: float
    route: str
    duration_h: float | None
    loading_dose: float | None
    daily_dose: float
    label: str
    """"standard", "personalised", "current" or ""."""
    metric: Interval
    p_target: float
    p_below: float
    p_above: float
    p_harm: dict[str, float]
    utility: float
    allowed: bool
    why: str
    band: Band | None = None
    per_model: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Model name → (P(target), median of the metric): how far the models disagree."""
    first_h: float | None = None
    """Hours from the moment asked about to the first dose; `None` where no curve was drawn."""


@dataclass(frozen=True)
class Message:
    """What the guard says; a refusal stops the recommendation."""

    severity: Severity
    code: str
    text: str
    todo: str = ""
    source: str = ""


@dataclass(frozen=True)
class Used:
    """One piece of data the answer rests on, with where it came from."""

    name: str
    value: str
    when: str
    age_h: float | None
    origin: str
    fact_id: str = ""


@dataclass(frozen=True)
class Given:
    """One dose given, `time_h` hours from the moment asked about."""

    when: str
    time_h: float
    amount: float
    unit: str


@dataclass(frozen=True)
class Level:
    """One measured level, what the model expected, and what it taught."""

    when: str
    time_h: float
    value: float
    unit: str
    output: str
    predicted: Interval
    p_value: float
    influence: float
    remark: str = ""


@dataclass(frozen=True)
class Learned:
    """One individual parameter: before and after this person's data."""

    parameter: str
    unit: str
    prior: Interval
    posterior: Interval
    learned: float
    """1 − posterior variance / prior variance of its logarithm: 0 nothing, 1 all."""


@dataclass(frozen=True)
class ModelUsed:
    """One published model in the answer."""

    name: str
    title: str
    weight: float
    source: str
    status: str
    method: str
    effective_samples: float | None
    pareto_k: float | None
    converged: bool


@dataclass(frozen=True)
class NextLevel:
    """When a further level teaches most."""

    when: str
    time_h: float
    output: str
    reduction: float
    text: str


@dataclass(frozen=True)
class GoalStated:
    """The goal in words and numbers."""

    name: str
    metric: str
    output: str
    low: float | None
    high: float | None
    unit: str
    when: str
    basis: str
    source: str
    harms: tuple[str, ...] = ()
    title: str = ""
    """Name of the metric for people, its threshold included: "time above 8 mg/L"."""


@dataclass(frozen=True)
class Answer:
    """A recommendation with its uncertainty, reasons and refusals; a person decides."""

    patient: str
    drug: str
    asked_at: str
    sentence: str
    refused: bool
    goal: GoalStated | None
    options: tuple[Option, ...]
    recommended: int | None
    standard: int | None
    exact_dose: float | None
    exact_dose_text: str
    messages: tuple[Message, ...]
    reasons: tuple[str, ...]
    data_used: tuple[Used, ...]
    levels: tuple[Level, ...]
    past: Band | None
    learned: tuple[Learned, ...]
    models: tuple[ModelUsed, ...]
    spread: str
    next_level: NextLevel | None
    would_be_wrong_if: tuple[str, ...]
    monitoring: tuple[str, ...]
    citations: tuple[str, ...]
    seed: int
    version: str
    given: tuple[Given, ...] = ()
    as_of: str = ""
    """The moment asked about, as `asked_at`, in ISO 8601 with the offset of the person's clock."""

    @property
    def best(self) -> Option | None:
        """The recommended option, or `None` when refused."""
        return None if self.recommended is None else self.options[self.recommended]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able data; raises `SolveError` rather than write a number that is not finite."""
        data = asdict(self)
        _check_finite(data, "answer")
        return data

    def __str__(self) -> str:
        from vitruvian.twin.text import answer_text

        return answer_text(self)


def _check_finite(node: Any, path: str) -> None:
    if isinstance(node, float) and not math.isfinite(node):
        raise SolveError("an answer holds a number that is not finite", got=f"{node} at {path}")
    if isinstance(node, dict):
        for key, value in node.items():
            _check_finite(value, f"{path}.{key}")
    if isinstance(node, (list, tuple)):
        for k, value in enumerate(node):
            _check_finite(value, f"{path}[{k}]")


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
