"""Block of a current at a free concentration, by one drug or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from vitruvian.core import InputError

CURRENTS = ("INa", "INaL", "ICaL", "Ito", "IKr", "IKs", "IK1")
"""Currents whose block decides on proarrhythmia, by the names of the cell models."""

Rule = Literal["independent", "competing"]


def hill(concentration: Any, ic50: Any, coefficient: Any) -> Any:
    """Share of the current taken away, 0 to 1: C^h / (C^h + IC50^h); concentration and IC50 in one unit."""
    with np.errstate(over="ignore"):
        return np.asarray(1.0 - 1.0 / (1.0 + (np.asarray(concentration, float) / ic50) ** coefficient))


def together(shares: Sequence[Any], rule: Rule = "independent") -> Any:
    """Block of one current by several drugs at once, from the block by each alone.

    "independent": each drug takes its share of what the others leave, 1 − Π(1 − bᵢ) (Bliss 1939,
    doi:10.1111/j.1744-7348.1939.tb06990.x): other sites. "competing": drugs bind one site, where one drug keeps the
    other out, x/(1 + x) with x = Σ bᵢ/(1 − bᵢ) (Gaddum 1937, doi:10.1113/jphysiol.1937.sp003456): less than so.
    For hERG the latter is the likelier: blockers meet in one pore (Mitcheson 2000, doi:10.1073/pnas.210244497).
    Raises `InputError` for a share outside 0 to 1 or another rule.
    """
    if rule not in get_args(Rule):
        raise InputError("rule of drugs together", got=rule, allowed=", ".join(get_args(Rule)))
    blocked = [np.asarray(share, float) for share in shares]
    if not blocked:
        return np.asarray(0.0)
    for share in blocked:
        if not bool(np.all((share >= 0.0) & (share <= 1.0))):
            raise InputError("a block must be a share", got=share, allowed="0 to 1")
    left = [np.clip(1.0 - share, 1e-300, 1.0) for share in blocked]
    if rule == "independent":
        return 1.0 - np.prod(np.broadcast_arrays(*left), axis=0)
    bound = sum((1.0 - one) / one for one in left)
    return bound / (1.0 + bound)
