"""Rows scored and explained a second by a learned risk, beside LightGBM's own scoring of as many trees."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
from scipy.special import expit

from bench.timing import Row, best
from vitruvian.learn import Feature, Manifest, Rows
from vitruvian.learn.risk import RiskModel
from vitruvian.learn.table import fit_blend
from vitruvian.learn.table.growing import booster
from vitruvian.learn.trust import class_conditional, outcomes, platt
from vitruvian.study.learning import task_of

SCORED, EXPLAINED = 50_000, 3_000
COLUMNS = 632
"""As many as the recipe for intensive care has."""


def rows(scored: int, explained: int, rounds: int) -> list[Row]:
    """Whole answers (probability, set, abstention, domain check) and exact contributions that add up."""
    table, label = made(1500, 1)
    model = fitted(table, label)
    many, few = made(scored, 2)[0], made(explained, 3)[0]
    ours, why = best(lambda: model.predict(many), rounds), best(lambda: model.explain(few), rounds)
    growth = task_of("icu_death").mix.growth
    trees = growth.trees * task_of("icu_death").mix.forests
    peer = booster(asdict(replace(growth, trees=trees)), table.values, label, 1)
    theirs = best(lambda: peer.predict(many.values, num_threads=1), rounds)
    shares = best(lambda: peer.predict(few.values[:500], pred_contrib=True, num_threads=1), 1)
    rate, explain_rate = scored / ours.cpu, explained / why.cpu
    told = f"LightGBM alone, {trees} trees: {scored / theirs.cpu:,.0f}"
    asked = f"LightGBM's contributions: {500 / shares.cpu:,.0f}"
    what = f"{COLUMNS} features, {trees} trees and 150 curves"
    return [
        Row(f"risks of rows, {what}", f"≥ {SCORED:,} rows/s", f"{rate:,.0f} rows/s", rate >= SCORED, told),
        Row(f"risks explained exactly, {what}", f"≥ {EXPLAINED:,} rows/s", f"{explain_rate:,.0f} rows/s",
            explain_rate >= EXPLAINED, asked),
    ]  # fmt: skip


def made(count: int, seed: int) -> tuple[Rows, np.ndarray]:
    """Rows with a third of the values missing, and a label that some columns tell of."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, COLUMNS))
    label = draw.random(count) < expit(x[:, :20].sum(1) * 0.5 - 2.0)
    x[draw.random(x.shape) < 0.33] = np.nan
    features = tuple(Feature(f"x{k}", f"x{k}", "1", low=-20, high=20) for k in range(COLUMNS))
    return Rows(features, x), label


def fitted(table: Rows, label: np.ndarray) -> RiskModel:
    """A model as large as that of intensive care."""
    task = task_of("icu_death")
    blend = fit_blend(task.mix, table, label, seed=1)
    said = expit(blend.margin(table.values))
    line = platt(said, label)
    sets = class_conditional(outcomes(line(said)), label)
    return RiskModel("bench", "Bench", "1", table.features, task.target, (), Manifest(), blend, line, sets)
