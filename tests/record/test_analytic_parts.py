"""Parts of the analytic copy: many small ones become few, of bounded size, and no row is lost."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from vitruvian.record import Record, analytic_parts


def test_small_parts_are_joined_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analytic_parts, "_LARGE", 10)
    with Record.open(tmp_path / "r.db") as record:
        parts = record.analytic().parts
        parts.folder.root.mkdir(parents=True, exist_ok=True)
        sizes = [3] * 20 + [25, 2]
        ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
        made = [
            parts.write("facts", "", pl.DataFrame({"n": range(end - size, end)}))
            for size, end in zip(sizes, ends, strict=True)
        ]
        joined = parts.joined(tuple(made))
        assert sorted(one.rows for one in joined) == [2, 12, 12, 12, 12, 12, 25]
        assert sorted(pl.concat([parts.read(one) for one in joined])["n"]) == list(range(sum(sizes)))
        assert parts.joined(tuple(made[:12])) == tuple(made[:12])
        assert parts.joined(joined) == joined
