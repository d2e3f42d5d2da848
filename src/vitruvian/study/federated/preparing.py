"""A task of `vitruvian predict` as a plan and a table, to try how it would train across hospitals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core import InputError
from vitruvian.learn import Feature, Rows
from vitruvian.study.federated.plan import Plan, plain
from vitruvian.study.federated.table import SiteTable, write_table
from vitruvian.study.learning import task_of

KNOWN = 0.2
"""Features known of fewer people are left out."""


def prepare(task: str, where: Path, folder: Path, *, features: Sequence[str] = ("*",)) -> tuple[Plan, int]:
    """Write plan.toml and table.csv of a task's training part into a new folder; the plan, and the number of rows.

    Taken are categories, and numbers with bounds, whose names match one of `features` (as file names do). Raises
    InputError where none is left or the folder is there.
    """
    if folder.exists():
        raise InputError("a folder is not written over", got=folder.name, todo="Give one that does not exist.")
    chosen = task_of(task)
    examples = chosen.read(where, "train")
    examples = examples.real  # a site has charts, no copies that were made of them
    known = (~np.isnan(examples.rows.values)).mean(axis=0) >= KNOWN
    kept = [at for at, one in enumerate(examples.rows.features) if known[at] and _taken(one, features)]
    if not kept:
        raise InputError("no feature matches", got=", ".join(features))
    rows = Rows(tuple(examples.rows.features[at] for at in kept), examples.rows.values[:, kept], examples.people)
    plan = Plan(task, chosen.target, rows.features, algorithm="newton", rounds=8, penalty=30.0)
    folder.mkdir(parents=True)
    write_table(folder / "table.csv", SiteTable(task, rows, examples.label.astype(float)), chosen.target.name)
    (folder / "plan.toml").write_text(toml_of(plan), encoding="utf-8")
    return plan, len(rows)


def toml_of(plan: Plan) -> str:
    """A plan as the file that `read_plan` reads."""
    data = plain(plan)
    parts = {name: data.pop(name) for name in ("target", "feature", "privacy")}
    lines = [*_lines(data), "", "[target]", *_lines(parts["target"])]
    if parts["privacy"]:
        lines += ["", "[privacy]", *_lines(parts["privacy"])]
    for one in parts["feature"]:
        lines += ["", "[[feature]]", *_lines(one)]
    return "\n".join(lines) + "\n"


def _taken(feature: Feature, patterns: Sequence[str]) -> bool:
    usable = feature.kind == "category" or (feature.low is not None and feature.high is not None)
    return usable and any(fnmatch(feature.name, pattern) for pattern in patterns)


def _lines(values: dict[str, Any]) -> list[str]:
    """JSON's numbers, texts, lists and truth values are TOML's too."""
    return [f"{name} = {json.dumps(value)}" for name, value in values.items() if value not in (None, "", (), [])]
