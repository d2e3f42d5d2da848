"""Bytes of resources that were opened lately, so that the next search need not decrypt them again.

A version never changes, so neither do its bytes. Who may see it is asked of the record before each look at the shelf.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from starlette.requests import HTTPConnection

from vitruvian.record import Record, Version, contents

ROOM = 64 * 1024 * 1024
"""Bytes that are kept."""


class Shelf:
    """The bytes of versions that were asked for last."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._held = room, 0
        self._pieces: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def of(self, record: Record, versions: Sequence[Version]) -> list[bytes]:
        """The bytes of versions that the asker may see, in their order."""
        with self._lock:
            found = {one.id: self._pieces[one.id] for one in versions if one.id in self._pieces}
            for key in found:
                self._pieces.move_to_end(key)
        missing = [one for one in versions if one.id not in found]
        opened = {one.id: content for one, content in contents(record, missing)}
        self._keep(opened)
        return [found.get(one.id) or opened[one.id] for one in versions]

    def _keep(self, opened: dict[str, bytes]) -> None:
        with self._lock:
            for key, content in opened.items():
                if key not in self._pieces:
                    self._pieces[key] = content
                    self._held += len(content)
            while self._held > self._room:
                _, dropped = self._pieces.popitem(last=False)
                self._held -= len(dropped)


_MAKING = Lock()


def shelf_of(connection: HTTPConnection) -> Shelf:
    """The shelf of the server that a request came to."""
    state = connection.app.state
    with _MAKING:
        if not hasattr(state, "fhir_shelf"):
            state.fhir_shelf = Shelf()
    found: Shelf = state.fhir_shelf
    return found
