"""The torsade metric score of drugs with its uncertainty, and the risk class that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core import DataError
from vitruvian.systems.cardiac_safety.band import Band, band
from vitruvian.systems.cardiac_safety.classifier import Thresholds
from vitruvian.systems.cardiac_safety.drug import RISKS, CardiacDrug, Risk
from vitruvian.systems.cardiac_safety.exposed import exposed
from vitruvian.systems.cardiac_safety.orbit import FLAGS
from vitruvian.systems.cardiac_safety.qnet import (
    BEATS,
    DOSES,
    UNTIL,
    Beats,
    Progress,
    control,
    ranked_in,
    settled_beats,
)
from vitruvian.systems.cardiac_safety.uncertainty import SAMPLES, Sampled, published, sampled

REPOLARISATION = ("ead", "triggered", "failed_repolarisation")
"""What a drug that delays repolarisation too much does; it speaks for high risk by itself."""
UNSETTLED = 2e-3
"""Share by which qNet may still change beyond which the answer says so."""


@dataclass(frozen=True)
class AtDose:
    """The settled beat at a multiple of Cmax: at the published numbers, and over the samples with a normal beat."""

    times_cmax: float
    concentration: float  # nM, free
    qnet: float | None
    """µC/µF; None where the beat is abnormal."""
    apd90: float | None
    qnet_band: Band | None
    apd90_band: Band | None
    abnormal: tuple[str, ...]
    """What is abnormal at the published numbers."""
    abnormal_shares: Mapping[str, float]
    """Kind → share of samples that have it."""


@dataclass(frozen=True)
class Assessed:
    """One drug. `score` is the torsade metric score at the published numbers, `band` over the samples, µC/µF."""

    drug: CardiacDrug
    doses: tuple[AtDose, ...]
    score: float | None
    band: Band | None
    samples: int
    ranked: int
    """Samples that have a score: a normal beat at every dose."""
    probabilities: Mapping[Risk, float]
    """Share of the samples in each class; those in which repolarisation fails are of the highest."""
    risk: Risk | None
    """The likeliest class, of equally likely ones the higher; None where no sample can be told."""
    reasons: tuple[str, ...]
    unsettled: float
    """Largest share by which qNet of a normal beat is estimated to change still."""


def assess(
    drugs: Sequence[CardiacDrug],
    thresholds: Thresholds,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    doses: Sequence[float] = DOSES,
    beats: int = BEATS,
    until: float = UNTIL,
    progress: Progress = lambda _: None,
) -> tuple[Assessed, ...]:
    """Each drug at each dose, at the published numbers and over `samples` draws (0: without uncertainty).

    The published numbers start at the control's beat; the samples at that of the same drug and dose. `progress` is told
    how many cells are settled, of `cells(…)`. Raises `DataError` without drugs or for doses that are none.
    """
    if not drugs:
        raise DataError("no drugs to assess")
    if not doses or not all(0.0 < one < np.inf for one in doses):
        raise DataError("doses to assess", got=list(doses), allowed="multiples of Cmax above 0")
    whole = [(drug, dose) for dose in doses for drug in drugs]
    fixed = _run([(published(drug), dose) for drug, dose in whole], None, beats, until, progress)
    spread: list[Beats] = []
    if samples:
        drawn = {drug.name: sampled(drug, samples, seed=seed) for drug in drugs}
        starts = _starts(fixed, len(drugs))
        spread = _run([(drawn[drug.name], dose) for drug, dose in whole], starts, beats, until, progress)
    every = range(len(doses))
    return tuple(
        _assessed(drug, doses, [fixed[len(drugs) * k + at] for k in every],
                  [spread[len(drugs) * k + at] for k in every] if spread else [], thresholds)
        for at, drug in enumerate(drugs)
    )  # fmt: skip


def cells(drugs: Sequence[CardiacDrug], samples: int, doses: Sequence[float] = DOSES) -> int:
    """Cells that `assess` has to settle."""
    return len(drugs) * len(doses) * (1 + samples)


def _run(
    whole: Sequence[tuple[Sampled, float]], starts: Sequence[np.ndarray] | None, beats: int, until: float,
    progress: Progress,
) -> list[Beats]:  # fmt: skip
    """The settled beats of each drug at each dose, in one batch."""
    sizes = [drug.size for drug, _ in whole]
    parts = [exposed(ranked_in(), drug, dose * drug.drug.cmax) for drug, dose in whole]
    p = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    y = None if starts is None else np.concatenate(
        [np.repeat(one[:, None], size, axis=1) for one, size in zip(starts, sizes, strict=True)], axis=1
    )  # fmt: skip
    found = settled_beats(p, start=y, beats=beats, until=until, progress=progress)
    ends = np.cumsum(sizes)
    return [_part(found, end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _part(found: Beats, begin: int, end: int) -> Beats:
    abnormal = {name: value[begin:end] for name, value in found.abnormal.items()}
    return Beats(found.qnet[begin:end], found.apd90[begin:end], abnormal, found.left[begin:end], found.y[:, begin:end])


def _starts(fixed: Sequence[Beats], drugs: int) -> list[np.ndarray]:
    """State at which the samples of a drug and dose start: its own, or of the next lower dose whose beat is normal."""
    found: list[np.ndarray] = []
    for at, one in enumerate(fixed):
        if one.normal[0]:
            found.append(one.y[:, 0])
        else:
            found.append(found[at - drugs] if at >= drugs else control())
    return found


def _assessed(
    drug: CardiacDrug, doses: Sequence[float], fixed: Sequence[Beats], spread: Sequence[Beats], thresholds: Thresholds
) -> Assessed:
    each = tuple(
        _at_dose(drug, dose, one, spread[k] if spread else None)
        for k, (dose, one) in enumerate(zip(doses, fixed, strict=True))
    )
    told = spread or fixed
    scores, failing, lost = _scores(told)
    central = [one.qnet for one in each if one.qnet is not None]
    score = float(np.mean(central)) if len(central) == len(each) else None
    classes = np.where(failing, len(RISKS) - 1, thresholds.classes(np.where(np.isfinite(scores), scores, 0.0)))
    classes = classes[~lost]
    shares = {one: float(np.mean(classes == k)) if len(classes) else 0.0 for k, one in enumerate(RISKS)}
    likeliest = max(reversed(RISKS), key=lambda one: shares[one])
    ranked = scores[np.isfinite(scores)]
    left = max((float(np.max(one.left[one.normal], initial=0.0)) for one in [*fixed, *spread]), default=0.0)
    reasons = _reasons(drug, each, thresholds, failing, lost, left)
    return Assessed(
        drug, each, score, _band(ranked) if spread else None, len(scores) if spread else 0,
        len(ranked) if spread else 0, shares, likeliest if len(classes) else None, reasons, left,
    )  # fmt: skip


def _scores(told: Sequence[Beats]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score of each sample (NaN: none), whether its repolarisation fails, whether nothing can be told of it."""
    normal = np.logical_and.reduce([one.normal for one in told])
    failing = np.logical_or.reduce([one.abnormal[name] for one in told for name in REPOLARISATION])
    with np.errstate(invalid="ignore"):
        scores = np.where(normal, np.mean([one.qnet for one in told], axis=0), np.nan)
    return scores, failing, ~normal & ~failing


def _at_dose(drug: CardiacDrug, dose: float, fixed: Beats, spread: Beats | None) -> AtDose:
    normal = bool(fixed.normal[0])
    named = tuple(name for name in FLAGS if fixed.abnormal[name][0])
    qnet_band = apd_band = None
    shares: dict[str, float] = {}
    if spread is not None:
        qnet_band, apd_band = _band(spread.qnet[spread.normal]), _band(spread.apd90[spread.normal])
        shares = {name: float(spread.abnormal[name].mean()) for name in FLAGS if spread.abnormal[name].any()}
    return AtDose(
        dose, dose * drug.cmax, float(fixed.qnet[0]) if normal else None, float(fixed.apd90[0]) if normal else None,
        qnet_band, apd_band, named, shares,
    )  # fmt: skip


def _band(values: np.ndarray) -> Band | None:
    return band(values) if len(values) else None


def _reasons(
    drug: CardiacDrug,
    doses: Sequence[AtDose],
    thresholds: Thresholds,
    failing: np.ndarray,
    lost: np.ndarray,
    left: float,
) -> tuple[str, ...]:
    found = []
    if drug.binding is None:
        found.append("no hERG kinetics are known: IKr is blocked by its Hill curve, without trapping"
                     if "IKr" in drug.potency else "no block of IKr is given")  # fmt: skip
    for one in doses:
        if one.abnormal:
            names = ", ".join(name.replace("_", " ") for name in one.abnormal)
            found.append(f"at {one.times_cmax:g} × Cmax the published numbers give {names}: not ranked by qNet")
    if failing.any():
        found.append(f"repolarisation fails in {failing.mean():.0%} of the samples, which count as high risk")
    if lost.any():
        found.append(f"{lost.mean():.0%} of the samples alternate or are not captured and tell nothing")
    if thresholds.dataset != drug.dataset:
        found.append(f"the thresholds ({thresholds.name}) belong to another laboratory's data ({thresholds.dataset})")
    if left > UNSETTLED:
        found.append(unsettled(left))
    return tuple(found)


def unsettled(left: float) -> str:
    """The reason that beats were not settled, `left` the largest share still to change."""
    return f"some beats had not settled: qNet may still change by {left:.1%}"
