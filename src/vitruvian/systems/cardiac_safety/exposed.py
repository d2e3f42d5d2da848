"""Cells exposed to a drug: the parameters of a cell model at a free concentration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitruvian.core import UnsupportedError
from vitruvian.physiology.heart import Cell
from vitruvian.systems.cardiac_safety.block import CURRENTS, Rule, hill, together
from vitruvian.systems.cardiac_safety.drug import CardiacDrug
from vitruvian.systems.cardiac_safety.uncertainty import Sampled

AT_HERG = ("D", "Kmax", "Ku", "n", "halfmax", "Vhalf")
"""Parameters of a cell whose hERG channel binds drugs."""


def dynamic(cell: Cell) -> bool:
    """Whether the cell's hERG channel has states that a drug binds."""
    return set(AT_HERG) <= set(cell.typical)


def exposed(cell: Cell, drug: Sampled, concentration: Any) -> dict[str, np.ndarray]:
    """Parameters, (n,) each, of cells at a free concentration in nM (a number, or one for each sample).

    IKr by the drug's hERG kinetics where cell and drug have them, else by its Hill curve. Raises `UnsupportedError`
    where the model lacks a current, or where a Hill curve of IKr is asked for of a drug with kinetics alone.
    """
    at = np.broadcast_to(np.asarray(concentration, float), (drug.size,))
    bound = dynamic(cell) and drug.binding is not None
    if not bound:
        check_hill_curves(drug.drug)
    found = {name: np.full(drug.size, cell.typical[name]) for name in AT_HERG if dynamic(cell)}
    for current in CURRENTS:
        share = np.zeros(drug.size)
        if current in drug.ic50 and not (current == "IKr" and bound):
            share = hill(at, drug.ic50[current], drug.hill[current])
        found[_scale(cell, current, share)] = 1.0 - share
    if bound and drug.binding is not None:
        found |= {name: np.array(value) for name, value in drug.binding.items()} | {"D": np.array(at)}
    return {name: value for name, value in found.items() if name in cell.typical}


def shares(drugs: Sequence[Sampled], concentrations: Sequence[Any], rule: Rule = "competing") -> dict[str, np.ndarray]:
    """Block of each current, (n,) each, by several drugs of n samples together, by Hill curves.

    `rule` holds for IKr, where drugs meet in one pore; at the other currents each acts independently. Raises
    `UnsupportedError` for a drug whose block of IKr is known by its kinetics alone.
    """
    for drug in drugs:
        check_hill_curves(drug.drug)
    found = {}
    for current in CURRENTS:
        alone = [
            hill(at, drug.ic50[current], drug.hill[current])
            for drug, at in zip(drugs, concentrations, strict=True)
            if current in drug.ic50
        ]
        share = together(alone, rule if current == "IKr" else "independent")
        found[current] = np.broadcast_to(share, (drugs[0].size,))
    return found


def check_hill_curves(drug: CardiacDrug) -> None:
    """Raises `UnsupportedError` where Hill curves leave out a known block: hERG kinetics without an IC50 of IKr."""
    if drug.binding is not None and "IKr" not in drug.potency:
        raise UnsupportedError(
            f"the block of IKr by {drug.name} is known by its hERG kinetics alone, and its Hill curve is needed here",
            todo="Give its IC50 and Hill coefficient of IKr.",
        )


def _scale(cell: Cell, current: str, share: np.ndarray) -> str:
    if current not in cell.currents and bool(np.any(share > 0.0)):
        raise UnsupportedError(
            f"model {cell.name} has no {current}, which the drug blocks", todo="Take a model that has it: cipa_ord."
        )
    return f"scale_{current}"
