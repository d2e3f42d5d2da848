"""What coordinator and sites say to each other, as bytes: plain data, arrays and bytes; nothing that runs."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core import DataError

Content = Mapping[str, Any]
ARRAY, BYTES, TREE = "$array", "$bytes", "tree"


@dataclass(frozen=True)
class Ask:
    """One question of the coordinator, with what it says to each site that it asks."""

    kind: str
    contents: Mapping[str, Content]


def pack(content: Content) -> bytes:
    """Bytes of a message or state: an uncompressed archive of its arrays beside a JSON tree."""
    arrays: dict[str, np.ndarray] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, (np.ndarray, bytes)):
            key = f"a{len(arrays)}"
            arrays[key] = value if isinstance(value, np.ndarray) else np.frombuffer(value, np.uint8)
            return {ARRAY if isinstance(value, np.ndarray) else BYTES: key}
        if isinstance(value, Mapping):
            return {str(name): plain(one) for name, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value

    tree = json.dumps(plain(content)).encode()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, tree=np.frombuffer(tree, np.uint8), **arrays)
    return buffer.getvalue()


def unpack(message: bytes) -> dict[str, Any]:
    """The content of a message. Raises DataError where it is none."""
    try:
        with np.load(io.BytesIO(message), allow_pickle=False) as arrays:
            tree = json.loads(arrays[TREE].tobytes())
            found = _filled(tree, arrays)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise DataError("a message between sites cannot be read", got=error) from error
    if not isinstance(found, dict):
        raise DataError("a message between sites cannot be read", got=type(found).__name__)
    return found


def _filled(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {ARRAY}:
            return arrays[value[ARRAY]]
        if set(value) == {BYTES}:
            return arrays[value[BYTES]].tobytes()
        return {name: _filled(one, arrays) for name, one in value.items()}
    return [_filled(one, arrays) for one in value] if isinstance(value, list) else value
