"""Few people of another model over one day, identified once for all tests."""

from __future__ import annotations

import pytest
from glucose_cases import World, some_people, world

from vitruvian.twin.glucose import GlucoseTwin, identify_all


@pytest.fixture(scope="session")
def few() -> tuple[World, list[GlucoseTwin]]:
    """Four people and their twins; two searches of one shape, so that one program serves all."""
    p, ratio = some_people(4, seed=2)
    these = world(p, ratio, 1, seed=3)
    return these, identify_all(these.people, weights=list(p["BW"]), draws=32, starts=1, seed=0)
