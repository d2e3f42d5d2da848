"""What one call may cost: rows, bytes, seconds, and how many run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import orjson

from vitruvian.core import InputError, StoreError

T = TypeVar("T")
R = TypeVar("R")
ROWS, MOST_ROWS = 50, 500
BYTES = 200_000
SECONDS = 60.0
_AGAIN = (
    "Make the same call again: a twin goes on with what it began and keeps its answer, the first of a drug takes a "
    "minute or two. Else ask for less: fewer rows, a shorter time, one option."
)
_AT_ONCE = 16
_RUNNING = threading.BoundedSemaphore(_AT_ONCE)


async def bounded(work: Callable[[], T], seconds: float = SECONDS) -> T:
    """What `work` gives, from a thread of its own; after `seconds` its answer is not waited for any more.

    Raises `InputError` when the time is over, `StoreError` where too much runs already (work that was given up too).
    """
    if not _RUNNING.acquire(blocking=False):
        raise StoreError("the server is busy", got=f"{_AT_ONCE} calls at once", todo="Ask again in some seconds.")

    begun = threading.Lock()  # whoever takes it first: the thread that begins, or the caller who gives up before that

    def running() -> T:
        if not begun.acquire(blocking=False):
            raise TimeoutError
        try:
            return work()
        finally:
            _RUNNING.release()

    context = copy_context()
    try:
        with anyio.move_on_after(seconds):
            return await anyio.to_thread.run_sync(lambda: context.run(running), abandon_on_cancel=True)
    finally:
        if begun.acquire(blocking=False):
            _RUNNING.release()
    raise InputError("the call took too long", allowed=f"{seconds:g} s", todo=_AGAIN)


def page_of(
    rows: Sequence[R], limit: int, offset: int, shown: Callable[[R], Any] = lambda row: row
) -> tuple[list[Any], dict[str, int]]:
    """Rows from `offset` on, `shown` as JSON, as many as `limit` and the bytes allow; how many, where to go on."""
    found: list[Any] = []
    size = 0
    for row in rows[offset : offset + limit]:
        one = shown(row)
        size += len(orjson.dumps(one))
        if found and size > BYTES:
            break
        found.append(one)
    after = offset + len(found)
    told = {"rows": len(found), "of": len(rows)}
    return found, told | ({"next_offset": after} if after < len(rows) else {})
