"""Whether anybody has written to a database: SQLite counts what other connections commit to a file."""

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError


class Written:
    """Asks over a connection of its own, which writes nothing: a connection does not count what it commits itself.

    Source: SQLite, "PRAGMA data_version".
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, Lock()
        self._asking: Any = None
        self._base = 0

    def count(self) -> int | None:
        """A number that stays as long as nobody commits; None where it cannot be told now, or not at all. Waits for
        nobody."""
        if self._engine.dialect.name != "sqlite":
            return None
        with self._lock:
            try:
                if self._asking is None:
                    self._asking = self._engine.raw_connection()
                    self._asking.driver_connection.execute("PRAGMA busy_timeout=0")
                return int(self._asking.driver_connection.execute("PRAGMA data_version").fetchone()[0])
            except (sqlite3.Error, SQLAlchemyError):
                return None

    def close(self) -> None:
        """Let go of the connection; another one would count anew, so nothing is asked after this."""
        with self._lock:
            if self._asking is not None:
                self._asking.invalidate()
                self._asking = None
