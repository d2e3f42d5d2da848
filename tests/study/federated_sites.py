"""Made-up hospitals for tests of federated training: the same disease, other mixes of people."""

from __future__ import annotations

import numpy as np

from vitruvian.learn import Feature, Rows, Target
from vitruvian.study.federated import Plan, SiteTable

FEATURES = (
    Feature("lactate", "Lactate", "mmol/L", low=0.0, high=20.0),
    Feature("urea", "Urea", "mmol/L", low=0.0, high=60.0),
    Feature("age", "Age", "a", low=0.0, high=120.0),
    Feature("unit", "Unit", kind="category", categories=("surgical", "medical")),
)
TARGET = Target("died", "Death in hospital")
SLOPES = np.array([0.5, 0.08, 0.04])


def made_plan(**changes) -> Plan:
    """Logistic regression by Newton's method, unless said otherwise."""
    settings = {"algorithm": "newton", "rounds": 5, "penalty": 1.0} | changes
    return Plan("made", TARGET, FEATURES, **settings)


def made_table(name: str, rows: int, seed: int, *, shift: float = 0.0, per_person: int = 1) -> SiteTable:
    """People of one hospital; `shift` makes them older and sicker than elsewhere."""
    generator = np.random.default_rng(seed)
    values = np.column_stack(
        [
            generator.lognormal(0.6 + 0.2 * shift, 0.5, rows),
            generator.lognormal(2.0 + 0.2 * shift, 0.5, rows),
            generator.normal(62 + 5 * shift, 14, rows).clip(18, 99),
            generator.random(rows) < 0.5,
        ]
    )
    margin = (values[:, :3] - [2.0, 9.0, 62.0]) @ SLOPES + 0.6 * values[:, 3] - 1.2
    outcome = (generator.random(rows) < 1 / (1 + np.exp(-margin))).astype(float)
    values[generator.random(rows) < 0.1, 0] = np.nan
    ids = tuple(f"{name}-{row // per_person}" for row in range(rows))
    return SiteTable(name, Rows(FEATURES, values, ids), outcome)


def made_sites(count: int = 5, rows: int = 180) -> dict[str, SiteTable]:
    """Hospitals of different size and mix."""
    return {f"site-{n}": made_table(f"site-{n}", rows + 20 * n, n, shift=(n - count / 2) / count) for n in range(count)}
