"""An Apple Health export as well-formed XML: its broken document type left out, forbidden control characters taken out.

Known faults: the internal DTD of some versions does not parse, and names of devices hold control characters (\\x0b).
No entity is ever defined, so none can be expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from vitruvian.core import DataError

BLOCK = 1 << 20
_LIMIT = 1 << 20  # bytes of a document type
_REFERENCE = re.compile(rb"&#(x[0-9a-fA-F]{1,6}|[0-9]{1,7});")
_FORBIDDEN = bytes(k for k in range(32) if k not in (9, 10, 13))


def repaired(stream: BinaryIO) -> Iterator[bytes]:
    """The export block by block; raises `DataError` for a document type that does not end or defines entities."""
    block = stream.read(BLOCK)
    start = block.find(b"<!DOCTYPE")
    if start >= 0:
        head, rest = block[:start], block[start:]
        while (end := _end(rest)) is None:
            more = stream.read(BLOCK)
            if not more or len(rest) > _LIMIT:
                raise DataError("the document type of the export does not end", got=f"{len(rest)} bytes of it")
            rest += more
        if b"<!ENTITY" in rest[:end]:
            raise DataError("the export defines XML entities", got="<!ENTITY", allowed="none", todo="Export it again.")
        block = head + rest[end:]
    held = b""
    while block:
        block = held + block
        cut = block.rfind(b"&", -12)  # a reference may go on in the next block
        held = block[cut:] if cut >= 0 and b";" not in block[cut:] else b""
        yield _REFERENCE.sub(_allowed, block[: len(block) - len(held)].translate(None, _FORBIDDEN))
        block = stream.read(BLOCK)
    yield held


def _allowed(found: re.Match[bytes]) -> bytes:
    """A reference to a character, or nothing if XML forbids the character."""
    number = int(found[1][1:], 16) if found[1][:1] == b"x" else int(found[1])
    return b"" if number < 32 and number not in (9, 10, 13) else found[0]


def _end(text: bytes) -> int | None:
    """Where the document type ends."""
    bracket, close = text.find(b"["), text.find(b">")
    if bracket < 0 or 0 <= close < bracket:
        return close + 1 if close >= 0 else None
    inner = text.find(b"]>", bracket)
    return inner + 2 if inner >= 0 else None
