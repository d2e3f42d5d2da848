"""Courses made up visit by visit: what is measured, what happens and who comes, given what went before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.learn.generate.baseline import BaselineGenerator, fit_baseline, scores_of
from vitruvian.learn.generate.visit import Before, Visit, chance, fit_visit
from vitruvian.learn.generate.visits import Courses
from vitruvian.learn.shapes import Rows

_LEAST = 50


@dataclass(frozen=True)
class CourseGenerator:
    """A baseline generator, and a model for each visit."""

    baseline: BaselineGenerator
    like: Courses
    """Names alone: a course of nobody."""
    visits: tuple[Visit, ...]

    def drawn(self, people: int, seed: int) -> Courses:
        """So many made-up people with their courses."""
        return self.continued(self.baseline.drawn(people, seed), seed + 1)

    def continued(self, baseline: Rows, seed: int) -> Courses:
        """Courses of people with this baseline, real or made up. Raises DataError for other features."""
        if [one.name for one in baseline.features] != [one.name for one in self.baseline.features]:
            raise DataError("another baseline", allowed=", ".join(one.name for one in self.baseline.features))
        drawn = np.random.default_rng(seed)
        before = _begun(self.baseline, baseline.values, self.like, drawn)
        values, happened, there = [], [], []
        for visit in self.visits:
            made, before = visit.made(before, drawn)
            values.append(made)
            happened.append(before.last)
            there.append(before.there)
        whole = (np.stack(one, axis=1) for one in (values, happened, there))
        made_up, befell, came = whole
        return Courses(baseline, self.like.visits, self.like.features, made_up, self.like.events, befell, came)

    def chances(
        self, real: Courses, draws: int, seed: int
    ) -> tuple[Float[np.ndarray, "people visits features"], Float[np.ndarray, "people visits events"]]:
        """For real people, given what went before each visit: the share of `draws` made-up values below theirs (NaN
        where not measured), and the chance of each event."""
        drawn = np.random.default_rng(seed)
        before = _begun(self.baseline, real.baseline.values, self.like, drawn)
        below, expected = np.full(real.values.shape, np.nan), np.full(real.happened.shape, np.nan)
        for k, visit in enumerate(self.visits):
            x, there = before.inputs, real.there[:, k]
            mean, seen = x @ visit.weights, visit.scores(real.values[:, k], drawn)
            noise = drawn.normal(size=(len(real), draws, mean.shape[1])) * np.sqrt(np.diag(visit.covariance))
            below[:, k] = np.where(np.isfinite(seen), (mean[:, None] + noise < seen[:, None]).mean(1), np.nan)
            scores = np.where(np.isfinite(seen), seen, mean)
            odds = chance(np.concatenate([x, scores], axis=1) @ visit.events)
            expected[:, k] = np.where(there[:, None], odds, np.nan)
            before = before.then(scores, np.isfinite(real.values[:, k]), real.happened[:, k], there)
        return below, expected


def fit_courses(real: Courses, seed: int = 0) -> CourseGenerator:
    """Learn from real people's courses. Raises DataError for fewer than 50 people, or at a visit; UnsupportedError
    without scikit-learn."""
    drawn = np.random.default_rng(seed)
    table = fit_baseline(real.baseline, seed)
    before = _begun(table, real.baseline.values, real, drawn)
    visits = []
    for k, name in enumerate(real.visits):
        there = real.there[:, k]
        if there.sum() < _LEAST:
            raise DataError(f"too few people at {name}", got=int(there.sum()), allowed=f"{_LEAST} or more")
        visit, before = fit_visit(real.features, real.values[:, k], real.happened[:, k], there, before, drawn)
        visits.append(visit)
    return CourseGenerator(table, real.of(np.zeros(0, int)), tuple(visits))


def _begun(table: BaselineGenerator, values: np.ndarray, like: Courses, drawn: np.random.Generator) -> Before:
    """What the first visit depends on."""
    n, f, e = len(values), len(like.features), len(like.events)
    first = np.nan_to_num(scores_of(table.marginals, table.gaps, values, drawn))
    none = np.zeros((n, e), bool)
    return Before(first, np.zeros((n, f)), np.zeros((n, f), bool), none, none, np.ones(n, bool))
