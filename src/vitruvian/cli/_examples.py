"""Rows of a recipe from a folder or a record, for the commands of `vitruvian predict`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vitruvian.cli._record import open_record
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.study.learning import Examples, Task


def examples_of(task: Task, data: Path | None, record: str | None, part: Literal["train", "test", "score"]) -> Examples:
    """Rows of a part; a record is told as events in a folder that is deleted afterwards.

    Raises InputError where both or neither is said, or the recipe does not read what is said.
    """
    if data is not None:
        if record is not None:
            raise InputError("where the rows are is said twice", allowed="--data or --record")
        return task.read(data, part)
    if not task.from_record:
        raise InputError(f"the recipe {task.name} reads its own data set", allowed="--data FOLDER")
    from vitruvian.study.events import record_events

    with tempfile.TemporaryDirectory() as folder, open_record(record) as opened:
        events = Path(folder) / "events"
        record_events(opened, events)
        return task.read(events, part)
