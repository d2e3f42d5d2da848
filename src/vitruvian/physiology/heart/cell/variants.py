"""Cells of women, of diseased hearts and of long-QT genotypes: named, sourced changes of a model's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vitruvian.core import InputError, Source, UnknownNameError, UnsupportedError
from vitruvian.model import Values
from vitruvian.physiology.heart.cell.cell import Cell

OHARA_RUDY = ("ohara_rudy_2011", "cipa_ord", "tor_ord_dyncl")


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


def with_variant(cell: Cell, p: Values, variant: Variant | str) -> dict[str, Any]:
    """`p` with the changes of a variant, or of one of `VARIANTS` by its name; variants may follow one another.

    Raises `UnknownNameError` for a name that is none, `UnsupportedError` for a model that the variant is not for.
    """
    if isinstance(variant, str):
        if variant not in VARIANTS:
            raise UnknownNameError("no such variant of the heart cell", got=variant, allowed=", ".join(VARIANTS))
        variant = VARIANTS[variant]
    found = {**cell.typical, **p}
    for name, value in variant.of(cell).items():
        found[name] = found[name] * value if name.startswith("scale_") else value
    return found


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
    return Variant(name, name, {f"scale_{current}": free + (1.0 - free) * function}, _ASSEMBLY)


def _named(name: str, title: str, found: Variant, source: Source) -> Variant:
    return Variant(name, title, found.changes, source)


_LONG_QT = "Variant chosen here as an example; give `genotype` the function that was measured of a person's variant"
_FEMALE = {
    "endo": {
        "scale_Ito": 0.64, "scale_IKr": 0.79, "scale_IKs": 0.83, "scale_IK1": 0.86,
        "scale_INaK": 0.79, "scale_IpCa": 1.6, "scale_Jup": 1.15,
    },
    "epi": {
        "scale_Ito": 0.26 / 0.6, "scale_IKr": 0.875 / 1.09, "scale_IKs": 0.87 / 1.04, "scale_IK1": 0.74 / 0.98,
        "scale_INaK": 0.7 / 0.94, "scale_IpCa": 1.6 / 0.88, "scale_Jup": 1.97 / 1.42,
    },
}  # fmt: skip

_ALL = (
    Variant(
        "female",
        "A woman's cell; the published cell stands for a man's",
        {},
        Source(
            "Yang PC, Clancy CE. In silico prediction of sex-based differences in human susceptibility to cardiac "
            "ventricular tachyarrhythmias. Front Physiol 2012;3:360",
            doi="10.3389/fphys.2012.00360",
            status="two transcriptions agree",
            errata="ratio of woman to man within a kind; the paper's calmodulin (endo × 1.21) is not changed here",
        ),
        _FEMALE,
        OHARA_RUDY,
    ),
    Variant(
        "heart_failure",
        "Failing heart",
        {
            "scale_INaL": 1.8,
            "scale_Ito": 0.4,
            "scale_IK1": 0.68,
            "scale_INaK": 0.7,
            "scale_INaCa": 1.75,
            "scale_Jup": 0.5,
            "scale_Jrel": 0.8,
        },
        Source(
            "Gomez JF, Cardona K, Romero L, Ferrero JM, Trenor B. Electrophysiological and structural remodeling in "
            "heart failure modulate arrhythmogenesis. 1D simulation study. PLoS ONE 2014;9:e106602",
            doi="10.1371/journal.pone.0106602",
            status="one transcription",
            errata="inactivation of INaL (1.8 times slower), leak of the reticulum (× 1.3), CaMK (× 1.5) not changed",
        ),
        models=OHARA_RUDY,
    ),
    Variant(
        "heart_failure_elshrif",
        "Failing heart, by another review of the measurements",
        {},
        Source(
            "Elshrif MM, Shi P, Cherry EM. Representing variability and transmural differences in a model of human "
            "heart failure. IEEE J Biomed Health Inform 2015;19:1308",
            doi="10.1109/JBHI.2015.2442833",
            status="one transcription",
        ),
        {
            "endo": {
                "scale_INa": 0.37,
                "scale_INaL": 1.93,
                "scale_Ito": 0.49,
                "scale_IK1": 0.45,
                "scale_INaK": 0.6,
                "scale_INaCa": 2.31,
                "scale_Jup": 0.59,
                "scale_IKr": 0.73,
                "scale_IKs": 0.42,
            },
            "mid": {
                "scale_INa": 0.37,
                "scale_INaL": 1.93,
                "scale_Ito": 0.62,
                "scale_IK1": 0.47,
                "scale_INaK": 0.6,
                "scale_INaCa": 2.31,
                "scale_Jup": 0.58,
                "scale_IKs": 0.5,
            },
            "epi": {
                "scale_INa": 0.37,
                "scale_INaL": 1.93,
                "scale_Ito": 0.6,
                "scale_IK1": 0.45,
                "scale_INaK": 0.6,
                "scale_INaCa": 2.31,
                "scale_Jup": 0.59,
                "scale_IKr": 0.54,
                "scale_IKs": 0.41,
            },
        },
        OHARA_RUDY,
    ),
    Variant(
        "heart_failure_lu",
        "Failing heart, for the cell of ten Tusscher and Panfilov",
        {
            "scale_INa": 0.6,
            "scale_Ito": 0.64,
            "scale_IK1": 0.8,
            "scale_INaK": 0.58,
            "scale_IbCa": 1.53,
            "scale_INaCa": 1.65,
            "scale_Iup": 0.55,
            "scale_Irel": 0.77,
            "scale_IKs": 0.5,
        },
        Source(
            "Remodelling of the cell of ten Tusscher and Panfilov that others cite as Lu 2011; not traced to the paper",
            status="one transcription",
        ),
        models=("ten_tusscher_2006",),
    ),
    Variant(
        "ischaemia",
        "Early ischaemia: potassium outside and acidosis",
        {"Ko": 9.0, "scale_INa": 0.75, "scale_ICaL": 0.75},
        Source(
            "Shaw RM, Rudy Y. Electrophysiologic effects of acute myocardial ischemia: a theoretical study of altered "
            "cell excitability and action potential duration. Cardiovasc Res 1997;35:256",
            doi="10.1016/S0008-6363(97)00093-X",
            status="unverified",
            errata="no model here has the ATP-sensitive potassium current: what lack of oxygen shortens is missing",
        ),
    ),
    Variant(
        "hypokalaemia",
        "Potassium outside 3 mM",
        {"Ko": 3.0},
        Source("Moderate hypokalaemia; the models' published potassium is 5.4 mM", status="assumption"),
    ),
    Variant(
        "hyperkalaemia",
        "Potassium outside 7 mM",
        {"Ko": 7.0},
        Source("Severe hyperkalaemia; the models' published potassium is 5.4 mM", status="assumption"),
    ),
    Variant(
        "atrial_fibrillation",
        "Atrium after months of fibrillation",
        {"scale_ICaL": 0.3, "scale_Ito": 0.5, "scale_IKur": 0.5},
        Source(
            "Courtemanche M, Ramirez RJ, Nattel S. Ionic targets for drug therapy and atrial fibrillation-induced "
            "electrical remodeling: insights from a mathematical model. Cardiovasc Res 1999;42:477",
            doi="10.1016/S0008-6363(99)00034-6",
            status="unverified",
        ),
        models=("courtemanche_1998",),
    ),
    _named(
        "long_qt_1",
        "KCNQ1, one copy without function",
        genotype("KCNQ1", 0.0),
        Source(_LONG_QT, status="assumption"),
    ),
    _named(
        "long_qt_2",
        "KCNH2, one copy without function",
        genotype("KCNH2", 0.0),
        Source(_LONG_QT, status="assumption"),
    ),
    _named(
        "long_qt_3",
        "SCN5A, one copy with five times the late current",
        genotype("SCN5A-late", 5.0),
        Source(_LONG_QT, status="assumption"),
    ),
    _named(
        "brugada",
        "SCN5A, one copy without function",
        genotype("SCN5A", 0.0),
        Source(_LONG_QT, status="assumption"),
    ),
)

VARIANTS: Mapping[str, Variant] = {one.name: one for one in _ALL}
"""By name."""
