"""Pages of a list: a cursor names the last item that was sent, so that what comes in between is neither lost nor sent
twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from vitruvian.core import InputError

T = TypeVar("T")
Row = TypeVar("Row")
Key = tuple[Any, ...]
Limit = Annotated[int, Query(ge=1, le=1000, description="Items of a page.")]
CursorText = Annotated[str | None, Query(max_length=500, description="`next` of the page before.")]
_TODO = "Take `next` of the page before with the same question, or leave it out for the first page."


class Page(BaseModel, Generic[T]):
    """Some items of a list."""

    items: list[T]
    next: str | None = Field(None, description="Cursor of the next page; null on the last one.")


def page_of(
    rows: Iterable[Row], key: Callable[[Row], Key], after: Key | None, limit: int
) -> tuple[list[Row], Key | None]:
    """The rows (in order of key) after a key, at most `limit`; and the key of the last one where more follow."""
    rest = [one for one in rows if after is None or key(one) > after]
    shown = rest[:limit]
    return shown, key(shown[-1]) if len(rest) > limit else None


def cursor(key: Key | None, *question: object) -> str | None:
    """A key as text, bound to the question that was asked; None for none."""
    if key is None:
        return None
    return base64.urlsafe_b64encode(orjson.dumps([key, [str(one) for one in question]])).decode().rstrip("=")


def read_cursor(text: str | None, *question: object) -> Key | None:
    """The key of a cursor. Raises `InputError` for one that is none, or of another question."""
    if text is None:
        return None
    try:
        key, asked = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InputError("not a cursor", got=repr(text), todo=_TODO) from error
    if asked != [str(one) for one in question] or not _is_key(key):
        raise InputError("the cursor belongs to another question", got=repr(text), todo=_TODO)
    return tuple(key)


def _is_key(key: Any) -> bool:
    """A list of a number (or none: -1) and texts, as `page_of` makes them."""
    simple: Sequence[type] = (int, str)
    return isinstance(key, list) and bool(key) and all(type(one) in simple for one in key)
