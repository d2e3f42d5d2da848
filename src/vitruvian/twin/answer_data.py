"""An answer back from its plain data: what `Answer.to_dict` gave, perhaps through JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from vitruvian.core import DataError
from vitruvian.twin.answer import Answer


def answer_from(data: Mapping[str, Any]) -> Answer:
    """The answer; `answer_from(answer.to_dict()) == answer`. Raises `DataError` where it is not that of an answer."""
    try:
        found: Answer = _built(Answer, data)
    except (TypeError, KeyError, AttributeError) as error:
        raise DataError("this is not the data of an answer", got=str(error)) from error
    return found


def _built(kind: Any, node: Any) -> Any:
    """`node` in the shape that a type hint says; what JSON has as lists becomes tuples again."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if node is None else _built(next(one for one in inner if one is not type(None)), node)
    if origin is tuple:
        kinds = inner[:1] * len(node) if inner[-1] is Ellipsis else inner
        return tuple(_built(one, part) for one, part in zip(kinds, node, strict=True))
    if origin is dict:
        return {name: _built(inner[1], part) for name, part in node.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{one.name: _built(hints[one.name], node[one.name]) for one in fields(kind) if one.name in node})
    return node


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
