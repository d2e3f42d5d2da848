"""What can be trained: each task says which rows, which label, which model, and what nobody may claim of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from vitruvian.core import Source, UnknownNameError
from vitruvian.learn import Rows, Target
from vitruvian.learn.table import Growth, Mix
from vitruvian.study.learning.examples import Examples
from vitruvian.study.learning.reading import (
    heart_failure_examples,
    icu_death_examples,
    icu_deterioration_examples,
    readmission_examples,
)

Part = Literal["train", "test", "score"]
"""To learn from, to judge on once, or to score, where outcomes need not be known yet."""


@dataclass(frozen=True)
class Task:
    """One thing to foretell. `read(where, part)` gives its rows; `test` says what the test part is ("": there is none).

    `groups`: features by whose categories, or above and below whose bounds, fairness is measured.
    """

    name: str
    title: str
    target: Target
    read: Callable[[Path, Part], Examples]
    mix: Mix
    about: str
    test: str = ""
    groups: Mapping[str, float | None] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    collected: str = ""
    """How the rows came about, and who may use them: for the data sheet."""
    rights: str = ""
    version: str = "1"
    from_record: bool = False

    def group_values(self, rows: Rows) -> dict[str, list[str | None]]:
        """The group of each row by each of `groups` that the rows have."""
        names = {one.name: k for k, one in enumerate(rows.features)}
        return {
            rows.features[names[g]].title: _grouped(rows, names[g], bound)
            for g, bound in self.groups.items()
            if g in names
        }


def _grouped(rows: Rows, j: int, bound: float | None) -> list[str | None]:
    feature, values = rows.features[j], rows.values[:, j]
    if bound is not None:
        return [None if np.isnan(v) else f"under {bound:g}" if v < bound else f"{bound:g} and over" for v in values]
    known = feature.categories
    return [None if np.isnan(v) or not 0 <= v < len(known) else known[int(v)] for v in values]


_ICU = Source(
    "Silva I, Moody G, Scott DJ, Celi LA, Mark RG. Predicting in-hospital mortality of ICU patients: the "
    "PhysioNet/Computing in Cardiology Challenge 2012. Comput Cardiol 2012;39:245-248", status="primary",
)  # fmt: skip
_DIABETES = Source(
    "Strack B et al. Impact of HbA1c measurement on hospital readmission rates. BioMed Res Int 2014:781670",
    doi="10.1155/2014/781670", status="primary",
)  # fmt: skip
_STAY = Mix(
    Growth(trees=350, learning_rate=0.07, feature_fraction=0.1, min_data_in_leaf=60, lambda_l2=20.0, extra_trees=True),
    forests=2, ridge=2000.0,
)  # fmt: skip
_STAY_GROUPS = {"Gender_first_all": None, "Age_first_all": 70.0, "ICUType_first_all": None}
_STAYS = "Charted values and laboratory results of stays in intensive care, one hospital; four sets of 4,000 stays."
_STAYS_RIGHTS = "ODC-BY 1.0, as the source states; attribution is due."
_ADMISSIONS = "Admissions of people with diabetes in 130 hospitals of the United States, 1 to 14 days; no dates."

_TASKS = (
    Task(
        "icu_death", "Death in hospital, from the first 48 hours of intensive care",
        Target("icu_death", "Death in hospital", events=("survives", "dies")),
        icu_death_examples, _STAY, "Learned from stays of 2001–2008 in one hospital.",
        "set b", _STAY_GROUPS, (_ICU,), _STAYS, _STAYS_RIGHTS, version="2",
    ),
    Task(
        "icu_deterioration", "Deterioration on the second day of intensive care",
        Target("icu_deterioration", "Ventilation, shock or loss of consciousness, newly", events=("no", "deteriorates"),
               horizon="PT24H"),
        icu_deterioration_examples, _STAY,
        "The label is what the chart says, so it depends on what was measured; it is this project's own definition.",
        "set b", _STAY_GROUPS, (_ICU,), _STAYS, _STAYS_RIGHTS,
    ),
    Task(
        "readmission_30d", "Readmission within 30 days, people with diabetes",
        Target("readmission_30d", "Inpatient again within 30 days", events=("no", "readmitted"), horizon="P30D"),
        readmission_examples,
        Mix(
            Growth(trees=500, learning_rate=0.08, feature_fraction=0.3, min_data_in_leaf=100, extra_trees=True),
            share=0.1, ridge=30.0,
        ),
        "People with diabetes, United States 1999–2008. It is not heart failure, and claims nothing of it.",
        "one in five patients", {"gender": None, "race": None, "age": 70.0}, (_DIABETES,),
        _ADMISSIONS, "CC BY 4.0, as the UCI repository states.",
    ),
    Task(
        "chf_readmission_30d", "Readmission within 30 days, people with heart failure",
        Target("chf_readmission_30d", "Inpatient again within 30 days", events=("no", "readmitted"), horizon="P30D"),
        heart_failure_examples, Mix(Growth(trees=300, min_data_in_leaf=10), ridge=100.0),
        "Runs on any record. Its performance is known only where it was trained and judged: no public labels exist.",
        groups={"sex_last_ever": None, "born_years_ever": 70.0}, from_record=True,
        collected="From the facts of a record, as far as the reader may see them.", rights="Those of the record.",
    ),
)  # fmt: skip
TASKS: Mapping[str, Task] = MappingProxyType({one.name: one for one in _TASKS})


def task_of(name: str) -> Task:
    """A task by name. Raises UnknownNameError."""
    if name not in TASKS:
        raise UnknownNameError("no such recipe", got=name, allowed=", ".join(TASKS))
    return TASKS[name]
