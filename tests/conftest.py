"""Fixtures that every room's tests share."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import vitruvian  # noqa: F401  (sets the environment before JAX starts)

settings.register_profile("busy", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
"""A machine that does other work too makes no test fail."""

_MAPS = Path("/proc/self/maps")
_MANY_MAPS = 15_000
"""Compiled programs lie in memory maps of their own, of which Linux gives a process 65,530, and then kills it."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of public reference data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("VITRUVIAN_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("public reference data (shared/data) is not beside this checkout; set VITRUVIAN_SHARED to use it")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _programs_let_go() -> Iterator[None]:
    """Between files the compiled programs are let go once there are many."""
    yield
    if "jax" in sys.modules and _MAPS.exists() and _MAPS.read_bytes().count(b"\n") > _MANY_MAPS:
        sys.modules["jax"].clear_caches()
        gc.collect()
