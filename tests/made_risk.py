"""A made-up risk of features that the recipe for heart failure makes, for tests of scores on a person's twin."""

from __future__ import annotations

import numpy as np

from vitruvian.core import Source
from vitruvian.learn import Manifest, Rows, Target
from vitruvian.learn.risk import RiskModel
from vitruvian.learn.table import Growth, Mix, fit_blend
from vitruvian.learn.trust import Platt, class_conditional, outcomes, plausible
from vitruvian.study.features import read_recipe

NAMES = (
    "creatinine_last_ever", "systolic_last_ever", "systolic_n_year", "heart_failure_any_ever", "sex_last_ever",
    "born_years_ever",
)  # fmt: skip
SYSTOLIC = NAMES.index("systolic_last_ever")


def made_people(n: int, seed: int) -> tuple[Rows, np.ndarray]:
    """Made-up people, of whom those with high creatinine and pressure come to hospital."""
    known = {one.name: one for one in read_recipe("chf_30d").features}
    features, rng = tuple(known[name] for name in NAMES), np.random.default_rng(seed)
    values = np.column_stack([
        rng.lognormal(0.2, 0.4, n), rng.normal(140, 20, n), rng.integers(1, 9, n), rng.random(n) < 0.5,
        rng.integers(0, 2, n), rng.uniform(40, 90, n),
    ]).astype(float)  # fmt: skip
    label = rng.random(n) < 1 / (1 + np.exp(-(2 * (values[:, 0] - 1.5) + 0.06 * (values[:, 1] - 150))))
    return Rows(features, values, tuple(f"p{k}" for k in range(n))), label


def made_risk() -> RiskModel:
    """A risk learned from six hundred of them."""
    rows, label = made_people(600, 0)
    growth = Growth(trees=30, min_data_in_leaf=20, feature_fraction=0.9, learning_rate=0.1)
    blend = fit_blend(Mix(growth, share=0.5), rows, label, seed=0, group=rows.ids)
    validation = {"part": "cross-validation", "measures": {"auroc": {"value": 0.8, "low": 0.7, "high": 0.9}}}
    told = {"plausible": plausible(rows).to_dict(), "about": "Made up.", "validation": validation}
    manifest = Manifest({"made": "up"}, "", 0, len(rows), {}, "2026-01-01T00:00:00+00:00", told)
    target = Target("stay", "Hospital stay", events=("no", "yes"), horizon="P30D")
    sets = class_conditional(outcomes(1 / (1 + np.exp(-blend.margin(rows.values)))), label, 0.6)
    source = (Source("Nobody, 2026"),)
    return RiskModel("made_stay", "Made-up stay", "1", rows.features, target, source, manifest, blend, Platt(), sets)
