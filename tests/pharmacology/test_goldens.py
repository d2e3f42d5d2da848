"""Every golden row of every drug in the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.model import Values
from vitruvian.pharmacology.drugs.vancomycin.thomson_2009 import Thomson2009
from vitruvian.pharmacology.goldens import Golden, parse_golden, read_goldens
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


def test_golden_row_notices_a_changed_equation() -> None:
    """The product form of Thomson 2009 that another public file has fails the row of the typical person."""

    class ProductForm(Thomson2009):
        def typical(self, theta: Values, c: Values) -> dict[str, Any]:
            return {**super().typical(theta, c), "CL": theta["CL"] * theta["CRCL_ON_CL"] * c["CRCL"]}

    row = next(row for row in ROWS if row.id == "vancomycin-thomson-cl-typical")
    assert row.evaluate(ProductForm()) == pytest.approx([3.039], abs=1e-3)
    assert row.evaluate() == pytest.approx(row.expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"rtol": 0.0}, "no tolerance"), ({"tolerance": 1.0}, "unknown fields"), ({"eta": {"KA": 1.0}}, "unknown etas")],
)
def test_malformed_row_is_refused(change: dict[str, Any], message: str) -> None:
    row: dict[str, Any] = {
        "id": "x",
        "model": "vancomycin",
        "kind": "parameter",
        "quantity": "CL",
        "inputs": {"covariates": {"CRCL": 60, "WT": 70, "DIALYSIS": 0}, "eta": change.pop("eta", {})},
        "expected": 2.58,
        "unit": "L/h",
        "rtol": 0.1,
        "source": "test",
    }
    with pytest.raises(DataError, match=message):
        parse_golden(row | change).evaluate()


def test_time_above_a_level_is_that_of_the_polygon() -> None:
    """Elimination from C0 crosses the level at ln(C0/level)/k."""
    row = Golden(
        id="x",
        model="gentamicin_abbasi_2023",
        kind="time_above",
        expected=(0.0,),
        unit="%",
        source="closed form",
        inputs={
            "covariates": {"WT": 70},
            "doses": [{"time": 0, "amount": 350, "unit": "mg", "route": "iv"}],
            "window": [0, 24],
            "threshold": 2.0,
        },
        rtol=1e-3,
    )
    volume = 0.33 * 70
    exact = np.log(350 / volume / 2.0) / (4.70 / volume) / 24 * 100
    assert row.evaluate() == pytest.approx([exact], rel=1e-4)
