"""A function in a process of its own: native code that hangs or crashes on a broken file takes nothing with it.

The process is kept for the next file; one that took too long is ended, and the next file gets another.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from vitruvian.core import DataError, InputError, UnsupportedError

T = TypeVar("T")
ROOM = 640 << 20  # bytes that a file may take beside what the process has
WAIT = 20
_ERRORS: dict[str, type[InputError]] = {"DataError": DataError, "UnsupportedError": UnsupportedError}


class _Worker:
    """The process, and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.owner = os.getpid()
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    @property
    def usable(self) -> bool:
        return self.owner == os.getpid() and self.process.is_alive()

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


_worker: list[_Worker] = []


def isolated(function: Callable[[Path], T], path: Path, seconds: float) -> T:
    """`function(path)`, run apart; `function` is one of a module.

    Raises what it raises of `InputError`, and `DataError` where it crashes, or takes more than `seconds` of processor
    time (or `WAIT` times that by the clock, as a process that sleeps).
    """
    if not _worker or not _worker[0].usable:
        _worker[:] = [_Worker()]
    worker = _worker[0]
    try:
        worker.pipe.send((function, path, seconds))
        if not worker.pipe.poll(WAIT * seconds):
            raise TimeoutError("its reader hangs")
        good, found = worker.pipe.recv()
    except (EOFError, OSError) as error:  # TimeoutError is one
        worker.end()
        _worker.clear()
        said = str(error) or f"its reader crashed, or took more than {seconds:.0f} s"
        raise DataError("the file is damaged", got=said, todo="Write it again.") from error
    if good:
        return found  # type: ignore[no-any-return]
    name, what, got, allowed, todo = found
    raise _ERRORS.get(name, DataError)(what, got=got, allowed=allowed, todo=todo)


def _taken() -> int:
    """Bytes of data that this process has; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmData")), 0)


def _serve(pipe: Connection[Any, Any]) -> None:
    while True:
        try:
            function, path, seconds = pipe.recv()
        except EOFError:
            return
        limit = math.ceil(time.process_time() + seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_DATA, (_taken() + ROOM, resource.RLIM_INFINITY))
        try:
            pipe.send((True, function(path)))
        except InputError as error:
            said = (None if one is None else str(one) for one in (error.got, error.allowed))
            pipe.send((False, (type(error).__name__, error.what, *said, error.todo)))
        except Exception as error:
            said_plainly = f"{type(error).__name__}: {error}"[:200]
            pipe.send((False, ("DataError", "the file cannot be read", said_plainly, None, None)))
