"""Variants of heart cells: what they change, and in which direction the action potential goes."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import pytest

from vitruvian.core import InputError, UnknownNameError, UnsupportedError
from vitruvian.physiology.heart.cell import (
    VARIANTS,
    Biomarkers,
    Stimulus,
    Variant,
    cell,
    genotype,
    pace,
    with_variant,
)

CELL = cell("ten_tusscher_2006")
COLUMNS: dict[str, list[Variant | str]] = {
    "published": [],
    "long_qt_1": ["long_qt_1"],
    "dominant": [genotype("KCNQ1", 0.0, dominant_negative=True)],
    "long_qt_2": ["long_qt_2"],
    "both": ["long_qt_1", "long_qt_2"],
    "brugada": ["brugada"],
    "ischaemia": ["ischaemia"],
    "hyperkalaemia": ["hyperkalaemia"],
    "hypokalaemia": ["hypokalaemia"],
    "heart_failure": ["heart_failure_lu"],
    "long_qt_7": [genotype("KCNJ2", 0.0, dominant_negative=True)],
    "homozygous": [genotype("KCNH2", 0.0, copies=2)],
}


def paced(model: Any, columns: dict[str, list[Variant | str]], beats: int, **how: Any) -> dict[str, Biomarkers]:
    """Biomarkers of one cell a column, all paced together."""
    each = []
    for variants in columns.values():
        p: Any = model.typical
        for one in variants:
            p = with_variant(model, p, one)
        each.append(p)
    p = {name: jnp.asarray([float(one[name]) for one in each]) for name in model.typical}
    found = pace(model, p, beats=beats, **how).biomarkers
    return {name: Biomarkers(*(value[at] for value in found)) for at, name in enumerate(columns)}


def test_directions_in_the_cell_of_ten_tusscher() -> None:
    found = paced(CELL, COLUMNS, 12)
    apd = {name: float(one.apd90) for name, one in found.items()}
    for longer in ("long_qt_1", "long_qt_2", "hypokalaemia", "heart_failure", "long_qt_7", "homozygous"):
        assert apd[longer] > apd["published"] + 2.0, longer
    for shorter in ("ischaemia", "hyperkalaemia"):
        assert apd[shorter] < apd["published"] - 2.0, shorter
    assert apd["dominant"] > apd["long_qt_1"] + 20.0
    assert apd["both"] > max(apd["long_qt_1"], apd["long_qt_2"]) + 10.0
    assert apd["homozygous"] > apd["long_qt_2"] + 10.0
    assert found["brugada"].upstroke < 0.75 * found["published"].upstroke
    assert found["ischaemia"].rest > found["hyperkalaemia"].rest > found["published"].rest + 4.0
    assert found["hypokalaemia"].rest < found["published"].rest - 10.0
    assert found["heart_failure"].calcium_amplitude < 0.9 * found["published"].calcium_amplitude


@pytest.mark.slow
def test_directions_in_the_cell_of_ohara_and_rudy() -> None:
    columns: dict[str, list[Variant | str]] = {"published": []} | {
        name: [name]
        for name in ("female", "heart_failure", "heart_failure_elshrif", "ischaemia", "hyperkalaemia", "hypokalaemia",
                     "long_qt_1", "long_qt_2", "long_qt_3")
    }  # fmt: skip
    stronger = Stimulus(-80.0, 1.0)  # what potassium of 3 mM needs, where rest lies below -100 mV
    apd = {
        name: float(one.apd90) for name, one in paced(cell("ohara_rudy_2011"), columns, 30, stimulus=stronger).items()
    }
    for longer in ("female", "heart_failure", "heart_failure_elshrif", "hypokalaemia", "long_qt_1", "long_qt_2",
                   "long_qt_3"):  # fmt: skip
        assert apd[longer] > apd["published"] + 2.0, longer
    for shorter in ("ischaemia", "hyperkalaemia"):
        assert apd[shorter] < apd["published"] - 2.0, shorter


@pytest.mark.slow
def test_a_fibrillating_atrium_has_short_action_potentials() -> None:
    columns: dict[str, list[Variant | str]] = {"published": [], "remodelled": ["atrial_fibrillation"]}
    found = paced(cell("courtemanche_1998"), columns, 20)
    assert found["remodelled"].apd90 < found["published"].apd90 - 50.0


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({"function": 0.0}, 0.5),
        ({"function": 0.4}, 0.7),
        ({"function": 0.4, "copies": 2}, 0.4),
        ({"function": 0.0, "dominant_negative": True}, 1.0 / 16.0),
        ({"function": 0.2, "dominant_negative": True}, 1.0 / 16.0 + 15.0 / 16.0 * 0.2),
        ({"function": 3.0}, 2.0),
        ({"function": 1.0}, 1.0),
    ],
)
def test_current_that_a_genotype_leaves(how: dict[str, Any], left: float) -> None:
    p = with_variant(CELL, {"scale_IKr": 0.5}, genotype("KCNH2", **how))
    assert p["scale_IKr"] == pytest.approx(0.5 * left)
    assert {name: value for name, value in p.items() if name != "scale_IKr"} == {
        name: value for name, value in CELL.typical.items() if name != "scale_IKr"
    }


def test_a_kind_has_its_own_changes() -> None:
    endo, epi = (cell("ohara_rudy_2011", kind) for kind in ("endo", "epi"))
    assert with_variant(endo, {}, "female")["scale_IKr"] == 0.79
    assert with_variant(epi, {}, "female")["scale_IKr"] == pytest.approx(0.8028, abs=1e-4)


def test_every_named_variant_has_a_model_and_a_source() -> None:
    models = [cell(name) for name in ("ten_tusscher_2006", "ohara_rudy_2011", "courtemanche_1998")]
    for variant in VARIANTS.values():
        assert variant.source.citation
        assert any(served(variant, model) for model in models), variant.name


def served(variant: Variant, model: Any) -> bool:
    try:
        return bool(variant.of(model))
    except UnsupportedError:
        return False


def test_what_a_variant_does_not_reach_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="long_qt_1"):
        with_variant(CELL, {}, "long_qt_9")
    with pytest.raises(UnsupportedError, match="courtemanche_1998"):
        with_variant(CELL, {}, "atrial_fibrillation")
    with pytest.raises(UnsupportedError, match="endo, epi"):
        with_variant(cell("ohara_rudy_2011", "mid"), {}, "female")
    with pytest.raises(UnsupportedError, match="scale_INaL"):
        with_variant(CELL, {}, "long_qt_3")


@pytest.mark.parametrize(
    ("gene", "how", "told"),
    [
        ("KCNE9", {"function": 0.5}, "KCNQ1, KCNH2"),
        ("KCNQ1", {"function": -0.1}, "share of wild type"),
        ("KCNQ1", {"function": float("nan")}, "share of wild type"),
        ("KCNQ1", {"function": 0.5, "copies": 3}, "one or two"),
        ("SCN5A", {"function": 0.5, "dominant_negative": True}, "one protein"),
    ],
)
def test_a_genotype_that_cannot_be(gene: str, how: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        genotype(gene, **how)
