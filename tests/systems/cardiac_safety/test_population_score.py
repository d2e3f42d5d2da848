"""The arrhythmia score of drugs in a population of cells."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import InputError, UnsupportedError
from vitruvian.physiology.heart import HUMAN, Population, calibrated, cell, drawn
from vitruvian.systems.cardiac_safety import Binding, CardiacDrug, Potency, population_scores

CELL = cell("ten_tusscher_2006")
KILLER = CardiacDrug("killer", 100.0, {name: Potency(300.0, 1.5) for name in ("IKr", "IKs", "IK1")})
INWARD = CardiacDrug("inward", 100.0, {name: Potency(300.0, 3.0) for name in ("INa", "ICaL")})
HARMLESS = CardiacDrug("harmless", 100.0, {"IKr": Potency(1e7, 1.0)})


@pytest.fixture(scope="module")
def population() -> Population:
    ranges = {name: one for name, one in HUMAN.items() if name != "triangulation40"}
    return calibrated(CELL, drawn(CELL, 12, seed=4, span=(0.5, 1.5)), ranges=ranges, beats=12, until=None)


def test_more_drug_more_abnormal_and_the_weights_are_the_papers(population: Population) -> None:
    killer, inward, harmless = population_scores(population, [KILLER, INWARD, HARMLESS], multiples=(1, 30), beats=5)
    assert killer.abnormal[1] > 0.5 >= killer.abnormal[0]
    assert killer.score == pytest.approx(np.dot(killer.abnormal, (1.0, 1.0 / 30.0)) / (1.0 + 1.0 / 30.0))
    assert harmless.abnormal == (0.0, 0.0)
    assert harmless.score == 0.0
    assert inward.no_capture[1] == 1.0
    assert inward.abnormal[1] == 0.0
    assert killer.cells == population.size


def test_what_cannot_be_scored_is_refused(population: Population) -> None:
    with pytest.raises(InputError, match="above 0"):
        population_scores(population, [KILLER], multiples=(0.0, 1.0))
    with pytest.raises(UnsupportedError, match="INaL, which late blocks"):
        population_scores(population, [CardiacDrug("late", 1.0, {"INaL": Potency(1.0, 1.0)})])
    with pytest.raises(UnsupportedError, match="kinetics alone"):
        population_scores(population, [CardiacDrug("bound", 1.0, {}, Binding(35.1, 1.816e-5, 1.08, 216.6, -1.0))])
