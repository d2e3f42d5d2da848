"""Every golden row of every drug in the library."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.pharmacology.goldens import Golden, read_goldens
from vitruvian.pharmacology.library import find, library

ROWS = [row for drug in library() for row in read_goldens(drug)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_model_reproduces_golden_row(row: Golden) -> None:
    found = row.evaluate()
    assert found.shape == (len(row.expected),)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, row.expected, rtol=row.rtol, atol=row.atol)


@pytest.mark.parametrize("drug", library())
def test_every_model_has_a_golden_row(drug: str) -> None:
    rows = {row.model for row in read_goldens(drug)}
    assert {model.name for model in find(drug).models} <= rows


def test_ids_are_unique() -> None:
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids)) > 0
