"""What every request can reach: settings, the record (as the server's owner), the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import HTTPConnection

from vitruvian.record import Record
from vitruvian.serve.settings import Settings
from vitruvian.serve.store import Store, beside


@dataclass(frozen=True)
class Server:
    """One running server. `record` acts as the owner: requests never use it directly but through their `Caller`."""

    settings: Settings
    record: Record
    store: Store
    parts: dict[str, Any] = field(default_factory=dict)
    """What a part keeps while the server runs, under the part's name."""

    @classmethod
    def open(cls, settings: Settings, *, create: bool = True) -> Server:
        """Open record and store; raises `InputError` where there is no record and none is to be made."""
        record = Record.open(settings.record, create=create)
        return cls(settings, record, Store.open(settings.store or beside(settings.record)))

    def close(self) -> None:
        """Let go of both."""
        self.store.close()
        self.record.close()


def server_of(connection: HTTPConnection) -> Server:
    """The server that a request or socket came to."""
    return cast(Server, connection.app.state.server)
