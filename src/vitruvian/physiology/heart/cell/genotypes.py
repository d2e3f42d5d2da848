"""Genes of the heart cell's channels: what a variant of known function leaves of the current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from vitruvian.core import InputError, Source, UnknownNameError
from vitruvian.physiology.heart.cell.variant import Variant, scales


class Gene(NamedTuple):
    """The current whose channels a gene codes for, and how many of its proteins make one channel."""

    current: str
    subunits: int


GENES: Mapping[str, Gene] = {
    "KCNQ1": Gene("IKs", 4),
    "KCNH2": Gene("IKr", 4),
    "KCNJ2": Gene("IK1", 4),
    "SCN5A": Gene("INa", 1),
    "SCN5A-late": Gene("INaL", 1),
}
"""Genes of long QT 1, 2, 7 and of Brugada syndrome; `SCN5A-late` for gain of late current, long QT 3."""

_ASSEMBLY = Source(
    "Sanguinetti MC, Curran ME, Spector PS, Keating MT. Spectrum of HERG K+-channel dysfunction in an inherited "
    "cardiac arrhythmia. Proc Natl Acad Sci USA 1996;93:2208",
    doi="10.1073/pnas.93.5.2208",
    status="unverified",
)


def genotype(gene: str, function: float, *, copies: int = 1, dominant_negative: bool = False) -> Variant:
    """The variant of one gene, by its function: the current of channels with it, over that of wild type.

    One copy (heterozygous): half of the channels have it, current (1 + function)/2. If `dominant_negative`, channels
    are put together from both proteins at random and one protein with the variant makes a channel have its function:
    share 2⁻ⁿ of the channels, of n proteins each, is free of it. Two copies: all have it. A gain is a function above 1.
    Raises `UnknownNameError` for a gene, `InputError` for a function or number of copies that cannot be.
    """
    if gene not in GENES:
        raise UnknownNameError("no such gene of a heart cell's channel", got=gene, allowed=", ".join(GENES))
    if copies not in (1, 2):
        raise InputError("a person has one or two copies of a variant", got=copies, allowed="1, 2")
    if not 0.0 <= function < float("inf"):
        raise InputError(f"the function of a variant of {gene} is a share of wild type", got=function, allowed="0 up")
    current, subunits = GENES[gene]
    if dominant_negative and subunits == 1:
        raise InputError("no dominant-negative variant: one protein makes the channel", got=gene)
    free = 0.0 if copies == 2 else 0.5**subunits if dominant_negative else 0.5
    name = f"{gene} {function:g} of wild type, {copies} {'copy' if copies == 1 else 'copies'}"
    name = f"{name}, dominant negative" if dominant_negative else name
    return Variant(name, name, scales(**{current: free + (1.0 - free) * function}), _ASSEMBLY)


def _example(name: str, title: str, found: Variant) -> Variant:
    chosen = "A variant chosen as an example; for a person give `genotype` the function measured of the person's own"
    return replace(found, name=name, title=title, source=Source(chosen, status="assumption"))


EXAMPLES = (
    _example("long_qt_1", "KCNQ1, one copy without function", genotype("KCNQ1", 0.0)),
    _example("long_qt_2", "KCNH2, one copy without function", genotype("KCNH2", 0.0)),
    _example("long_qt_3", "SCN5A, one copy with five times the late current", genotype("SCN5A-late", 5.0)),
    _example("brugada", "SCN5A, one copy without function", genotype("SCN5A", 0.0)),
)
