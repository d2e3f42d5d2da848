"""What must be read again and not by others: sealed with a key of the server in the record's key ring."""

from __future__ import annotations

from vitruvian.serve.server import Server

_OWNER = "@serve"


def sealed(server: Server, use: str, account: str, text: str) -> bytes:
    """A text under the server's key, bound to its use and account."""
    server.record.keys.make([_OWNER])
    return server.record.keys.cipher(_OWNER).seal(text.encode(), f"{use}:{account}".encode())


def opened(server: Server, use: str, account: str, kept: bytes) -> str:
    """The text of `sealed`. Raises `DataError` for one that was moved or altered."""
    return server.record.keys.cipher(_OWNER).open(kept, f"{use}:{account}".encode()).decode()
