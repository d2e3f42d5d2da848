"""Made-up courses of intensive care, judged on real stays that were not learned from: ICU 2012, set a."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vitruvian.learn import Feature, Rows
from vitruvian.learn.generate import Courses, conditionals, discriminator, fit_courses, membership

SERIES = ("HR", "NISysABP", "Temp", "RespRate", "GCS", "Urine", "BUN", "Creatinine", "Na", "K", "HCT", "WBC", "Glucose")
VISITS = tuple(f"hours {h} to {h + 12}" for h in (0, 12, 24, 36))


def stays(folder: Path) -> Courses:
    """Age, sex and unit; means of 12 hours; whether the person was ventilated in them."""
    import polars as pl

    table = pl.read_csv(folder / "set_a.csv.gz")
    table = table.filter(pl.col("value") >= 0).with_columns(visit=(pl.col("minute") // 720).clip(0, 3))
    people = table["record_id"].unique().sort()
    place = {one: k for k, one in enumerate(people)}
    base = np.full((len(people), 3), np.nan)
    for k, name in enumerate(("Age", "Gender", "ICUType")):
        for row in table.filter(pl.col("variable") == name).group_by("record_id").first().iter_rows(named=True):
            base[place[row["record_id"]], k] = row["value"] - (name == "ICUType")
    values, on = np.full((len(people), 4, len(SERIES)), np.nan), np.zeros((len(people), 4, 1), bool)
    means = table.group_by("record_id", "visit", "variable").agg(pl.col("value").mean())
    for who, visit, name, value in means.iter_rows():
        if name in SERIES:
            values[place[who], visit, SERIES.index(name)] = value
        elif name == "MechVent":
            on[place[who], visit, 0] = True
    units = ("coronary", "cardiac surgery", "medical", "surgical")
    features = (
        Feature("age", "Age", "a"),
        Feature("sex", "Sex", kind="category", categories=("female", "male")),
        Feature("unit", "Unit", kind="category", categories=units),
    )
    series = tuple(Feature(one, one) for one in SERIES)
    there = np.ones((len(people), 4), bool)
    return Courses(Rows(features, base), VISITS, series, values, ("ventilated",), on, there)


@pytest.mark.slow
def test_made_up_stays_are_near_real_ones_and_give_nobody_away(shared: Path) -> None:
    """docs/generated.md."""
    every = stays(shared / "data" / "icu2012")
    turn = np.random.default_rng(1).permutation(len(every))
    learned, others = every.of(turn[:2000]), every.of(turn[2000:])
    generator = fit_courses(learned)
    made = generator.drawn(2000, seed=2)
    found = conditionals(generator, others)
    wide = np.array([one.wide.value for one in found if one.wide])
    assert 0.88 < np.median(wide) < 0.92
    assert wide.min() > 0.75
    for one in (one for one in found if one.observed):
        assert one.expected == pytest.approx(one.observed.value, abs=0.03)  # type: ignore[union-attr]
    assert discriminator(others.baseline.values, made.baseline.values).value < 0.56
    assert discriminator(others.flat(), learned.flat()).low < 0.51  # real against real
    assert discriminator(others.flat(), made.flat()).value < 0.92  # far from 0.5, and said so
    audit = membership(made.flat(), learned.flat(), others.flat())
    assert audit.auroc.low < 0.5
    assert audit.copies == 0
