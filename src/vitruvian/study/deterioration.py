"""Deterioration from wearables: an exacerbation within five days, trained and judged on simulated people only.

What is measured here holds for the simulator of `physiology/lung`, never for patients: no public data of wearables with
exacerbations is known. People of training, stopping, calibration and judgement are different people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import InputError
from vitruvian.learn import Manifest, Rows, Target
from vitruvian.learn.sequence import SequenceModel, Shape, Told, Training, Usual, Windows, fit_sequences, typical_spread
from vitruvian.learn.table import FLOORS
from vitruvian.learn.trust import Interval, Measure, bootstrap
from vitruvian.physiology.lung import Disease, airway_courses, daily_signs, numbers
from vitruvian.study.wearables import CHANNELS

HORIZON = 5
"""Days ahead."""
QUIET = 7
"""Days since the last exacerbation ended before which nothing is asked."""
CLAIMED = (0.79, 0.84)
"""Sensitivity and specificity that are beside ours: a figure of other data, which ours cannot confirm or refute."""
TARGET = Target("exacerbation", "Exacerbation of COPD or asthma", horizon=f"P{HORIZON}D")
BURN_IN = 60


@dataclass(frozen=True)
class Deterioration:
    """How many simulated people are watched for how long, and asked about how often."""

    people: int = 1200
    days: int = 425
    every: int = 3
    disease: Disease = "copd"
    seed: int = 1
    steps: int = 14
    span: int = 42

    def __post_init__(self) -> None:
        if self.people < 20 or self.days < BURN_IN + HORIZON + self.every or self.every < 1:
            raise InputError("a study of deterioration", got=f"{self.people} people, {self.days} days",
                             allowed=f"20 people, more than {BURN_IN + HORIZON} days")  # fmt: skip

    @cached_property
    def asked(self) -> Asked:
        """Days at which a person is not ill and was not lately, and whether an exacerbation begins within `HORIZON`."""
        courses = airway_courses(self.people, self.days, self.seed, self.disease)
        signs = daily_signs(courses, self.seed)
        quiet = np.ones_like(courses.ill)
        for k in range(QUIET + 1):
            quiet[k:] &= ~courses.ill[: len(courses.ill) - k]
        random = np.random.default_rng([self.seed, 3])
        days = np.arange(BURN_IN, self.days - HORIZON)
        of_person = (days[:, None] - random.integers(self.every, size=self.people)) % self.every == 0
        at, person = np.nonzero(of_person & quiet[days])
        day = days[at]
        ahead = [courses.onset[day + k, person] for k in range(1, HORIZON + 1)]
        soon = np.logical_or.reduce(ahead)
        part = np.random.default_rng([self.seed, 4]).permutation(self.people) * 10 // self.people
        names = tuple(f"p{k}" for k in range(self.people))
        known = self._usual(signs, part).windows(signs, person, day, CHANNELS, names)
        return Asked(known, soon, person, part[person])

    def _usual(self, signs: Float[np.ndarray, "people days channels"], part: Int[np.ndarray, " people"]) -> Usual:
        return Usual(typical_spread(signs[part < 5]), self.steps, self.span)


@dataclass(frozen=True)
class Asked:
    """Windows of people at moments, what came, whose each is, and the tenth of people they belong to."""

    windows: Windows
    came: Bool[np.ndarray, " rows"]
    person: Int[np.ndarray, " rows"]
    tenth: Int[np.ndarray, " rows"]

    @property
    def parts(self) -> dict[str, Bool[np.ndarray, " rows"]]:
        """Half of the people to learn from, a tenth to stop by, a fifth to calibrate and a fifth to judge."""
        t = self.tenth
        return {"train": t < 5, "stop": t == 5, "calibrate": (t == 6) | (t == 7), "judge": t > 7}


def train_deterioration(
    study: Deterioration, shape: Shape, how: Training, *, tell: Told | None = None, keep: Path | None = None
) -> SequenceModel:
    """A network of the windows of simulated people. Raises as `fit_sequences` does."""
    asked = study.asked
    sources = tuple({str(one.source): one.source for one in numbers().values()}.values())
    settings = {"study": str(study), "shape": str(shape), "training": str(how), "data": "simulated people only"}
    return fit_sequences(
        asked.windows, asked.came, asked.parts, shape, how, name=f"deterioration_{study.disease}",
        title="Exacerbation within 5 days, from daily signs (learned from simulated people)", target=TARGET, unit="d",
        sources=sources, tell=tell, keep=keep,
        manifest=Manifest(seed=how.seed, rows=len(asked.came), settings=settings),
    )  # fmt: skip


SIMPLE = ("composite of z-scores", "logistic of z-scores", "LightGBM of z-scores")


def simple_baselines(asked: Asked, seed: int = 0) -> dict[str, Float[np.ndarray, " rows"]]:
    """Scores of all windows by what needs no network, learned from the same people.

    The first is the mean of heart rate up, saturation down, breathing up, symptoms up and reliever up over the last
    three days, in a person's own standard deviations (as the composite score of Hurst 2010), learned from nobody.
    """
    rows = window_features(asked.windows)
    learning = asked.parts["train"] | asked.parts["stop"]
    mine = Rows(rows.features, rows.values[learning])
    group = [asked.windows.ids[k] for k in np.flatnonzero(learning)]
    scores = {SIMPLE[0]: composite(asked.windows)}
    for name, floor in zip(SIMPLE[1:], ("logistic", "LightGBM, regularised"), strict=True):
        scores[name] = FLOORS[floor](mine, asked.came[learning], seed, group)(rows.values)
    return scores


def composite(windows: Windows) -> Float[np.ndarray, " rows"]:
    """Mean worsening over the last three days, between 0 and 1; 0.5 where nothing was measured."""
    sign = {"resting_heart_rate": 1, "oxygen_saturation": -1, "respiratory_rate": 1, "symptoms": 1, "reliever": 1}
    last = windows.values[:, -3:] * np.array([sign.get(one.name, np.nan) for one in windows.channels])
    seen = ~np.isnan(last)
    mean = np.where(seen, last, 0.0).sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    return 1.0 / (1.0 + np.exp(-mean))


def window_features(windows: Windows) -> Rows:
    """Mean of the last 1, 3 and 7 days of each channel, how many of the last 7 are there, and what is usual."""
    features, columns = [], []
    for k, one in enumerate(windows.channels):
        for days in (1, 3, 7):
            last = windows.values[:, -days:, k]
            count = (~np.isnan(last)).sum(axis=1)
            mean = np.where(count > 0, np.nansum(last, axis=1) / np.maximum(count, 1), np.nan)
            features.append(replace(one, name=f"{one.name}_{days}", title=f"{one.title}, mean of {days} d"))
            columns.append(mean)
        features.append(replace(one, name=f"{one.name}_n", title=f"{one.title}, days of 7"))
        columns.append((~np.isnan(windows.values[:, -7:, k])).sum(axis=1).astype(float))
    usual = Rows(tuple(features), np.stack(columns, axis=1))
    return Rows(usual.features + windows.fixed.features, np.concatenate([usual.values, windows.fixed.values], axis=1))


@dataclass(frozen=True)
class Judged:
    """One model on people it has never seen, with 95 % intervals over people; the threshold was set on other people."""

    name: str
    auroc: Interval
    sensitivity: Interval
    specificity: Interval


def judge(asked: Asked, scores: Mapping[str, Float[np.ndarray, " rows"]], draws: int = 200) -> list[Judged]:
    """Each model's scores (0 to 1) of all windows, judged on the people kept for it.

    The threshold of each is where specificity is `CLAIMED[1]` on the people of calibration.
    """
    mine, other = asked.parts["judge"], asked.parts["calibrate"]
    y, people = asked.came[mine], asked.person[mine]
    found = []
    for name, score in scores.items():
        limit = float(np.quantile(score[other & ~asked.came], CLAIMED[1]))
        called = (score[mine] >= limit).astype(float)
        found.append(
            Judged(
                name,
                bootstrap(score[mine], y, "auroc", people=people, draws=draws),
                bootstrap(called, y, _share_called(True), people=people, draws=draws),
                bootstrap(1 - called, y, _share_called(False), people=people, draws=draws),
            )
        )
    return found


def _share_called(outcome: bool) -> Measure:
    """Share of the rows with this outcome that are called."""

    def measure(called: Float[np.ndarray, " n"], y: Bool[np.ndarray, " n"]) -> Callable[[np.ndarray], float]:
        mine = y == outcome
        return lambda weight: float((weight * called)[mine].sum() / weight[mine].sum())

    return measure
