"""Hill block, drugs together, uncertainty, and the library."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError, InputError, UnknownNameError, UnsupportedError
from vitruvian.physiology.heart import cell
from vitruvian.systems.cardiac_safety import (
    Binding,
    CardiacDrug,
    Potency,
    exposed,
    hill,
    library,
    published,
    sampled,
    shares,
    together,
)


def test_hill() -> None:
    assert hill(10.0, 10.0, 0.7) == pytest.approx(0.5)
    assert hill(0.0, 10.0, 0.7) == 0.0
    assert hill(30.0, 10.0, 2.0) == pytest.approx(0.9)


def test_two_drugs() -> None:
    assert together([0.5, 0.5]) == pytest.approx(0.75)
    assert together([0.5, 0.5], "competing") == pytest.approx(2 / 3)  # as one drug at twice the concentration
    assert together([hill(5.0, 10.0, 1.0)] * 2, "competing") == pytest.approx(float(hill(10.0, 10.0, 1.0)))
    assert together([1.0, 0.3], "competing") == pytest.approx(1.0)
    assert together([]) == 0.0
    with pytest.raises(InputError, match="must be a share"):
        together([1.2])
    with pytest.raises(InputError, match="got bliss; allowed: independent, competing"):
        together([0.5], "bliss")  # type: ignore[arg-type]
    two = shares([published(library()[name]) for name in ("dofetilide", "verapamil")], [2.0, 81.0])
    alone = shares([published(library()["dofetilide"])], [2.0])
    assert alone["IKr"] < two["IKr"] < 1.0


def test_a_drug_that_cannot_be() -> None:
    for wrong in ({"IKr": Potency(-1.0, 1.0)}, {"IKr": Potency(1.0, 0.0)}, {"IX": Potency(1.0, 1.0)}):
        with pytest.raises(DataError):
            CardiacDrug("A", 1.0, wrong)
    with pytest.raises(DataError, match="interval"):
        CardiacDrug("A", 1.0, {"IKr": Potency(1.0, 1.0, (2.0, 3.0))})
    with pytest.raises(DataError, match="Cmax"):
        CardiacDrug("A", 0.0)


def test_library_holds_the_published_facts() -> None:
    for dataset in ("manual", "chantest"):
        drugs = library(dataset)
        assert [sum(one.risk == risk for one in drugs.values()) for risk in ("high", "intermediate", "low")] == [
            8,
            11,
            9,
        ]
        assert all(one.binding for one in drugs.values())
    manual = library("manual")
    assert manual["dofetilide"].cmax == 2.0
    assert (manual["dofetilide"].potency["IKr"].ic50, manual["dofetilide"].potency["IKr"].hill) == (4.87, 0.93)
    assert manual["ranolazine"].potency["INaL"].ic50 == pytest.approx(7884.47)
    with pytest.raises(UnknownNameError):
        library("mine")


def test_samples_keep_to_the_intervals() -> None:
    drug = library("chantest")["verapamil"]
    one = drug.potency["ICaL"]
    draws = sampled(drug, 4000, seed=1)
    low, middle, high = np.quantile(draws.ic50["ICaL"], [0.05, 0.5, 0.95])
    assert one.ic50_interval is not None
    assert (low, middle, high) == pytest.approx((one.ic50_interval[0], one.ic50, one.ic50_interval[1]), rel=0.08)
    assert sampled(CardiacDrug("none", 1.0), 5).size == 5
    again = sampled(drug, 4000, seed=1)
    assert np.array_equal(draws.ic50["ICaL"], again.ic50["ICaL"])
    assert not np.array_equal(draws.ic50["ICaL"], sampled(drug, 4000, seed=2).ic50["ICaL"])
    assert draws.binding is not None
    assert drug.binding is not None
    assert np.median(draws.binding["Ku"]) == pytest.approx(drug.binding.Ku, rel=0.05)


def test_exposed_cells() -> None:
    drug = published(library("manual")["dofetilide"])
    dynamic = exposed(cell("cipa_ord"), drug, 8.0)
    assert dynamic["D"] == 8.0
    assert dynamic["scale_IKr"] == 1.0
    assert dynamic["scale_ICaL"] == pytest.approx(1.0 - hill(8.0, 260.32, 1.16))
    static = exposed(cell("ohara_rudy_2011"), drug, 8.0)
    assert "D" not in static
    assert static["scale_IKr"] == pytest.approx(1.0 - hill(8.0, 4.87, 0.93))


def test_kinetics_alone_are_never_left_out_of_a_block() -> None:
    alone = published(CardiacDrug("alone", 1.0, {"ICaL": Potency(5.0, 1.0)}, Binding(35.1, 1.816e-5, 1.08, 216.6, -1)))
    other = published(library("manual")["verapamil"])
    assert exposed(cell("cipa_ord"), alone, 8.0)["D"] == 8.0
    with pytest.raises(UnsupportedError, match="IKr by alone is known by its hERG kinetics alone"):
        exposed(cell("ohara_rudy_2011"), alone, 8.0)
    with pytest.raises(UnsupportedError, match="IKr by alone"):
        shares([other, alone], [1.0, 8.0])
