"""A sender of HTTP requests that is light enough to share the cores with the server that it asks.

Requests are written as bytes over connections that stay open, one request at a time on each; of an answer it reads
the status and the whole body. Nothing else of HTTP is here: no redirects, no chunks, no pipelining.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

_Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Sender:
    """Connections to one server, at most `most` at once."""

    host: str
    port: int
    headers: Mapping[str, str]
    most: int = 100
    _free: list[_Pair] = field(default_factory=list)
    _room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.most)
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        self._head = f" HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n{lines}"

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> int:
        """The status of the answer, read to its end. Raises `OSError` where the connection fails."""
        sent = b"" if body is None else orjson.dumps(body)
        about = f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n" if sent else ""
        async with self._room:
            pair = self._still_open() or await asyncio.open_connection(self.host, self.port)
            try:
                pair[1].write(f"{method} {path}{self._head}{about}\r\n".encode() + sent)
                status, stays = await _read(pair[0])
            except (OSError, EOFError) as error:
                pair[1].close()
                raise OSError(type(error).__name__) from error
            if stays:
                self._free.append(pair)
            else:
                pair[1].close()
            return status

    def _still_open(self) -> _Pair | None:
        """A connection that the server did not close meanwhile."""
        while self._free:
            pair = self._free.pop()
            if not pair[0].at_eof():
                return pair
            pair[1].close()
        return None

    def close(self) -> None:
        """Close all connections."""
        for _, writer in self._free:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Status, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status, length = int(head[9:12]), head.find(b"\r\ncontent-length:")
    if length < 0:
        raise EOFError("an answer without its length")
    await reader.readexactly(int(head[length + 17 : head.index(b"\r\n", length + 2)]))
    return status, b"\r\nconnection: close" not in head
