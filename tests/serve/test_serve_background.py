"""Work beside requests: it ends with the server, and no thread of it outlives that."""

from __future__ import annotations

import asyncio
import threading

import pytest

from vitruvian.core import DataError
from vitruvian.serve.background import beside_requests, in_thread


def test_a_thread_is_over_before_the_server_goes_on() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        begun.set()
        assert may_end.wait(60)
        ended.append("thread")

    async def always() -> None:
        await in_thread(work)
        ended.append("never")

    async def main() -> None:
        async with beside_requests(always()):
            await asyncio.to_thread(begun.wait)
            asyncio.get_running_loop().call_later(0.05, may_end.set)
        assert ended == ["thread"]

    asyncio.run(main())


def test_what_a_thread_gives_and_raises_comes_back() -> None:
    def fails() -> None:
        raise DataError("no")

    async def main() -> None:
        assert await in_thread(sum, (1, 2)) == 3
        with pytest.raises(DataError):
            await in_thread(fails)

    asyncio.run(main())
