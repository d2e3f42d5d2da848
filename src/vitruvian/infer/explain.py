"""Why a level may be implausible: each explanation is weighed by how well all the data fit under it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitruvian.core import DataError, convert
from vitruvian.infer.importance import importance
from vitruvian.infer.map import map_estimate
from vitruvian.model import Model, Subject, compile_events

# how often each kind of slip is thought to happen before seeing the level (assumption; stated with each answer)
PRIOR = {"as recorded": 0.90, "unit": 0.03, "time": 0.03, "dose not given": 0.03, "infusion line": 0.01}
_SHIFTS_H = (-12.0, -8.0, -4.0, -2.0, -1.0, 1.0, 2.0, 4.0, 8.0, 12.0)
# a contaminated sample may be anything up to this many times the expected level
_LINE_RANGE = 1000.0


@dataclass(frozen=True)
class Explanation:
    """One possible reason for a level, its `kind` (a key of `PRIOR`) and its probability among those considered."""

    kind: str
    sentence: str
    probability: float


@dataclass(frozen=True)
class _Case:
    kind: str
    sentence: str
    subject: Subject
    log_extra: float = 0.0  # ln Jacobian, or ln density of a level that the model does not explain


def explain(
    model: Model,
    subject: Subject,
    record: int,
    *,
    molar_mass: float | None = None,
    theta: dict[str, float] | None = None,
    draws: int = 500,
    seed: int = 0,
) -> tuple[Explanation, ...]:
    """Explanations of the level in record `record` of `subject`, the most probable first.

    Considered: right as recorded; a wrong unit (1000 times, or molar when `molar_mass` in g/mol is given); a wrong
    time (up to 12 h either way); the last dose before it not given; a sample from the line of an infusion. Raises
    `DataError` where the record is not a measured level.
    """
    if not (0 <= record < len(subject)) or subject.evid[record] != 0 or not np.isfinite(subject.dv[record]):
        raise DataError("the record is not a measured level", got=record)
    cases = [_Case("as recorded", "The level is right as recorded.", subject)]
    cases += _units(subject, record, molar_mass)
    cases += _times(model, subject, record)
    cases += _not_given(subject, record)
    cases += _line(model, subject, record)
    table = compile_events(model, [replace(c.subject, id=f"{subject.id}/{k}") for k, c in enumerate(cases)])
    estimate = map_estimate(model, table, theta=theta, covariance="exact")
    fit = importance(model, table, estimate, draws=draws, seed=seed).log_marginal
    score = np.asarray([f + c.log_extra for f, c in zip(fit, cases, strict=True)])
    kinds = [c.kind for c in cases]
    score += np.log([PRIOR[k] / kinds.count(k) for k in kinds])
    probability = np.exp(score - score.max())
    probability /= probability.sum()
    return _by_kind(cases, probability)


def _by_kind(cases: list[_Case], probability: np.ndarray) -> tuple[Explanation, ...]:
    """Probabilities summed over the cases of a kind, told with the kind's best sentence."""
    found = []
    for kind in dict.fromkeys(c.kind for c in cases):
        members = [k for k, c in enumerate(cases) if c.kind == kind]
        best = max(members, key=lambda k: probability[k])
        found.append(Explanation(kind, cases[best].sentence, float(probability[members].sum())))
    return tuple(sorted(found, key=lambda e: -e.probability))


def _units(subject: Subject, record: int, molar_mass: float | None) -> Iterator[_Case]:
    factors = {"1000 times too low": 1000.0, "1000 times too high": 0.001}
    if molar_mass is not None:
        factors["in µmol/L instead of mg/L"] = molar_mass / 1000.0
        factors["in mg/L instead of µmol/L"] = 1000.0 / molar_mass
    for what, factor in factors.items():
        dv = subject.dv.copy()
        dv[record] *= factor
        sentence = f"The level may be in another unit: recorded {what} (it would be {dv[record]:.3g})."
        yield _Case("unit", sentence, replace(subject, dv=dv), math.log(factor))


def _times(model: Model, subject: Subject, record: int) -> Iterator[_Case]:
    first = min((time for time, _, _ in _given(subject)), default=math.inf)
    for shift in _SHIFTS_H:
        time = subject.time.copy()
        time[record] += convert(shift, "h", model.time_unit)
        if time[record] > first:
            way = "later" if shift > 0 else "earlier"
            yield _Case("time", f"The sample may have been taken {abs(shift):g} h {way}.", _sorted(subject, time))


def _sorted(subject: Subject, time: np.ndarray) -> Subject:
    order = np.argsort(time, kind="stable")
    moved = vars(replace(subject, time=time))
    columns: dict[str, Any] = {name: value[order] for name, value in moved.items() if isinstance(value, np.ndarray)}
    return replace(subject, **columns, covariates={k: v[order] for k, v in subject.covariates.items()})


def _given(subject: Subject) -> list[tuple[float, int, int]]:
    """Every dose as (time, record, how many-th of its series)."""
    found = []
    for k in np.flatnonzero(np.isin(subject.evid, (1, 4))):
        repeats = int(subject.addl[k]) if subject.ii[k] > 0 else 0
        found += [(float(subject.time[k] + n * subject.ii[k]), int(k), n) for n in range(repeats + 1)]
    return sorted(found)


def _not_given(subject: Subject, record: int) -> Iterator[_Case]:
    before = [dose for dose in _given(subject) if dose[0] < subject.time[record]]
    if len(before) < 2 or subject.ss[before[-1][1]] != 0:
        return
    time, k, n = before[-1]
    sentence = f"The dose of {subject.amt[k]:g} at {time:g} may not have been given."
    yield _Case("dose not given", sentence, _without(subject, k, n))


def _without(subject: Subject, k: int, n: int) -> Subject:
    """The subject without the `n`-th dose of the series in record `k`; what follows becomes a record of its own."""
    columns: dict[str, Any] = {
        name: value.copy() for name, value in vars(subject).items() if isinstance(value, np.ndarray)
    }
    after = int(subject.addl[k]) - n - 1 if subject.ii[k] > 0 else -1
    covariates = dict(subject.covariates)
    if after >= 0:
        tail = {name: value[k : k + 1].copy() for name, value in columns.items()}
        tail["time"][0] += (n + 1) * subject.ii[k]
        tail["addl"][0], tail["evid"][0] = after, 1
        columns = {name: np.concatenate([value, tail[name]]) for name, value in columns.items()}
        # the covariates of the new record are those that the series' time finds
        at = min(int(np.searchsorted(subject.time, tail["time"][0])), len(subject) - 1)
        covariates = {name: np.append(value, value[at]) for name, value in covariates.items()}
    if n > 0:
        columns["addl"][k] = n - 1
    else:
        columns["evid"][k] = 3 if subject.evid[k] == 4 else 2
        for name in ("amt", "rate", "ii", "addl"):
            columns[name][k] = 0
    changed = replace(subject, **columns, covariates=covariates)
    return _sorted(changed, changed.time)


def _line(model: Model, subject: Subject, record: int) -> Iterator[_Case]:
    level, at = float(subject.dv[record]), float(subject.time[record])
    hour = convert(1.0, "h", model.time_unit)
    running = False
    for time, k, _ in _given(subject):
        length = subject.amt[k] / subject.rate[k] if subject.rate[k] > 0 else 0.0
        running = running or (subject.rate[k] > 0 and time <= at <= time + length + hour)
    if not running or level <= 0:
        return
    dv, mdv = subject.dv.copy(), subject.mdv.copy()
    dv[record], mdv[record] = np.nan, 1
    # log-uniform: every decade within the range is as likely
    log_density = -math.log(level * math.log(_LINE_RANGE))
    sentence = "The sample may have been drawn from the line of the running infusion."
    yield _Case("infusion line", sentence, replace(subject, dv=dv, mdv=mdv), log_density)
