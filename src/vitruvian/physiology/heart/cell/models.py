"""The cell models by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from vitruvian.core import UnknownNameError
from vitruvian.physiology.heart.cell.cell import Cell
from vitruvian.physiology.heart.cell.cipa_ord import CiPAORd
from vitruvian.physiology.heart.cell.courtemanche_1998 import Courtemanche1998
from vitruvian.physiology.heart.cell.fenton_karma import FentonKarma
from vitruvian.physiology.heart.cell.hodgkin_huxley_1952 import HodgkinHuxley1952
from vitruvian.physiology.heart.cell.mitchell_schaeffer import MitchellSchaeffer
from vitruvian.physiology.heart.cell.ohara_rudy_2011 import OHaraRudy2011
from vitruvian.physiology.heart.cell.stewart_2009 import Stewart2009
from vitruvian.physiology.heart.cell.ten_tusscher_2006 import TenTusscher2006
from vitruvian.physiology.heart.cell.tor_ord_dyncl import ToRORdDynCl

CELLS: Mapping[str, type[Cell]] = {
    TenTusscher2006.name: TenTusscher2006,
    OHaraRudy2011.name: OHaraRudy2011,
    CiPAORd.name: CiPAORd,
    ToRORdDynCl.name: ToRORdDynCl,
    Courtemanche1998.name: Courtemanche1998,
    Stewart2009.name: Stewart2009,
    MitchellSchaeffer.name: MitchellSchaeffer,
    FentonKarma.name: FentonKarma,
    HodgkinHuxley1952.name: HodgkinHuxley1952,
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
