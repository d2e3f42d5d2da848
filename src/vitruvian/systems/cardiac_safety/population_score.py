"""Arrhythmia in a population of cells: the share that repolarises abnormally under a drug, by its concentration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from vitruvian.core import InputError, UnsupportedError
from vitruvian.physiology.heart import Population, pace
from vitruvian.systems.cardiac_safety.block import hill
from vitruvian.systems.cardiac_safety.drug import CardiacDrug
from vitruvian.systems.cardiac_safety.exposed import check_hill_curves

MULTIPLES = (1.0, 3.0, 10.0, 30.0, 100.0)
"""Concentrations, in free therapeutic peaks."""


@dataclass(frozen=True)
class PopulationScore:
    """One drug in one population; shares are of cells, one for each of `multiples`.

    `score` is Passini's: Σ wᵢ·abnormalᵢ / Σ wᵢ with wᵢ = 1/multipleᵢ, 0 to 1, the higher the riskier.
    """

    drug: str
    cells: int
    multiples: tuple[float, ...]
    abnormal: tuple[float, ...]
    """Early afterdepolarisation, triggered beat, or failed repolarisation in the last beats."""
    no_capture: tuple[float, ...]
    """The stimulus no longer brings an action potential: such a cell cannot show the former."""
    score: float


def population_scores(
    population: Population,
    drugs: Sequence[CardiacDrug],
    *,
    multiples: Sequence[float] = MULTIPLES,
    cycle_length: float = 1000.0,
    beats: int = 30,
) -> tuple[PopulationScore, ...]:
    """Scores of drugs, all paced together from the population's state; block by Hill curves, IKr included.

    After Passini E et al. Front Physiol 2017;8:668 (doi:10.3389/fphys.2017.00668). Raises `InputError` for multiples
    that are none, `UnsupportedError` where the model lacks a current that a drug blocks, or a drug has hERG kinetics
    alone.
    """
    if not multiples or not all(0.0 < one < float("inf") for one in multiples):
        raise InputError("multiples of the therapeutic peak", got=tuple(multiples), allowed="above 0")
    groups = [_exposed(population, drug, one) for drug in drugs for one in multiples]
    p = {name: np.concatenate([group[name] for group in groups]) for name in population.p}
    y = population.cell.State(*(jnp.tile(value, len(groups)) for value in population.y))
    flags = pace(population.cell, p, y=y, cycle_length=cycle_length, beats=beats).flags
    shape = (len(drugs), len(multiples), population.size)
    abnormal = _share(flags.ead | flags.triggered | flags.failed_repolarisation, shape)
    lost = _share(flags.no_capture, shape)
    weights = 1.0 / np.asarray(multiples, float)
    scores = abnormal @ weights / weights.sum()
    return tuple(
        PopulationScore(drug.name, population.size, tuple(multiples), tuple(a), tuple(b), float(score))
        for drug, a, b, score in zip(drugs, abnormal.tolist(), lost.tolist(), scores, strict=True)
    )


def _exposed(population: Population, drug: CardiacDrug, multiple: float) -> dict[str, Any]:
    check_hill_curves(drug)
    found = {name: np.asarray(value) for name, value in population.p.items()}
    for current, one in drug.potency.items():
        name = f"scale_{current}"
        if name not in found:
            lacks = f"model {population.cell.name} has no {current}, which {drug.name} blocks"
            raise UnsupportedError(lacks, todo="Take a model that has it: ohara_rudy_2011.")
        found[name] = found[name] * (1.0 - hill(multiple * drug.cmax, one.ic50, one.hill))
    return found


def _share(flag: Any, shape: tuple[int, int, int]) -> np.ndarray:
    return np.asarray(flag, float).reshape(shape).mean(axis=2)
