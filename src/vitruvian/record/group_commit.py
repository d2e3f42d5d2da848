"""Group commit: threads that read at the same time share one transaction, and so one wait for the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
MOST = 64  # pieces of work in one transaction


class _Piece:
    """One piece of work and what became of it."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work, self.done = work, False
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Do it in a savepoint, so that its failure is its own."""
        try:
            with connection.begin_nested():
                self.result = self.work(connection)
        except Exception as error:
            self.error = error


class GroupCommit:
    """Runs work in transactions; `begin` opens one. The first thread to come commits for those that wait behind it."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._waiting: deque[_Piece] = deque()
        self._leading = Lock()

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, after it is durable; raises what it raises (then nothing of it is kept)."""
        piece = _Piece(work)
        self._waiting.append(piece)
        with self._leading:
            while not piece.done:
                self._lead([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))])
        if piece.error is not None:
            raise piece.error
        return piece.result  # type: ignore[no-any-return]

    def _lead(self, group: list[_Piece]) -> None:
        try:
            with self._begin() as connection:
                if len(group) == 1:
                    group[0].result = group[0].work(connection)
                else:
                    for piece in group:
                        piece.run(connection)
        except Exception as error:  # nothing was committed: each of the group is told
            for piece in group:
                piece.error = piece.error or error
        finally:
            for piece in group:
                piece.done = True
