"""The QT interval of a person under drugs: free concentrations → block → action potential → shift with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core import InputError, RefusalError, Source
from vitruvian.physiology.heart import with_variant
from vitruvian.systems.cardiac_safety.assess import REPOLARISATION, UNSETTLED, unsettled
from vitruvian.systems.cardiac_safety.band import DEVIATIONS, Band, band
from vitruvian.systems.cardiac_safety.block import Rule
from vitruvian.systems.cardiac_safety.drug import CardiacDrug
from vitruvian.systems.cardiac_safety.exposed import AT_HERG, exposed, shares
from vitruvian.systems.cardiac_safety.qnet import Beats, ranked_in, settled_beats
from vitruvian.systems.cardiac_safety.uncertainty import SAMPLES, sampled

QT_PER_APD = (1.0, 1.25)
"""Milliseconds of QT for each of APD90, and the factor within and beyond which 90 % lie."""
SOURCE = Source(
    "Mirams GR, Davies MR, Brough SJ, et al. Prediction of thorough QT study results using action potential "
    "simulations based on ion channel screens. J Pharmacol Toxicol Methods 2014;70:246: a change of APD90 is taken for "
    "one of QT; the spread is set here",
    doi="10.1016/j.vascn.2014.07.002",
    status="assumption",
)
POTASSIUM = 5.4
"""Outside the published cell, mM. A person's change from normal (4.2 mM in plasma) is applied to it as a ratio."""
NORMAL_POTASSIUM = 4.2
MOST_FAILING, MOST_LOST = 0.05, 0.5
"""Shares of samples beyond which no shift is told: repolarisation fails; alternate or are not captured."""


@dataclass(frozen=True)
class QtShift:
    """Shift of QT in ms against the same heart without the drugs, median and 90 % band over samples.

    `apd90` is the shift of APD90 it comes from; `base` the APD90 without drugs. `failing` is the share of samples whose
    repolarisation fails, left out of the bands and counted as shifts above 60 ms; `lost` that of samples that alternate
    or are not captured, which tell nothing.
    """

    qt: Band
    apd90: Band
    base: float
    failing: float
    lost: float
    over_10: float
    over_60: float
    """Chance of a shift above 10 ms (the regulators' concern) and above 60 ms (a clinician's)."""
    reasons: tuple[str, ...]


def qt_shift(
    drugs: Sequence[CardiacDrug],
    concentrations: Sequence[Any],
    *,
    potassium: float = NORMAL_POTASSIUM,
    calcium_ratio: float = 1.0,
    variant: str = "",
    cycle_length: float = 1000.0,
    rule: Rule = "competing",
    samples: int = SAMPLES,
    seed: int = 0,
) -> QtShift:
    """Shift at free concentrations in nM, each a number or draws of it (any count; drawn from again).

    Plasma `potassium` in mmol/L, calcium as a ratio to normal, `variant` of the heart by name (long_qt_1, female, …).
    One drug with hERG kinetics binds by them; several act by their Hill curves, at hERG by `rule`. Raises `InputError`
    for what cannot be, `UnsupportedError` for a drug among several that has hERG kinetics alone, `RefusalError` where
    repolarisation fails in more than one sample in twenty or more than half of them tell nothing.
    """
    _check(drugs, concentrations, potassium, calcium_ratio)
    rng = np.random.default_rng([seed, 90])
    at = [np.maximum(rng.choice(np.atleast_1d(np.asarray(one, float)), samples), 1e-12) for one in concentrations]
    draws = [sampled(drug, samples, seed=seed) for drug in drugs]
    cell = ranked_in()
    if len(drugs) == 1:
        block = exposed(cell, draws[0], at[0])
    else:
        block = {f"scale_{name}": 1.0 - share for name, share in shares(draws, at, rule).items()}
        block |= {name: np.full(samples, cell.typical[name]) for name in AT_HERG}
    heart = with_variant(cell, cell.typical, variant) if variant else dict(cell.typical)
    heart["Ko"] = heart["Ko"] * potassium / NORMAL_POTASSIUM
    heart["Cao"] = heart["Cao"] * calcium_ratio
    found = settled_beats(_with_base(heart, block, samples), cycle_length=cycle_length)
    if not found.normal[0]:
        raise RefusalError("The heart without drugs does not repolarise normally in the model: no shift can be told.")
    return _shift(found, rng, drugs)


def _check(drugs: Sequence[CardiacDrug], concentrations: Sequence[Any], potassium: float, calcium_ratio: float) -> None:
    if not drugs or len(drugs) != len(concentrations):
        raise InputError(
            "drugs and their concentrations", got=(len(drugs), len(concentrations)), allowed="as many each"
        )
    for drug, one in zip(drugs, concentrations, strict=True):
        values = np.atleast_1d(np.asarray(one, float))
        if not values.size or not np.all(np.isfinite(values) & (values >= 0.0)):
            raise InputError(f"free concentration of {drug.name} (nM)", got=one, allowed="finite, 0 or more")
    if not 1.5 <= potassium <= 9.0:
        raise InputError("plasma potassium (mmol/L)", got=potassium, allowed="1.5 to 9")
    if not 0.4 <= calcium_ratio <= 2.0:
        raise InputError("calcium over normal", got=calcium_ratio, allowed="0.4 to 2")


def _with_base(heart: Mapping[str, float], block: Mapping[str, np.ndarray], samples: int) -> dict[str, np.ndarray]:
    """Parameters of the heart without drugs, first, and with them."""
    typical, found = ranked_in().typical, {}
    for name in {*heart, *block}:
        own = heart[name]
        under = block.get(name, np.full(samples, own))
        if name in block and name.startswith("scale_"):
            under = under * own
        if own != typical[name] or name in block:
            found[name] = np.concatenate([[own], under])
    return found


def _shift(found: Beats, rng: np.random.Generator, drugs: Sequence[CardiacDrug]) -> QtShift:
    """From the beats of the heart without drugs, first, and of the samples with them."""
    normal = found.normal[1:]
    failing = np.logical_or.reduce([found.abnormal[name][1:] for name in REPOLARISATION])
    lost = ~normal & ~failing
    _check_told(failing, lost, " and ".join(drug.name for drug in drugs))
    delta = (found.apd90[1:] - found.apd90[0])[normal]
    spread = np.exp(rng.standard_normal(len(delta)) * np.log(QT_PER_APD[1]) / DEVIATIONS)
    qt = delta * QT_PER_APD[0] * spread
    over = np.concatenate([qt, np.full(int(failing.sum()), np.inf)])
    left = float(np.max(found.left[found.normal]))
    return QtShift(
        band(qt), band(delta), float(found.apd90[0]), float(failing.mean()), float(lost.mean()),
        float(np.mean(over > 10.0)), float(np.mean(over > 60.0)), _reasons(drugs, failing, lost, left),
    )  # fmt: skip


def _check_told(failing: np.ndarray, lost: np.ndarray, names: str) -> None:
    if failing.mean() > MOST_FAILING:
        raise RefusalError(
            f"Repolarisation fails in {failing.mean():.0%} of the samples at this concentration of {names}: no shift "
            "of QT can be told; the risk of torsade is high."
        )
    if lost.mean() > MOST_LOST:
        raise RefusalError(
            f"{lost.mean():.0%} of the samples alternate or are not captured at this concentration of {names}: no "
            "shift of QT can be told."
        )


def _reasons(drugs: Sequence[CardiacDrug], failing: np.ndarray, lost: np.ndarray, left: float) -> tuple[str, ...]:
    found = [f"QT follows APD90 of one cell ({SOURCE.doi}), uncertain by ×/÷{QT_PER_APD[1]:g}"]
    if len(drugs) == 1 and drugs[0].binding is None:
        found.append("no hERG kinetics are known: block by the Hill curve")
    if len(drugs) > 1:
        found.append("several drugs: block by Hill curves, without trapping")
    if failing.any():
        found.append(
            f"repolarisation fails in {failing.mean():.0%} of the samples, left out of the band, counted above 60 ms"
        )
    if lost.any():
        found.append(f"{lost.mean():.0%} of the samples alternate or are not captured and tell nothing")
    if left > UNSETTLED:
        found.append(unsettled(left))
    return tuple(found)
