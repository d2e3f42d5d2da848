"""The SDK's transport over HTTP, begun with the first message: who serves no agents does not load it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

SESSION = "vitruvian.agent"
"""Key of a request's scope under which its `AgentSession` lies."""


class Transport:
    """Made within a running event loop; `run` goes on until it is cancelled."""

    def __init__(self) -> None:
        self._wanted = asyncio.Event()
        self._manager: asyncio.Future[StreamableHTTPSessionManager] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Wait for the first message, load the SDK, and keep its work alive."""
        await self._wanted.wait()
        try:
            manager = await run_in_threadpool(_manager)
            async with manager.run():
                self._manager.set_result(manager)
                await asyncio.Event().wait()
        except Exception as error:
            if self._manager.done():
                raise
            self._manager.set_exception(error)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one message."""
        self._wanted.set()
        manager = await asyncio.shield(self._manager)
        await manager.handle_request(scope, receive, send)


def _manager() -> StreamableHTTPSessionManager:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from vitruvian.serve.mcp.protocol import protocol_server

    app = protocol_server(lambda context: cast(Any, context.request).scope[SESSION])
    return StreamableHTTPSessionManager(app, json_response=True, stateless=True)
