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
from mcp.client import session as sdk
from mcp.client.streamable_http import streamable_http_client

from vitruvian.serve.mcp.protocol import protocol_server
from vitruvian.serve.mcp.session import AgentSession

T = TypeVar("T")
Talk = Callable[[Client], Awaitable[T]]
sdk.DISCOVER_TIMEOUT_SECONDS = 120.0  # on a busy machine a slow start would be taken for an old server


def over_stdio(record: Path, talk: Talk[T], *options: str, env: dict[str, str] | None = None, mode: str = "auto") -> T:
    """What a client says to `vitruvian mcp`."""
    command = str(Path(sys.executable).with_name("vitruvian"))
    there = StdioServerParameters(command=command, args=["mcp", "--record", str(record), *options], env=env)

    async def main() -> T | Exception:
        async with Client(there, mode=mode) as client:
            return await _said(client, talk)

    return _heard(asyncio.run(main()))


def over_http(url: str, token: str, talk: Talk[T], mode: str = "auto", **headers: str) -> T:
    """What a client says to `/mcp` of a server."""

    async def main() -> T | Exception:
        async with _http(url, token, headers) as transport, Client(transport, mode=mode) as client:
            return await _said(client, talk)

    return _heard(asyncio.run(main()))


def beside(session: AgentSession, talk: Talk[T]) -> T:
    """What a client says to a server in this process."""

    async def main() -> T | Exception:
        async with Client(protocol_server(lambda _: session)) as client:
            return await _said(client, talk)

    return _heard(asyncio.run(main()))


def data(result: Any) -> Any:
    """The data of a call that went well."""
    assert not result.is_error, result.structured_content
    return result.structured_content["data"]


def error(result: Any) -> dict[str, str]:
    """The error of a call that did not."""
    assert result.is_error, result.structured_content
    found: dict[str, str] = result.structured_content["error"]
    return found


async def _said(client: Client, talk: Talk[T]) -> T | Exception:
    """What was heard, or what went wrong: raised inside the client it would come out wrapped in others."""
    try:
        return await talk(client)
    except Exception as error:
        return error


def _heard(result: T | Exception) -> T:
    if isinstance(result, Exception):
        raise result
    return result


@asynccontextmanager
async def _http(url: str, token: str, headers: dict[str, str]) -> AsyncIterator[Any]:
    sent = {"authorization": f"Bearer {token}"} | {name.replace("_", "-"): one for name, one in headers.items()}
    async with httpx2.AsyncClient(headers=sent, timeout=120) as client:
        yield streamable_http_client(f"{url}/mcp", http_client=client)
