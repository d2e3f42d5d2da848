"""Doors that open late: a room is named in full, and each of its files is loaded when something of it is first used."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def late(room: str) -> Callable[[str], Any]:
    """`__getattr__` of the door `room`, for the names that its file imports under `if TYPE_CHECKING`.

    None of them may be called like a file of the room, unless it is that file.
    """
    places = _places(room)

    def given(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        found = import_module(f"{room}.{name}") if places[name] == room else getattr(import_module(places[name]), name)
        setattr(sys.modules[room], name, found)
        return found

    return given


def _places(room: str) -> dict[str, str]:
    """Module that defines each name."""
    loader = sys.modules[room].__loader__
    tree = ast.parse(loader.get_source(room))  # type: ignore[union-attr]
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {one.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for one in node.names}
