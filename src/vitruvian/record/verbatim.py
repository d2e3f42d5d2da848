"""The very bytes of a part of a JSON file: spaces, order of keys and digits of numbers as they came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from vitruvian.core import DataError

_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode


class Verbatim:
    """A JSON text, or JSON lines, whose parts can be asked for by place ("entry[3].resource", "line[7]").

    Raises `DataError` for bytes that are not UTF-8.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError("the file is not UTF-8", got=str(error)) from error
        self._children: dict[int, dict[str, int]] = {}

    def at(self, place: str) -> bytes:
        """The bytes of the value at `place` ("" is the whole text); raises `DataError` if there is none.

        A part of a file that was split by person names its entries and lines ("entry[3]": …) at the top.
        """
        head, _, rest = place.partition(".")
        start = self._skip(0)
        if place and self._text.startswith("{", start) and head in self._inside(start):
            start, place = self._inside(start)[head], rest
        elif place.startswith("line["):
            lines = self._text.split("\n")
            return Verbatim(lines[int(head[5:-1])].encode()).at(rest)
        for name, index in _STEP.findall(place):
            found = self._inside(start).get(name or index)
            if found is None:
                raise DataError("there is no such place in the file", got=place)
            start = found
        return self._text[start : self._end(start)].encode()

    def _inside(self, start: int) -> dict[str, int]:
        """Where each member or element of the value at `start` begins."""
        if start not in self._children:
            self._children[start] = dict(self._members(start))
        return self._children[start]

    def _members(self, start: int) -> Iterator[tuple[str, int]]:
        opened, at, count = self._text[start], self._skip(start + 1), 0
        if opened not in "{[":
            return
        while self._text[at] not in "}]":
            name = str(count)
            if opened == "{":
                name, at = _decode(self._text, at)
                at = self._skip(self._skip(at) + 1)
            yield name, at
            at = self._skip(self._end(at))
            at, count = (self._skip(at + 1) if self._text[at] == "," else at), count + 1

    def _end(self, start: int) -> int:
        return _decode(self._text, start)[1]

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        assert found is not None
        return found.end()
