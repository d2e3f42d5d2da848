"""What a variant of a heart cell is: named, sourced changes of a model's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vitruvian.core import Source, UnsupportedError
from vitruvian.physiology.heart.cell.cell import Cell

OHARA_RUDY = ("ohara_rudy_2011", "cipa_ord", "tor_ord_dyncl")
VENTRICULAR = (*OHARA_RUDY, "ten_tusscher_2006")
"""Models in which IKr and IK1 grow with potassium outside."""


@dataclass(frozen=True)
class Variant:
    """`changes` of parameters: a `scale_…` is multiplied, anything else set.

    `kinds` has what holds for one kind of cell instead; with `models`, the source gives the changes for these only.
    """

    name: str
    title: str
    changes: Mapping[str, float]
    source: Source
    kinds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    models: tuple[str, ...] = ()

    def of(self, cell: Cell) -> Mapping[str, float]:
        """The changes of this cell; raises `UnsupportedError` where the source or the model does not reach so far."""
        if self.models and cell.name not in self.models:
            allowed = ", ".join(self.models)
            raise UnsupportedError(f"{self.name} is not given for this model", got=cell.name, allowed=allowed)
        if self.kinds and not self.changes and cell.kind not in self.kinds:
            allowed = ", ".join(self.kinds)
            raise UnsupportedError(f"{self.name} is not given for this kind of cell", got=cell.kind, allowed=allowed)
        found = self.kinds.get(cell.kind, self.changes)
        lacking = [name for name in found if name not in cell.typical]
        if lacking:
            lacks = f"model {cell.name} lacks parameters that {self.name} changes"
            raise UnsupportedError(lacks, got=", ".join(lacking), todo="Take a model that has these currents.")
        return found


def scales(**currents: float) -> dict[str, float]:
    """Changes of the scales of currents."""
    return {f"scale_{name}": value for name, value in currents.items()}
