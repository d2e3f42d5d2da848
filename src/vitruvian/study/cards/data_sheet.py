"""The data sheet of rows that a model is trained on (Gebru T et al. Datasheets for datasets. CACM 2021;64(12):86)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.learn import Feature
from vitruvian.learn.trust import Card, CardTable, Section
from vitruvian.study.learning import Examples

_COLUMNS = ("What", "Unit", "Median (IQR) or most frequent", "Missing")


def data_sheet(title: str, examples: Examples, *, why: str, collected: str, rights: str) -> Card:
    """Rows, events, features with what is missing, what was left out, files with their md5."""
    n, events = len(examples), int(examples.label.sum())
    values = examples.rows.values
    told = tuple(
        (one.title, one.unit or one.kind, _middle(one, values[:, j]), f"{100 * np.isnan(values[:, j]).mean():.1f} %")
        for j, one in enumerate(examples.rows.features)
    )
    sections = (
        Section("Why it was made", (why,)),
        Section("How it was collected", (collected,)),
        Section(
            "What is in it",
            (f"{n:,} rows of {len(set(examples.people)):,} people; {events:,} events ({100 * events / n:.1f} %).",),
            (CardTable("Features", _COLUMNS, told),),
        ),
        Section("What was left out", *_counted("Rows left out", examples.left_out)),
        Section("What is doubtful", *_counted("Values left out or doubtful", examples.notes)),
        Section("Rights", (rights,)),
        Section("Files", (), (CardTable("Files", ("Name", "md5"), tuple(examples.data.items())),)),
    )
    return Card(f"Data sheet: {title}", sections)


def _counted(title: str, counts: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[CardTable, ...]]:
    if not counts:
        return ("Nothing.",), ()
    return (), (CardTable(title, ("Why", "Count"), tuple((why, f"{count:,}") for why, count in counts.items())),)


def _middle(one: Feature, values: np.ndarray) -> str:
    there = values[np.isfinite(values)]
    if not len(there):
        return "no value"
    if one.kind == "category":
        most = int(np.bincount(there.astype(int)).argmax())
        return one.categories[most] if most < len(one.categories) else "unknown"
    low, middle, high = np.quantile(there, (0.25, 0.5, 0.75))
    return f"{middle:.4g} ({low:.4g} to {high:.4g})"
