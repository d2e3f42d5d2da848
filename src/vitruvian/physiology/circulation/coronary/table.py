"""A coronary tree from a table: one segment a row."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from vitruvian.core import DataError
from vitruvian.physiology.circulation.coronary.tree import CoronaryTree, Segment

NEEDED = ("name", "parent", "length_mm", "diameter_mm")
NARROWING = ("stenosis", "stenosis_length_mm", "stenosis_at_mm")


def read_tree(path: Path) -> CoronaryTree:
    """CSV with the columns `NEEDED` and, all or none, `NARROWING`; raises `DataError` with row, field and rule."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("the table of segments cannot be read", got=path.name, allowed="a CSV file in UTF-8") from error
    header = [name.strip() for name in lines[0]] if lines else []
    wanted = {NEEDED, NEEDED + NARROWING}
    if {frozenset(w) for w in wanted}.isdisjoint({frozenset(header)}) or len(set(header)) != len(header):
        raise DataError("columns of the table of segments", got=", ".join(header) or "an empty file",
                        allowed=f"{', '.join(NEEDED)}; and, all or none: {', '.join(NARROWING)}")  # fmt: skip
    rows = [(k, line) for k, line in enumerate(lines[1:], 1) if any(field.strip() for field in line)]
    for k, line in rows:
        if len(line) != len(header):
            raise DataError(f"row {k}", got=f"{len(line)} fields", allowed=f"{len(header)} fields")
    return CoronaryTree(tuple(_segment(k, dict(zip(header, line, strict=True))) for k, line in rows))


def _segment(row: int, fields: dict[str, str]) -> Segment:
    def number(field: str, empty: float | None = None) -> float:
        text = fields.get(field, "").strip()
        if not text and empty is not None:
            return empty
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataError(f"row {row}, {field}", got=text or "empty", allowed="a number")
        return value

    return Segment(
        fields["name"].strip(), fields["parent"].strip(), number("length_mm"), number("diameter_mm"),
        number("stenosis", 0.0), number("stenosis_length_mm", 0.0),
        number("stenosis_at_mm") if fields.get("stenosis_at_mm", "").strip() else None,
    )  # fmt: skip
