"""The picture of subtypes, and what is found in intensive care."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from vitruvian.learn import Feature, Rows
from vitruvian.learn.subtypes import subtypes_of
from vitruvian.reports import subtypes_picture

MEANS = ("HR", "SysABP", "NISysABP", "RespRate", "Temp", "GCS", "BUN", "Creatinine", "Na", "K", "HCO3", "WBC",
         "Platelets", "HCT", "Glucose", "Lactate", "PaO2", "FiO2", "Bilirubin", "Albumin", "Mg")  # fmt: skip


def test_the_picture_says_who_and_how_stable(tmp_path: Path) -> None:
    drawn = np.random.default_rng(1)
    values = drawn.normal(10, 1, (120, 3)) + 5 * (np.arange(120) < 50)[:, None]
    rows = Rows(tuple(Feature(one, one.title()) for one in ("sodium", "lactate", "urea")), values)
    found = subtypes_of(rows, number=2, draws=3)
    subtypes_picture(found, tmp_path / "one.svg")
    text = " ".join(re.findall(r">([^<>]+)</text>", (tmp_path / "one.svg").read_text()))
    for said in ("2 subtypes of 120 people", "1: 70 people, stable (1.00)", "2: 50 people, stable (1.00)", "Lactate"):
        assert said in text
    subtypes_picture(found, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.slow
def test_intensive_care_has_no_stable_subtypes(shared: Path) -> None:
    """docs/subtypes.md: the best mixture has three groups that do not come again; dense regions there are none."""
    from vitruvian.study.events import Moments, icu2012_events
    from vitruvian.study.events.icu2012 import BEGIN
    from vitruvian.study.features import features_of, read_recipe

    events = icu2012_events(shared / "data" / "icu2012" / "set_a.csv.gz")
    people = tuple(next(iter(events.frames(["subject_id"])))["subject_id"].unique().sort())
    moments = Moments(people, np.full(len(people), BEGIN + 48 * 3_600_000_000))
    rows = features_of(read_recipe("icu2012_48h"), events, moments).rows
    names = [one.name for one in rows.features]
    wanted = ["Age_first_all", "ICUType_first_all", *(f"{one}_mean_all" for one in MEANS), "Urine_sum_last24"]
    columns = [names.index(one) for one in wanted]
    chosen = Rows(tuple(rows.features[k] for k in columns), rows.values[:, columns])
    found = subtypes_of(chosen, draws=20)
    assert len(found.found) == 3
    assert found.agreement.value < 0.6
    assert "stable" not in {one.verdict for one in found.found}
    assert subtypes_of(chosen, method="density", draws=2).sentence.startswith("No subtypes")
