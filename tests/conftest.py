"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import vitruvian  # noqa: F401  (sets the environment before JAX starts)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of public reference data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("VITRUVIAN_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("public reference data (shared/data) is not beside this checkout; set VITRUVIAN_SHARED to use it")
    return folder
