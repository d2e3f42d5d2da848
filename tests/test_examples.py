"""Every example runs; each ends in numbers that it asserts."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example(path: Path) -> None:
    assert "assert" in path.read_text(encoding="utf-8").splitlines()[-1]
    runpy.run_path(str(path), run_name="__main__")


def test_examples_are_numbered_without_gaps() -> None:
    assert [p.name[:2] for p in EXAMPLES] == [f"{k:02d}" for k in range(1, len(EXAMPLES) + 1)]
