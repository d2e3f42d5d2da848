"""Order and spelling of allele names."""

from __future__ import annotations

import re


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key by which *2 comes before *17, and a reference before its variants."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts if part)


def pair_name(first: str, second: str) -> str:
    """Diplotype name, the lower allele first: `*1/*3A`."""
    return "/".join(sorted((first, second), key=natural))
