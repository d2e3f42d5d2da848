"""From a provenance path back to the place in the raw JSON."""

from __future__ import annotations

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
        return {"line": [orjson.loads(line) if line.strip() else None for line in content.split(b"\n")]}
    except orjson.JSONDecodeError as error:
        raise DataError(
            "the raw file is not JSON", got=repr(content[:40]), todo="Read it with `Record.blob`."
        ) from error


def at_place(container: Any, place: str) -> Any:
    """The part at a path such as "entry[3].resource" ("" is the whole); a split file names its entries at the top."""
    head, _, rest = place.partition(".")
    if isinstance(container, dict) and head in container:
        container, place = container[head], rest
    for name, index in _STEP.findall(place):
        container = container[int(index)] if index else container[name]
    return container
