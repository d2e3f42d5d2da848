"""JSON Patch (RFC 6902) on a resource: all operations, or none and the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from vitruvian.core import DataError
from vitruvian.serve.fhir.body import read_json
from vitruvian.serve.fhir.request import NotJson

CONTENT_TYPE = "application/json-patch+json"
_MOST = 200
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile(r"~(?![01])")


class TestFailed(DataError):
    """A `test` of the patch does not hold: the document is not what the sender took it for."""

    __test__ = False


def operations_of(body: bytes) -> Any:
    """The operations of a body. Raises `BadBody`, `NotJson` for a FHIRPath Patch, which is not done here."""
    found = read_json(body)
    if isinstance(found, dict) and found.get("resourceType") == "Parameters":
        raise NotJson("FHIRPath Patch is not done here", got="Parameters", allowed=f"a JSON Patch, {CONTENT_TYPE}")
    return found


def patched(document: Any, operations: Any) -> Any:
    """The document after all operations; the one given stays as it is.

    Raises `DataError` for a patch that is none or does not fit, `TestFailed` where a test of it fails.
    """
    if not isinstance(operations, list) or not operations:
        raise DataError("a JSON Patch is a list of operations", got=type(operations).__name__)
    if len(operations) > _MOST:
        raise DataError("the patch has too many operations", got=len(operations), allowed=f"up to {_MOST}")
    found = deepcopy(document)
    for k, one in enumerate(operations):
        if not isinstance(one, dict) or one.get("op") not in _OPERATIONS:
            raise DataError(f"operation {k} of the patch is none", allowed=f"op: {', '.join(_OPERATIONS)}")
        try:
            found = _OPERATIONS[one["op"]](found, one)
        except DataError as error:
            raise type(error)(f"operation {k} of the patch: {error.what}", got=error.got) from error
    return found


def _path(operation: Mapping[str, Any], name: str = "path") -> list[str]:
    """Steps of a JSON Pointer (RFC 6901)."""
    text = operation.get(name)
    if not isinstance(text, str) or (text and not text.startswith("/")) or _ESCAPE.search(text):
        raise DataError(f"{name} is no JSON Pointer", got=repr(text)[:60])
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _value(operation: Mapping[str, Any]) -> Any:
    if "value" not in operation:
        raise DataError("value is missing")
    return deepcopy(operation["value"])


def _at(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = document[_key(document, step)]
    return document


def _key(container: Any, step: str, *, new: bool = False) -> Any:
    """The step as a key or index of a container; with `new` one that may be inserted."""
    if isinstance(container, dict):
        if not new and step not in container:
            raise DataError("there is no such element", got=step[:60])
        return step
    if not isinstance(container, list):
        raise DataError("there is no such element", got=step[:60])
    if new and step == "-":
        return len(container)
    if _INDEX.fullmatch(step) is None or int(step) >= len(container) + new:
        raise DataError("there is no such place in the list", got=step[:60])
    return int(step)


def _add(document: Any, operation: Mapping[str, Any]) -> Any:
    return _put(document, _path(operation), _value(operation))


def _put(document: Any, steps: list[str], value: Any) -> Any:
    if not steps:
        return value
    container = _at(document, steps[:-1])
    key = _key(container, steps[-1], new=True)
    if isinstance(container, list):
        container.insert(key, value)
    else:
        container[key] = value
    return document


def _remove(document: Any, operation: Mapping[str, Any]) -> Any:
    return _taken(document, _path(operation))[0]


def _taken(document: Any, steps: list[str]) -> tuple[Any, Any]:
    if not steps:
        raise DataError("the whole document cannot be removed")
    container = _at(document, steps[:-1])
    return document, container.pop(_key(container, steps[-1]))


def _replace(document: Any, operation: Mapping[str, Any]) -> Any:
    steps, value = _path(operation), _value(operation)
    if not steps:
        return value
    container = _at(document, steps[:-1])
    container[_key(container, steps[-1])] = value
    return document


def _move(document: Any, operation: Mapping[str, Any]) -> Any:
    source, target = _path(operation, "from"), _path(operation)
    if target[: len(source)] == source and target != source:
        raise DataError("an element cannot be moved into itself")
    rest, value = _taken(document, source)
    return _put(rest, target, value)


def _copy(document: Any, operation: Mapping[str, Any]) -> Any:
    source, target = _path(operation, "from"), _path(operation)
    return _put(document, target, deepcopy(_at(document, source)))


def _test(document: Any, operation: Mapping[str, Any]) -> Any:
    if not _same(_at(document, _path(operation)), _value(operation)):
        raise TestFailed("the test does not hold", got=str(operation["path"])[:60])
    return document


def _same(a: Any, b: Any) -> bool:
    """Equality of JSON: true is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)


_OPERATIONS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test,
}  # fmt: skip
