"""Folders for decrypted or unpacked bytes: private, gone after use; what a program that was killed left is swept."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from glob import escape
from pathlib import Path

_NODE = f"{platform.node()}-"  # containers may share a folder, but no process numbers
_PREFIX = f"vitruvian-scratch-{_NODE}"


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A new private folder of this process, removed on exit of the `with`."""
    return tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")


def sweep() -> None:
    """Remove the scratch folders of this user whose process is no more."""
    for folder in _left(Path(tempfile.gettempdir()), _PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def aside_prefix() -> str:
    """How the names of files begin that this process writes aside, before they are renamed."""
    return f"{_NODE}{os.getpid()}-"


def sweep_aside(folder: Path) -> None:
    """Remove what was written aside in a folder by processes that are no more."""
    for file in _left(folder, _NODE):
        file.unlink(missing_ok=True)


def _left(folder: Path, prefix: str) -> Iterator[Path]:
    """What lies in a folder under a prefix and the number of a process of this machine that is no more."""
    if os.name != "posix":  # elsewhere signal 0 is no question
        return
    for one in folder.glob(f"{escape(prefix)}*"):
        number = one.name.removeprefix(prefix).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)) and _own(one):
            yield one


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
