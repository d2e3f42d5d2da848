"""Work beside requests. What it does in threads is over before record and store are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")


@asynccontextmanager
async def beside_requests(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Each piece of work goes on while the block does; then it is cancelled, the last one first.

    Raises what a piece of work raised.
    """
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in reversed(tasks):
            task.cancel()
        for task in reversed(tasks):
            with suppress(asyncio.CancelledError):
                await task


async def in_thread(work: Callable[..., T], *given: Any) -> T:
    """What `work` gives, from a thread; one who is cancelled meanwhile waits for its end. Raises what it raises."""
    going = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(going)
    except asyncio.CancelledError:
        with suppress(Exception):
            await going
        raise
