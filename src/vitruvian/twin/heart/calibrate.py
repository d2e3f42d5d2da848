"""From evidence to a person's heart twin: the most probable circulation, its uncertainty, and what taught it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError, SolveError
from vitruvian.twin.answer import Interval, Message
from vitruvian.twin.heart.evidence import Evidence
from vitruvian.twin.heart.fitting import Fit, Seen, minimise
from vitruvian.twin.heart.posterior import Sampled, sample
from vitruvian.twin.heart.targets import aims, base_of
from vitruvian.twin.heart.teaching import taught_by
from vitruvian.twin.heart.unknowns import NAMES, SPREADS, UNKNOWNS

DRAWS = 200
DRIFT_PER_YEAR = 0.10
"""SD of the change of each logarithm in a year, where an earlier twin is the starting point (assumed)."""


@dataclass(frozen=True)
class Learned:
    """One unknown: what people of this age, sex and size have and what this person has, as factors of the usual."""

    name: str
    title: str
    prior: Interval
    posterior: Interval
    shrinkage: float
    """1 − posterior SD / prior SD of the logarithm: 0 nothing learned, 1 known."""
    taught_by: tuple[str, ...]
    """Which measurements taught most, in words."""

    @property
    def identified(self) -> bool:
        """Whether the person's own data say more than the prior does."""
        return self.shrinkage >= 0.3


@dataclass(frozen=True)
class HeartTwin:
    """One person's circulation: unknowns as equally probable draws on a base of what is usual."""

    evidence: Evidence
    base: dict[str, float]
    prior: tuple[Float[np.ndarray, " q"], Float[np.ndarray, "q q"]]
    """Mean and covariance of the unknowns before this evidence."""
    mode: Float[np.ndarray, " q"]
    covariance: Float[np.ndarray, "q q"]
    """Of the draws."""
    u: Float[np.ndarray, "n q"]
    x: Float[np.ndarray, "n f"]
    """State of each draw at the start of its beat."""
    quantity: Float[np.ndarray, "n m"]
    """What each draw predicts, in the order of `predict`."""
    learned: tuple[Learned, ...]
    method: str
    pareto_k: float
    effective: float
    converged: bool
    misfit: float
    """Mean square of the standardised residuals at the mode."""
    seed: int = 0
    messages: tuple[Message, ...] = field(default=())


def calibrate(
    evidence: Evidence,
    *,
    before: HeartTwin | None = None,
    years: float = 0.0,
    draws: int = DRAWS,
    discrepancy: float = 1.0,
    method: str = "auto",
    seed: int = 0,
) -> HeartTwin:
    """The twin of a person. `before`: an earlier one, whose posterior is the starting point `years` later.

    `method`: "laplace", "importance", "nuts"; "auto" takes importance draws, and NUTS where their weights fail.
    Raises `SolveError` where no circulation fits, `DataError` for another person's twin, `InputError` for years below 0
    or fewer than two draws.
    """
    if not (math.isfinite(years) and years >= 0):
        raise InputError("years since the earlier twin: below 0", got=years, allowed="0 or more")
    if draws < 2:
        raise InputError("too few draws", got=draws, allowed="2 or more")
    if before is not None and before.evidence.person != evidence.person:
        raise DataError("the earlier twin is another person's", got=before.evidence.person, allowed=evidence.person)
    base = base_of(evidence) if before is None else _carried(before, evidence)
    middle, covariance = np.zeros(len(NAMES)), np.diag(SPREADS**2)
    if before is not None:
        middle = before.u.mean(axis=0)
        covariance = before.covariance + np.eye(len(NAMES)) * (DRIFT_PER_YEAR**2 * years + 1e-6)
        middle[-1], covariance[-1, :], covariance[:, -1] = 0.0, 0.0, 0.0
        covariance[-1, -1] = SPREADS[-1] ** 2  # another recording, another delay
    seen = seen_of([evidence], middle, covariance, discrepancy)
    fit = minimise(seen, each(base, 1))
    if not fit.converged[0]:
        raise SolveError(
            "no circulation was found that fits this person",
            got=f"objective {fit.value[0]:.3g}, beat off by {fit.off[0]:.2g} mL",
            todo="Check the evidence: values of different moments or units may not fit together.",
        )
    found = sample(seen, base, fit, draws=draws, method=method, seed=seed)
    return _twin(evidence, base, (middle, covariance), seen, fit, found, seed)


def seen_of(
    people: Sequence[Evidence],
    middle: Float[np.ndarray, " q"],
    covariance: Float[np.ndarray, "q q"],
    discrepancy: float,
) -> Seen:
    """Aims of several people under one prior."""
    value, weight = (np.stack(part) for part in zip(*(aims(one, discrepancy) for one in people), strict=True))
    n = len(people)
    precision = np.linalg.inv(covariance)
    return Seen(value, weight, np.tile(middle, (n, 1)), np.tile(precision, (n, 1, 1)))


def each(base: dict[str, float], n: int) -> dict[str, Float[np.ndarray, " n"]]:
    """The base of one person for n draws."""
    return {name: np.full(n, value) for name, value in base.items()}


def _carried(before: HeartTwin, evidence: Evidence) -> dict[str, float]:
    """The base of an earlier twin (its unknowns are factors of it), with the beat and valves of the new evidence."""
    told = base_of(replace(evidence, values={**before.evidence.values, **evidence.values}))
    keep = {"period", "lead_atria", "A_aortic", "A_mitral", "leak_aortic", "leak_mitral"}
    return before.base | {name: told[name] for name in keep}


def _twin(
    evidence: Evidence,
    base: dict[str, float],
    prior: tuple[np.ndarray, np.ndarray],
    seen: Seen,
    fit: Fit,
    found: Sampled,
    seed: int,
) -> HeartTwin:
    covariance = np.cov(found.u.T)
    used = seen.weight[0] > 0
    residual = (seen.weight * (seen.value - fit.quantity))[0, used]
    misfit = float((residual**2).mean()) if used.any() else 0.0
    messages = [*evidence.messages]
    if misfit > 4.0:
        text = "The model does not follow this person's measurements: they differ by more than twice their errors."
        messages.append(Message("warning", "misfit", text, "Check that all were measured in the same state."))
    learned = tuple(_learned(k, found.u, seen, fit) for k in range(len(NAMES)))
    return HeartTwin(
        evidence, base, prior, fit.u[0], covariance, found.u, found.x, found.quantity, learned, found.method,
        found.pareto_k, found.effective, bool(fit.converged[0]), misfit, seed, tuple(messages),
    )  # fmt: skip


def _learned(k: int, u: np.ndarray, seen: Seen, fit: Fit) -> Learned:
    sd = float(SPREADS[k])
    one = UNKNOWNS[k]
    linear = one.name == "delay"
    shown = (lambda x: x) if linear else np.exp
    low, median, high = (float(shown(z * sd)) for z in (-1.645, 0.0, 1.645))
    before = Interval(median, low, high, "s" if linear else "×")
    low, median, high = (float(shown(x)) for x in np.quantile(u[:, k], (0.05, 0.5, 0.95)))
    after = Interval(median, low, high, before.unit)
    shrinkage = float(np.clip(1.0 - u[:, k].std() / sd, 0.0, 1.0))
    return Learned(one.name, one.title, before, after, shrinkage, taught_by(k, seen, fit) if shrinkage >= 0.1 else ())
