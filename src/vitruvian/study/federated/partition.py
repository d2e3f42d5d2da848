"""One table as several sites, for trials of a training: by a column, or by chance. Such sites are artificial."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vitruvian.core import InputError, UnknownNameError
from vitruvian.study.federated.plan import Plan
from vitruvian.study.federated.table import SiteTable, partition, read_table


def sites_of(path: Path, plan: Plan, *, by: str | None, sites: int) -> dict[str, SiteTable]:
    """A CSV as `sites` sites: one for each value of column `by`, the largest of them halved until there are enough.

    Raises what `read_table` raises, UnknownNameError for a column that is not there, InputError for too many values.
    """
    table = read_table(path, plan, path.stem)
    return split(table, [""] * len(table.rows) if by is None else _column(path, by), sites)


def split(table: SiteTable, labels: Sequence[str], sites: int) -> dict[str, SiteTable]:
    """A table by the label of each row; halves are of people, chosen by a hash of theirs."""
    of_row = np.array(labels)
    names = sorted(set(labels))
    if len(names) > sites:
        raise InputError("more groups than sites", got=len(names), allowed=f"up to {sites}")
    groups = {f"site-{name}".rstrip("-"): of_row == name for name in names}
    coins = np.array([hashlib.sha256(b"site " + one.encode()).digest() for one in table.rows.ids], "S32")
    bits = np.unpackbits(coins.view(np.uint8).reshape(len(coins), -1), axis=1).astype(bool)
    for halved in range(sites - len(names)):
        largest = max(groups, key=lambda name: groups[name].sum())
        whole = groups.pop(largest)
        groups[f"{largest}-1"], groups[f"{largest}-2"] = whole & bits[:, halved], whole & ~bits[:, halved]
    if not all(chosen.any() for chosen in groups.values()):
        raise InputError("too few people for so many sites", got=len(table.rows))
    return partition(table, groups)


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = list(csv.reader(file))
    titles = [cell.strip().partition(" [")[0] for cell in header]
    if name not in titles:
        raise UnknownNameError("column to split by", got=name, allowed=", ".join(titles[:20]))
    at = titles.index(name)
    return [line[at].strip() or "none" for line in lines]
