"""Elements of a resource by path: "code.coding|valueCodeableConcept". Lists are walked through; an extension goes by
the last part of its URL: "extension:condition-assertedDate.valueDateTime".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]
_EXTENSION = "extension:"


def at(resource: Json, paths: Sequence[tuple[str, ...]]) -> list[Any]:
    """All values at any of the paths, in order; lists are flattened."""
    found: list[Any] = []
    for path in paths:
        found.extend(_walk(resource, path))
    return found


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict) and path[0].startswith(_EXTENSION):
        tail = "/" + path[0].removeprefix(_EXTENSION)
        found = [one for one in value.get("extension") or () if str(one.get("url", "")).endswith(tail)]
        yield from _walk(found, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _walk(value[path[0]], path[1:])


def texts(value: Any) -> Iterator[str]:
    """Every text of a value that a reader would see: parts of names and addresses, not their use or period."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _HIDDEN:
                yield from texts(inner)


_HIDDEN = frozenset({"use", "period", "system", "id", "extension", "type", "reference"})
