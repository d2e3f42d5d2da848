"""Forecast contest on one person: the metabolic twin beside baselines, day after day, nobody knowing the future.

Each day the twin is learned anew from the days before, follows the new day's readings, and forecasts from each of
them what glucose will be 30, 60 and 120 minutes later; learners are trained on the days before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.twin.glucose import DAILY_LIFE, HORIZONS, Evidence, GlucoseTwin, forecast, identify, track
from vitruvian.twin.glucose.features import NAMES
from vitruvian.twin.glucose.residual import Cases, Kind, cases, corrected, joined_cases, learn, outcome

DAY = 288
FIRST_DAYS = 3
WINDOW = 4
"""Days before each day from which the twin is learned, sliding."""
TWIN, LEARNED = "twin", "twin and residual learner"
TOGETHER = "ridge and boosted"
BASELINES = ("last value", "linear", "ridge", "boosted", TOGETHER)


@dataclass(frozen=True)
class Score:
    """Error of one forecaster at one horizon over all days; `cover` of the 90 % band where it has one."""

    name: str
    minutes: int
    forecasts: int
    rmse: float
    mard: float
    cover: float | None


@dataclass(frozen=True)
class Contest:
    """Scores of all, and the verdict in words."""

    person: str
    days: int
    scores: tuple[Score, ...]

    def of(self, name: str, minutes: int) -> Score:
        """One score."""
        return next(one for one in self.scores if (one.name, one.minutes) == (name, minutes))

    def beats_all(self, minutes: int) -> bool:
        """Whether the twin with its learner has a smaller RMSE than every baseline."""
        return all(self.of(LEARNED, minutes).rmse < self.of(name, minutes).rmse for name in BASELINES)

    @property
    def verdict(self) -> str:
        """Plainly, for 60 and 120 minutes."""
        said = []
        for minutes in HORIZONS[1:]:
            best = min((self.of(name, minutes) for name in BASELINES), key=lambda one: one.rmse)
            mine = self.of(LEARNED, minutes)
            how = "beats every baseline" if self.beats_all(minutes) else f"does not beat the {best.name} baseline"
            said.append(f"at {minutes} min the twin with its learner {how} ({mine.rmse:.2f} and {best.rmse:.2f} mg/dL)")
        return "; ".join(said) + "."

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"verdict": self.verdict}

    def __str__(self) -> str:
        rows = []
        for one in self.scores:
            row = f"{one.name:<28}{one.minutes:>4} min  RMSE {one.rmse:6.2f} mg/dL  MARD {100 * one.mard:5.1f} %"
            rows.append(row if one.cover is None else f"{row}  90 % band holds {100 * one.cover:.0f} %")
        return "\n".join([f"{self.person}: {self.days} days", *rows, self.verdict])


def contest(
    evidence: Evidence,
    *,
    weight: float = 70.0,
    draws: int = 100,
    kind: Kind = "boosted",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Contest:
    """Every day of the evidence after the first three; raises `DataError` for fewer than four days."""
    days = len(evidence) // DAY
    if days <= FIRST_DAYS:
        raise DataError("too few days for a contest", got=days, allowed=f"more than {FIRST_DAYS}")
    past: list[Cases] = []
    found: dict[str, list[dict[int, np.ndarray]]] = {}
    edges: list[np.ndarray] = []
    for day in range(FIRST_DAYS, days):
        days_before: dict[str, Any] = {"first": max(day - WINDOW, 0) * DAY, "last": day * DAY}
        twin = identify(evidence, **days_before, weight=weight, draws=draws, starts=2, seed=seed, fades=DAILY_LIFE)
        if not past:  # the first days teach the learners too, by a twin that knows them
            past.append(_day_cases(twin, evidence, 0, day, seed))
        new = _day_cases(twin, evidence, day, day + 1, seed)
        for name, said in _forecasters(joined_cases(past), new, evidence, day * DAY, kind).items():
            found.setdefault(name, []).append(said)
        edges.append(new.edges)
        past.append(new)
        if progress is not None:
            progress(day + 1 - FIRST_DAYS, days - FIRST_DAYS)
    return Contest(evidence.person, days - FIRST_DAYS, _scores(found, np.concatenate(edges), evidence))


def _day_cases(twin: GlucoseTwin, evidence: Evidence, day: int, end: int, seed: int) -> Cases:
    """Forecasts from every reading of some days, from the fourth hour of the evidence on."""
    first, last = day * DAY, end * DAY
    tracked = track(twin, evidence, first, last, seed=seed)
    edges = first + np.flatnonzero(np.isfinite(evidence.glucose[first:last]))
    edges = edges[edges > 36]
    return cases(tracked, forecast(tracked, edges, seed=seed))


def _forecasters(
    past: Cases, new: Cases, evidence: Evidence, until: int, kind: Kind
) -> dict[str, dict[int, Float[np.ndarray, "3 k"]]]:
    """Each forecaster's mean and band (NaN without one) by horizon."""
    mine = corrected(past, new, evidence, until, kind)
    slope = new.plain[:, NAMES.index("change_30")] / 30.0  # mg/dL/min
    found: dict[str, dict[int, np.ndarray]] = {
        TWIN: {h: np.stack([new.twin[h], new.low[h], new.high[h]]) for h in HORIZONS},
        LEARNED: {h: np.stack([mine.mean[h], mine.low[h], mine.high[h]]) for h in HORIZONS},
        "last value": {h: _bare(new.now) for h in HORIZONS},
        "linear": {h: _bare(new.now + slope * h) for h in HORIZONS},
    }
    for name in ("ridge", "boosted"):
        found[name] = {h: _bare(_learned(past, new, evidence, until, h, name)) for h in HORIZONS}
    found[TOGETHER] = {h: (found["ridge"][h] + found["boosted"][h]) / 2.0 for h in HORIZONS}
    return found


def _learned(past: Cases, new: Cases, evidence: Evidence, until: int, h: int, kind: Any) -> Float[np.ndarray, K]:
    """A baseline on the same features, without the twin."""
    came = outcome(evidence, past.edges, h, until)
    known = np.isfinite(came)
    learner = learn(past.plain[known], came[known] - past.now[known], kind, penalty=30.0)
    return new.now + learner.predict(new.plain)


def _bare(mean: Float[np.ndarray, K]) -> Float[np.ndarray, "3 k"]:
    return np.stack([mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)])


def _scores(found: dict[str, list[dict[int, np.ndarray]]], edges: np.ndarray, evidence: Evidence) -> tuple[Score, ...]:
    scores = []
    for minutes in HORIZONS:
        came = outcome(evidence, edges, minutes)
        ok = np.isfinite(came)
        for name, parts in found.items():
            mean, low, high = np.concatenate([one[minutes] for one in parts], axis=1)[:, ok]
            error = mean - came[ok]
            inside = (came[ok] >= low) & (came[ok] <= high)
            cover = float(inside.mean()) if np.isfinite(low).all() else None
            rmse, mard = float(np.sqrt((error**2).mean())), float((np.abs(error) / came[ok]).mean())
            scores.append(Score(name, minutes, int(ok.sum()), rmse, mard, cover))
    return tuple(scores)
