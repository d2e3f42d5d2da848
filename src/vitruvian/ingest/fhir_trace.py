"""Finding the element of a resource that its reader stumbled over, by reading it once more and watching."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any


def stumbled(read: Callable[[Any], Iterable[Any]], resource: Any) -> str:
    """The path of the element that `read` touched last before it failed; "" if it does not fail."""
    seen = [""]
    with suppress(Exception):
        for _ in read(_watch(resource, "", seen)):
            pass
        return ""
    return seen[0]


def place_of(value: Any, part: Any, place: str = "") -> str:
    """The path of an object inside a resource, by identity; "" if it is not there."""
    if part is value:
        return place
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, one in inner:
        step = f"{place}[{name}]" if isinstance(part, list) else f"{place}.{name}".lstrip(".")
        if found := place_of(value, one, step):
            return found
    return ""


def _watch(value: Any, place: str, seen: list[str]) -> Any:
    seen[0] = place or seen[0]
    if isinstance(value, dict):
        return _Object(value, place, seen)
    return _List(value, place, seen) if isinstance(value, list) else value


class _Object(dict[str, Any]):
    def __init__(self, value: dict[str, Any], place: str, seen: list[str]) -> None:
        super().__init__(value)
        self._place, self._seen = place, seen

    def __getitem__(self, name: str) -> Any:
        place = f"{self._place}.{name}" if self._place else name
        self._seen[0] = place
        return _watch(super().__getitem__(name), place, self._seen)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if super().__contains__(name) else default


class _List(list[Any]):
    def __init__(self, value: list[Any], place: str, seen: list[str]) -> None:
        super().__init__(value)
        self._place, self._seen = place, seen

    def __getitem__(self, index: Any) -> Any:
        place = f"{self._place}[{index}]"
        self._seen[0] = place
        return _watch(super().__getitem__(index), place, self._seen)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))
