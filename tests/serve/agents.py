"""Agents to test with: the official client over standard input and output, over HTTP, or beside the server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

T = TypeVar("T")
Talk = Callable[[Client], Awaitable[T]]


def over_stdio(record: Path, talk: Talk[T], *options: str, env: dict[str, str] | None = None, mode: str = "auto") -> T:
    """What a client says to `vitruvian mcp`."""
    command = str(Path(sys.executable).with_name("vitruvian"))
    there = StdioServerParameters(command=command, args=["mcp", "--record", str(record), *options], env=env)

    async def main() -> T:
        async with Client(there, mode=mode) as client:
            return await talk(client)

    return asyncio.run(main())


def over_http(url: str, token: str, talk: Talk[T], mode: str = "auto", **headers: str) -> T:
    """What a client says to `/mcp` of a server."""

    async def main() -> T:
        async with _http(url, token, headers) as transport, Client(transport, mode=mode) as client:
            return await talk(client)

    return asyncio.run(main())


def data(result: Any) -> Any:
    """The data of a call that went well."""
    assert not result.is_error, result.structured_content
    return result.structured_content["data"]


def error(result: Any) -> dict[str, str]:
    """The error of a call that did not."""
    assert result.is_error, result.structured_content
    found: dict[str, str] = result.structured_content["error"]
    return found


@asynccontextmanager
async def _http(url: str, token: str, headers: dict[str, str]) -> AsyncIterator[Any]:
    sent = {"authorization": f"Bearer {token}"} | {name.replace("_", "-"): one for name, one in headers.items()}
    async with httpx2.AsyncClient(headers=sent, timeout=120) as client:
        yield streamable_http_client(f"{url}/mcp", http_client=client)
