"""Candidates pushed through every model's draws: the metric of the goal and of each harm, per draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from vitruvian.core import SolveError, convert
from vitruvian.infer import weighted_quantile
from vitruvian.model import Model, Schedule
from vitruvian.pharmacology import Target
from vitruvian.twin.answer import Band, Interval
from vitruvian.twin.calibrate import Fit
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.case import Case
from vitruvian.twin.metrics import limits, metric
from vitruvian.twin.window import Window, window
from vitruvian.twin.words import target_unit

STEADY_DAYS = 28.0
"""Where no closed steady state exists (nonlinear models) the course is followed this long."""


@dataclass(frozen=True)
class Outcome:
    """Values of one target for one candidate: one array (S,) per fit, with the fits' weights.

    The unit is the target's; for multiples of the MIC mg/L.
    """

    target: Target
    values: tuple[Float[np.ndarray, " s"], ...] = field(repr=False)
    weight: tuple[float, ...]

    @property
    def pooled(self) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """All values and their weights, over all fits."""
        weight = [np.full(len(v), w / len(v)) for v, w in zip(self.values, self.weight, strict=True)]
        return np.concatenate(self.values), np.concatenate(weight)

    def probability(self, low: float, high: float) -> float:
        """P(low ≤ value ≤ high). Raises `SolveError` where it is no number (the least of 1 and NaN would be 1)."""
        values, weight = self.pooled
        found = float(weight @ ((values >= low) & (values <= high)))
        if not np.isfinite(found):
            raise SolveError(f"the chance of {self.target.name} is not a number", todo="Check levels and doses.")
        return min(1.0, found)

    @property
    def p_target(self) -> float:
        """Probability of the target's range."""
        return self.probability(*limits(self.target))

    def per_fit(self) -> list[tuple[float, float]]:
        """(P(target), median) under each fit."""
        low, high = limits(self.target)
        return [(float(np.mean((v >= low) & (v <= high))), float(np.median(v))) for v in self.values]

    def interval(self) -> Interval:
        """Median and 90 % interval."""
        low, middle, high = weighted_quantile(*self.pooled, (0.05, 0.5, 0.95))
        return Interval(float(middle), float(low), float(high), target_unit(self.target))


def outcomes(
    case: Case, fits: Sequence[Fit], candidates: Sequence[Candidate], targets: Sequence[Target], *, prior: bool = False
) -> list[list[Outcome]]:
    """One list of outcomes (one per candidate) for each target; targets that look at the same curves share them.

    Raises `SolveError` if a forecast, or what is read from it, is not finite.
    """
    values: dict[int, list[list[np.ndarray]]] = {k: [] for k in range(len(targets))}
    for fit in fits:
        draws = fit.prior if prior else fit.draws
        for (output, when), members in _shared(targets).items():
            shapes, scale = _shapes(fit.model, candidates, when)
            plans = [_plan(case, fit.model, c, when) for c in shapes]
            curves = draws.curves(
                [p.schedule for p in plans], [p.where.time for p in plans], output, steady=plans[0].steady
            )
            drawn = [(plans[k].where, factor * curves[k]) for k, factor in scale]
            for k in members:
                unit = unit_factor(case, fit.model, targets[k])
                values[k].append([_finite(targets[k], unit * metric(targets[k], where, c)) for where, c in drawn])
    weight = tuple(f.weight for f in fits)
    count = range(len(candidates))
    return [[Outcome(t, tuple(v[c] for v in values[k]), weight) for c in count] for k, t in enumerate(targets)]


def _finite(target: Target, values: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"]:
    if not np.isfinite(values).all():
        raise SolveError(f"the {target.metric} is not finite at every draw", todo="Check doses and covariates.")
    return values


def proportional(model: Model, when: str | float) -> bool:
    """Whether what is seen at `when` grows in proportion to the dose: linear models at steady state, F not by dose."""
    return when == "steady_state" and model.linear and "DOSE" not in {c.name for c in model.covariates}


def _shapes(
    model: Model, candidates: Sequence[Candidate], when: str | float
) -> tuple[list[Candidate], list[tuple[int, float]]]:
    """Candidates to simulate, and for each candidate which of them it is times what.

    Where doses act in proportion, one per interval, duration and route is enough.
    """
    if not proportional(model, when):
        return list(candidates), [(k, 1.0) for k in range(len(candidates))]
    first: dict[tuple[float, float | None, str], int] = {}
    shapes: list[Candidate] = []
    scale = []
    for c in candidates:
        key = (c.interval, c.duration, c.route)
        if key not in first:
            first[key] = len(shapes)
            shapes.append(replace(c, loading=None))
        scale.append((first[key], c.amount / shapes[first[key]].amount))
    return shapes, scale


def _shared(targets: Sequence[Target]) -> dict[tuple[str, str | float], list[int]]:
    """Positions of the targets by what they look at: output and time."""
    groups: dict[tuple[str, str | float], list[int]] = {}
    for k, target in enumerate(targets):
        groups.setdefault((target.output, target.when), []).append(k)
    return groups


def bands(
    case: Case,
    fits: Sequence[Fit],
    curves: Sequence[Sequence[Float[np.ndarray, "s k"]]],
    times: Sequence[np.ndarray],
    output: str,
) -> list[Band]:
    """Quantiles of curves (per fit, per schedule) at their times (h of the case), pooled over the fits.

    The bands' times are hours from now; the unit is that of the first fit's output.
    """
    unit = _unit(fits[0].model, output)
    scale = [convert(1.0, _unit(f.model, output), unit) for f in fits]
    weight = np.concatenate([np.full(len(c[0]), f.weight / len(c[0])) for c, f in zip(curves, fits, strict=True)])
    found = []
    for k, at in enumerate(times):
        values = np.concatenate([c[k] * s for c, s in zip(curves, scale, strict=True)])
        rows = weighted_quantile(values, weight, (0.05, 0.25, 0.5, 0.75, 0.95))
        quantiles = dict(zip(("q05", "q25", "q50", "q75", "q95"), (tuple(r.tolist()) for r in rows), strict=True))
        hours = tuple(np.round(at - case.now, 6).tolist())
        found.append(Band(time_h=hours, unit=unit, output=output, **quantiles))
    return found


def _unit(model: Model, output: str) -> str:
    return model.outputs[model.output_index(output)].unit


def next_start(case: Case, candidate: Candidate) -> float:
    """When the candidate's first dose falls due (h): now, or one interval after the last dose given."""
    last = case.last_dose()
    return case.now if last is None else max(case.now, last[0] + candidate.interval)


def unit_factor(case: Case, model: Model, target: Target) -> float:
    """Factor from the metric in the model's output unit (· h for areas) to the target's unit."""
    if target.metric == "time_above":
        return 1.0
    unit = _unit(model, target.output)
    if target.metric in ("auc24", "cumulative_auc"):
        unit = f"{unit}.h"
    return convert(1.0, unit, target_unit(target), molar_mass=case.drug.molar_mass)


@dataclass(frozen=True)
class _Plan:
    schedule: Schedule
    where: Window
    steady: bool


def _plan(case: Case, model: Model, c: Candidate, when: str | float) -> _Plan:
    """Which doses to simulate and where to look, for what a target says of `when`."""
    drug = case.drug.name
    if when == "steady_state" and model.linear:
        return _Plan(c.steady(drug), window(0.0, c.interval, c.kinks(0.0, c.interval)), True)
    start = next_start(case, c)
    if when == "all":
        end = start + c.interval * max(1, round(STEADY_DAYS / 7))
        begin = 0.0
    else:
        days = {"steady_state": STEADY_DAYS, "day_1": 1.0}.get(str(when))
        length = days * 24.0 if days is not None else float(when)
        end = start + c.interval * max(1, round(length / c.interval))
        begin = max(start, end - max(24.0, c.interval))
    course = case.given + c.schedule(drug, start)
    past = [t for t, _, _ in case.given.given(case.now)] if case.given.doses else []
    return _Plan(course, window(begin, end, (*past, *c.kinks(start, end))), False)
