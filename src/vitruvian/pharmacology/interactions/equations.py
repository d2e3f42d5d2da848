"""The mechanistic static model of drug interactions: what remains of an enzyme, and what that does to exposure.

Source: Fahmi 2008, doi:10.1124/dmd.108.020826:

    AUCR = 1/(A B C fm + 1 - fm) · 1/(Ag Bg Cg (1 - Fg) + Fg)
    A = 1/(1 + Σ I/Ki),  B = kdeg/(kdeg + Σ kinact I/(KI + I)),  C = 1 + Σ d Emax I/(EC50 + I)

Concentrations in uM and unbound, rate constants per minute. Every function broadcasts over numpy arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

HEPATIC_BLOOD_FLOW = 97.0  # L/h, 70 kg adult (FDA 2020, clinical drug interaction studies)
ENTEROCYTE_FLOW = 18.0  # L/h (Yang 2007, doi:10.2174/138920007782109805)


def _array(value: ArrayLike) -> Values:
    return np.asarray(value, dtype=np.float64)


def reversible(load: ArrayLike) -> Values:
    """A: activity left under reversible inhibition of summed load Σ I/Ki."""
    return 1.0 / (1.0 + _array(load))


def inactivation(rate: ArrayLike, kdeg: ArrayLike) -> Values:
    """B: activity left when inactivation at `rate` = Σ kinact I/(KI + I) competes with turnover `kdeg` (per min)."""
    turnover = _array(kdeg)
    return turnover / (turnover + _array(rate))


def inactivation_rate(inhibitor: ArrayLike, kinact: ArrayLike, half: ArrayLike) -> Values:
    """kinact I/(KI + I), per minute; I and KI in uM."""
    level = _array(inhibitor)
    return _array(kinact) * level / (_array(half) + level)


def induction(inducer: ArrayLike, emax: ArrayLike, ec50: ArrayLike, d: ArrayLike = 1.0) -> Values:
    """C: fold activity under one inducer, 1 + d Emax I/(EC50 + I); I and EC50 in uM."""
    level = _array(inducer)
    return 1.0 + _array(d) * _array(emax) * level / (_array(ec50) + level)


def auc_ratio(activity: ArrayLike, fm: ArrayLike, gut_activity: ArrayLike = 1.0, fg: ArrayLike = 1.0) -> Values:
    """AUC with over AUC without, one enzyme of share fm; `activity` = A·B·C in the liver, `gut_activity` in the gut."""
    liver = 1.0 / (_array(activity) * _array(fm) + 1.0 - _array(fm))
    return liver * gut_availability_ratio(gut_activity, fg)


def gut_availability_ratio(gut_activity: ArrayLike, fg: ArrayLike) -> Values:
    """Fg with over Fg without: 1/(Ag Bg Cg (1 - Fg) + Fg)."""
    return 1.0 / (_array(gut_activity) * (1.0 - _array(fg)) + _array(fg))


def hepatic_inlet(
    fu: ArrayLike, cmax_um: ArrayLike, dose_umol: ArrayLike, ka_per_h: ArrayLike, fa: ArrayLike
) -> Values:
    """Unbound concentration at the liver's inlet, uM: fu (Cmax + Fa ka dose/Qh), blood-to-plasma ratio 1.

    Source: Ito 1998 (Pharmacol Rev 50:387); FDA 2020.
    """
    return _array(fu) * (_array(cmax_um) + _array(fa) * _array(ka_per_h) * _array(dose_umol) / HEPATIC_BLOOD_FLOW)


def gut_wall(dose_umol: ArrayLike, ka_per_h: ArrayLike, fa: ArrayLike) -> Values:
    """Concentration in the gut wall, uM: Fa ka dose/Qen, unbound there (Rostami-Hodjegan 2004; FDA 2020)."""
    return _array(fa) * _array(ka_per_h) * _array(dose_umol) / ENTEROCYTE_FLOW


def activity_from_auc_ratio(ratio: ArrayLike, fm: float, fg: float, site: str = "both", floor: float = 0.02) -> Values:
    """Activity left (below 1) or induced (above 1) that gives an observed oral AUC ratio in a probe of known fm, Fg.

    Inverse of `auc_ratio`. site "both": the same activity x in liver and gut, the positive root of
    (fm x + 1 - fm)((1 - Fg) x + Fg) = 1/ratio; "liver" or "gut": that site alone. A ratio at or above what full
    inhibition could give returns `floor`.
    """
    target = 1.0 / _array(ratio)
    if site == "liver":
        root = (target - (1.0 - fm)) / fm
    elif site == "gut":
        root = (target - fg) / max(1.0 - fg, 1e-9)
    else:
        a, b, c = fm * (1.0 - fg), fm * fg + (1.0 - fm) * (1.0 - fg), (1.0 - fm) * fg - target
        # the stable form of the positive root, also where a is 0 (no gut metabolism)
        root = -2.0 * c / (b + np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0)))
    return np.maximum(root, floor)
