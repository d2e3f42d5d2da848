"""The cell models by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from vitruvian.core import UnknownNameError
from vitruvian.physiology.heart.cell.cell import Cell
from vitruvian.physiology.heart.cell.cipa_ord import CiPAORd
from vitruvian.physiology.heart.cell.ohara_rudy_2011 import OHaraRudy2011
from vitruvian.physiology.heart.cell.ten_tusscher_2006 import TenTusscher2006

CELLS: Mapping[str, type[Cell]] = {
    TenTusscher2006.name: TenTusscher2006,
    OHaraRudy2011.name: OHaraRudy2011,
    CiPAORd.name: CiPAORd,
}
"""Model name → class."""


@cache
def _made(name: str, kind: str) -> Cell:
    return CELLS[name](kind)


def cell(name: str, kind: str = "") -> Cell:
    """The model `name` of one kind (its first where none is told), always the same instance.

    Raises `UnknownNameError` for a model or kind that is not there.
    """
    if name not in CELLS:
        raise UnknownNameError("no such cell model", got=name, allowed=", ".join(CELLS))
    return _made(name, kind or CELLS[name].kinds[0])
