"""Death in hospital against leaving it alive, day by day: ICU 2012, set a, cross-validated (set b is not opened)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from vitruvian.learn import Feature
from vitruvian.learn.survival import (
    Spells,
    brier_over_time,
    calibration_over_time,
    concordance,
    fit_cox,
    fit_hazards,
    incidence_by_cox,
    periods,
)
from vitruvian.study.events import Moments, icu2012_events
from vitruvian.study.events.icu2012 import BEGIN
from vitruvian.study.features import features_of, read_recipe

EVENTS = ("none", "died in hospital", "left alive")
EDGES = np.array([2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 21, 28, 40, 60.0])
DAYS, LAST, HOUR = np.array([7.0, 14.0, 28.0]), 60.0, 3_600_000_000
LASTS = ("HR", "SysABP", "NISysABP", "RespRate", "Temp", "GCS", "BUN", "Creatinine", "Na", "K", "HCO3", "WBC",
         "Platelets", "HCT", "Glucose", "Lactate", "PaO2", "FiO2", "Bilirubin", "Albumin", "Mg")  # fmt: skip


class Stays:
    """Stays whose end is known: values at 24 and 48 hours, day of the end, what it was."""

    def __init__(self, folder: Path) -> None:
        with (folder / "outcomes_a.csv").open() as file:
            told = list(csv.DictReader(file))
        died = np.array([one["In-hospital_death"] == "1" for one in told])
        survival = np.array([int(one["Survival"]) for one in told])
        stay = np.array([int(one["Length_of_stay"]) for one in told])
        day = np.where(died & (survival >= 0), survival, stay)
        known = day >= 0
        end = np.maximum(day + 1.0, 2.05)
        self.stop = np.minimum(end, LAST)[known]
        self.event = np.where(end > LAST, 0, np.where(died, 1, 2))[known]
        events, recipe = icu2012_events(folder / "set_a.csv.gz"), read_recipe("icu2012_48h")
        subjects = tuple(one["RecordID"] for one in told)
        self.features: tuple[Feature, ...] = ()
        self.day, self.two_days = (self._values(recipe, events, subjects, hours)[known] for hours in (24, 48))

    def _values(self, recipe: object, events: object, subjects: tuple[str, ...], hours: int) -> np.ndarray:
        moments = Moments(subjects, np.full(len(subjects), BEGIN + hours * HOUR))
        rows = features_of(recipe, events, moments).rows  # type: ignore[arg-type]
        names = [one.name for one in rows.features]
        wanted = ["Age_first_all", *(f"{one}_last_all" for one in LASTS), "Urine_sum_last24", "MechVent_any_all"]
        unit = np.eye(4)[rows.values[:, names.index("ICUType_first_all")].astype(int)][:, :3]
        units = tuple(Feature(f"unit_{k}", f"unit {k}") for k in range(3))
        self.features = tuple(rows.features[names.index(one)] for one in wanted) + units
        return np.concatenate([rows.values[:, [names.index(one) for one in wanted]], unit], axis=1)

    def changing(self, of: np.ndarray) -> Spells:
        """Day 1 to 2 with the values of 24 hours, from then with those of 48."""
        n, none = len(of), np.zeros(len(of), int)
        times = (np.r_[np.ones(n), np.full(n, 2.0)], np.r_[np.full(n, 2.0), self.stop[of]])
        values = np.r_[self.day[of], self.two_days[of]]
        return Spells(self.features, values, np.r_[of, of], *times, np.r_[none, self.event[of]], EVENTS)

    def from_two_days(self, of: np.ndarray, values: np.ndarray, begin: float = 2.0) -> Spells:
        """One spell each; `begin` 0 counts from 48 hours."""
        n, stop = len(of), self.stop[of] - (2.0 - begin)
        return Spells(self.features, values, np.arange(n), np.full(n, begin), stop, self.event[of], EVENTS)


@pytest.mark.slow
def test_who_dies_in_hospital_and_when(shared: Path) -> None:
    """docs/survival.md: concordance 0.82 at 7, 14 and 28 days, and chances that come true."""
    stays = Stays(shared / "data" / "icu2012")
    everybody = np.arange(len(stays.stop))
    fold = np.random.default_rng(1).permutation(len(everybody)) % 5
    discrete, by_cox = np.zeros((2, len(everybody), len(DAYS)))
    for k in range(5):
        train, test = everybody[fold != k], everybody[fold == k]
        model = fit_hazards(periods(stays.changing(train), EDGES), "stay", "Stay", ridge=20.0)
        discrete[test] = model.incidence(stays.two_days[test])[:, 0][:, np.searchsorted(EDGES, DAYS) - 1]
        mean = np.nanmean(stays.two_days[train], axis=0)
        whole = np.where(np.isfinite(stays.two_days), stays.two_days, mean)
        models = [fit_cox(stays.from_two_days(train, whole[train]), event, ridge=1.0) for event in (1, 2)]
        by_cox[test] = incidence_by_cox(models, whole[test], DAYS, since=2.0)[:, 0]
    people = stays.from_two_days(everybody, stays.two_days, begin=0.0)
    for chance, least in ((discrete, 0.81), (by_cox, 0.80)):
        assert all(concordance(chance[:, j], people, until=DAYS[j] - 2.0) > least for j in range(3))
        found = calibration_over_time(chance, people, DAYS - 2.0, draws=100)
        assert all(abs(one.expected - one.observed.value) < 0.04 for one in found)
        brier = brier_over_time(chance, people, DAYS - 2.0)
        share = np.array([(stays.event[stays.stop <= day] == 1).sum() / len(everybody) for day in DAYS])
        assert (brier < 0.93 * share * (1 - share)).all()  # better than the same chance for all
