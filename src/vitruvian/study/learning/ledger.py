"""The ledger of test sets: each is opened once for a release, and every opening is written down before the result."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from vitruvian.core import DataError, InputError

LEDGER = "openings.jsonl"


@dataclass(frozen=True)
class Opening:
    """That the test rows of a task were looked at, for which model, and why if not for the first time."""

    task: str
    version: str
    data: Mapping[str, str]
    model: str
    when: str
    again: str = ""


def openings(ledger: Path) -> list[Opening]:
    """What is written down, oldest first. Raises DataError where a line cannot be read."""
    if not ledger.is_file():
        return []
    try:
        return [Opening(**json.loads(line)) for line in ledger.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise DataError(f"{ledger.name} cannot be read", got=error, todo="Restore it; it is never edited.") from error


def open_test(ledger: Path, task: str, version: str, data: Mapping[str, str], model: str, again: str = "") -> Opening:
    """Write an opening down. Raises InputError where the rows were opened for this release already."""
    before = [one for one in openings(ledger) if (one.task, one.version, dict(one.data)) == (task, version, dict(data))]
    if before and not again:
        raise InputError(
            f"the test rows of {task} {version} were opened on {before[-1].when} for the model {before[-1].model[:12]}",
            todo="Develop by cross-validation. If they must be opened again, say why; it will be written down.",
        )
    opening = Opening(task, version, dict(data), model, datetime.now(UTC).isoformat(timespec="seconds"), again)
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(opening), sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return opening
