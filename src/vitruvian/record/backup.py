"""A backup of a record in files while others go on writing: one moment of the database, its files and its keys.

`data` holds what is sealed, `keys` what opens it: keep them apart. To restore, put the content of both into one folder.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import InputError, UnsupportedError
from vitruvian.record.faults import storage
from vitruvian.record.keys import ring_file

if TYPE_CHECKING:
    from vitruvian.record.record import Record

_BESIDE = ("master-key", "audit-key", "audit-head")


def back_up(record: Record, folder: Path, also: Sequence[Path] = ()) -> tuple[Path, Path]:
    """Copy a record, and other SQLite files that belong to it (`also`), into `folder`; gives `data` and `keys` there.

    Writers wait meanwhile, readers do not. Raises `InputError` where the folder is in use, `UnsupportedError` for a
    record that is not in files.
    """
    file = Path(record.engine.url.database or "")
    if record.engine.dialect.name != "sqlite":
        todo = "Back up the database with its own tools (pg_dump), its blob store and its key ring."
        raise UnsupportedError("only a record in files is backed up here", got=record.engine.dialect.name, todo=todo)
    record._demand("export", "")
    if folder.exists() and any(folder.iterdir()):
        raise InputError("the folder of a backup must be empty", got=str(folder))
    data, keys = folder / "data", folder / "keys"
    with storage():
        for one in (folder, data, keys):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        with record.transaction() as connection:
            record._note(connection, "export", "", {"of": "backup"})
        with record.engine.begin():  # nobody else writes until the end
            _database(file, data)
            for one in also:
                _database(one, data)
            _database(ring_file(str(file)), keys)
            blobs = Path(f"{file}.blobs")
            if blobs.is_dir():
                shutil.copytree(blobs, data / blobs.name)
            for name in _BESIDE:
                if (one := Path(f"{file}.{name}")).exists():
                    shutil.copy2(one, keys / one.name)
    return data, keys


def _database(file: Path, folder: Path) -> None:
    """One moment of a database, through SQLite's own backup."""
    if not file.exists():
        return
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(folder / file.name)) as new:
        old.backup(new)
