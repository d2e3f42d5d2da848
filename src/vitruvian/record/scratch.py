"""Folders for decrypted or unpacked bytes: private, gone after use; those of a program that was killed are swept."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path

_PREFIX = f"vitruvian-scratch-{platform.node()}-"  # containers may share a folder, but no process numbers


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A new private folder of this process, removed on exit of the `with`."""
    return tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")


def sweep() -> None:
    """Remove the scratch folders of this user whose process is no more."""
    if os.name != "posix":  # elsewhere signal 0 is no question
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)) and _own(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _own(folder: Path) -> bool:
    """Not a link, and ours."""
    return not folder.is_symlink() and folder.stat().st_uid == os.getuid()
