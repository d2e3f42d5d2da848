"""Reading what is to be de-identified, and writing FHIR without what identifies: for `vitruvian deid`."""

from __future__ import annotations

import gzip
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitruvian.core import DataError, InputError


def key_of(path: Path | None) -> bytes:
    """The secret of a file, or a new one that nobody keeps; raises `InputError` for no file or a short one."""
    todo = "Make one once and keep it: head -c 32 /dev/urandom > FILE."
    if path is None:
        return secrets.token_bytes(32)
    if not path.is_file():
        raise InputError("there is no such key", got=str(path), todo=todo)
    key = path.read_bytes()
    if len(key) < 16:
        raise InputError("the key is too short", got=f"{len(key)} bytes", allowed="16 bytes or more", todo=todo)
    return key


def unpacked(path: Path) -> bytes:
    """The content of a file, out of gzip where it is in it; raises `DataError` for one that is damaged."""
    data = path.read_bytes()
    try:
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise DataError("a damaged gzip file", got=path.name) from error


def text_of(data: bytes) -> str | None:
    """The content as text; None for anything with zero bytes or not in UTF-8."""
    try:
        return None if b"\0" in data[:4096] else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def resources_of(text: str) -> list[Mapping[str, Any]]:
    """The FHIR resource of a JSON text, or those of its lines; [] for anything else."""
    if not text.lstrip().startswith("{") or '"resourceType"' not in text:
        return []
    try:
        found = [json.loads(text)]
    except json.JSONDecodeError:
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError:
            return []
    return found if all(isinstance(one, dict) and "resourceType" in one for one in found) else []


def written_fhir(
    resources: Sequence[Mapping[str, Any]], **told: Any
) -> tuple[bytes, tuple[str, ...], Mapping[str, int]]:
    """JSON (of several: lines) of de-identified resources, what a person must look at, and how many elements went."""
    from vitruvian.deid import deidentify_fhir

    clean = [deidentify_fhir(one, **told) for one in resources]
    removed: Counter[str] = Counter()
    for one in clean:
        removed.update(one.removed)
    lines = [json.dumps(one.resource, ensure_ascii=False) for one in clean]
    warnings = tuple(dict.fromkeys(warning for one in clean for warning in one.warnings))
    return ("\n".join(lines) + "\n").encode(), warnings, removed
