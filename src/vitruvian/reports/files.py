"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from vitruvian.core import InputError


def write_whole(path: Path, text: str) -> Path:
    """Write text under another name, then rename: a reader never sees half a file, nor does a failure leave one.

    Makes missing folders. Raises `InputError` if `path` is a folder.
    """
    if path.is_dir():
        raise InputError("a report needs the name of a file", got=f"the folder {path}", todo="Add a file name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        part.chmod(0o644)
        return part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
