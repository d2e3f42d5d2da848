"""From a provenance path back to the place in the raw JSON."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from vitruvian.core import DataError
from vitruvian.record.formats import RawFile

_STEP = re.compile(r"(\w+)|\[(\d+)\]")


@lru_cache(maxsize=4)
def load_container(path: Path) -> Any:
    """The parsed JSON of a raw file (JSON lines: the list of lines); raises `DataError` if it is not JSON."""
    content = RawFile(path).content
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(content.decode("utf-8-sig"))  # takes what was refused beside: NaN, numbers too large
    except (ValueError, RecursionError):
        pass
    lines = [_line(line) for line in content.split(b"\n")]
    if any(isinstance(line, dict) for line in lines):
        return {"line": lines}
    raise DataError("the raw file is not JSON", got=repr(content[:40]), todo="Read it with `Record.blob`.")


def _line(text: bytes) -> Any:
    """One of many lines; None for one that is empty or was refused."""
    try:
        return orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None


def at_place(container: Any, place: str) -> Any:
    """The part at a path such as "entry[3].resource" ("" is the whole); a split file names its entries at the top."""
    head, _, rest = place.partition(".")
    if isinstance(container, dict) and head in container:
        container, place = container[head], rest
    if isinstance(container, str):  # a message that is not JSON, kept as text
        return container
    for name, index in _STEP.findall(place):
        container = container[int(index)] if index else container[name]
    return container
