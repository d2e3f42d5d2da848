"""Fractional flow reserve at each place of a coronary tree, with bands and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, InputError, SolveError
from vitruvian.physiology.circulation.coronary.flow import Demand, Uncertainty, demands, usual_flow
from vitruvian.physiology.circulation.coronary.losses import DENSITY, LAWS, VISCOSITY, bare, losses
from vitruvian.physiology.circulation.coronary.steady import steady_flows
from vitruvian.physiology.circulation.coronary.tree import CoronaryTree

CUT, GREY = 0.80, 0.75
"""At or below `CUT` a narrowing is held to cause ischaemia, from `GREY` on it is the grey zone (DEFER, FAME)."""
PRESSURES = (40.0, 180.0)
DRAWS = 400
_TURBULENT = 2000.0
"""Reynolds number in the throat above which neither law was measured."""


@dataclass(frozen=True)
class Place:
    """One place: past a narrowing, or the end of a segment. Pressures in mmHg at the middle of what is uncertain."""

    name: str
    where: str
    ffr: float
    low: float
    """5th and, `high`, 95th percentile."""
    high: float
    below: float
    """Part of the draws at or below `CUT`."""
    rest: float
    """Pd/Pa at rest."""
    flow: float
    """mL/s under hyperaemia."""
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Reserve:
    """Of one tree: the places under each loss law."""

    pressure: float
    venous: float
    rest_flow: float
    places: Mapping[str, tuple[Place, ...]]


def flow_reserve(
    tree: CoronaryTree,
    *,
    pressure: float = 93.0,
    venous: float = 5.0,
    rest_flow: float | None = None,
    uncertainty: Uncertainty | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Reserve:
    """FFR = Pd/Pa under hyperaemia at every place, for both loss laws.

    pressure: mean aortic, mmHg; venous: mmHg; rest_flow: into the healthy tree, mL/s, else by the first segment's
    diameter. Raises `InputError` for pressures that cannot be, `SolveError` where no steady flow was found.
    """
    if not PRESSURES[0] <= pressure <= PRESSURES[1]:
        raise InputError("mean aortic pressure", got=pressure, allowed=f"{PRESSURES[0]} to {PRESSURES[1]} mmHg")
    if not 0.0 <= venous <= min(30.0, pressure - 20.0):
        raise InputError("venous pressure", got=venous, allowed="0 to 30 mmHg, and 20 below the aortic")
    flow = usual_flow(tree.root.diameter) if rest_flow is None else rest_flow
    if not 0.02 <= flow <= 10.0:
        raise InputError("flow at rest", got=flow, allowed="0.02 to 10 mL/s", todo="1 mL/s is 60 mL/min.")
    if draws < 20:
        raise InputError("draws", got=draws, allowed="20 or more")
    demand = demands(tree, pressure, flow, uncertainty or Uncertainty(), draws, seed)
    ends = _ends(tree, demand, venous)
    return Reserve(pressure, venous, flow, {law: _places(tree, law, demand, ends, venous) for law in LAWS})


def _ends(tree: CoronaryTree, demand: Demand, venous: float) -> Float[np.ndarray, "draws outlets"]:
    """Resistance of the small vessels at rest: the tree without its narrowings then carries the demand."""
    flows = demand.rest_flow[:, None] * demand.share
    lost = (flows @ tree.feeds.T * bare(tree)[0]) @ tree.feeds
    left = demand.pressure[:, None] - venous - lost
    if np.min(left) <= 0.0:
        raise DataError("the vessels are too narrow for the flow at rest", got=f"{float(np.max(lost)):.0f} mmHg lost",
                        allowed="less than the aortic pressure", todo="Check the unit of the diameters.")  # fmt: skip
    return left / flows


@cache
def _solver() -> Any:
    import jax

    return jax.jit(jax.vmap(steady_flows, in_axes=(None, None, None, 0, 0)))


def _flows(tree: CoronaryTree, law: str, resistance: Any, driving: Any) -> Float[np.ndarray, "draws segments"]:
    a, b = losses(tree, law)
    found = np.asarray(_solver()(a, b, tree.feeds, resistance, driving)) @ tree.feeds.T
    if not np.isfinite(found).all():
        raise SolveError("no steady flow of the coronary tree was found", got=law, allowed="a solution by Newton")
    return found


def _ratio(tree: CoronaryTree, law: str, flows: Any, pressure: Any, upto: str) -> Float[np.ndarray, "draws segments"]:
    """Pressure past each segment (or past its narrowing) over the aortic."""
    a, b = losses(tree, law)
    drop = a * flows + b * flows * np.abs(flows)
    own_a, own_b = losses(tree, law, upto)
    here = own_a * flows + own_b * flows * np.abs(flows)
    above = drop @ (tree.above - np.eye(len(a))).T
    return 1.0 - (above + here) / pressure[:, None]


def _places(tree: CoronaryTree, law: str, demand: Demand, ends: Any, venous: float) -> tuple[Place, ...]:
    driving = demand.pressure - venous
    rest = _flows(tree, law, ends, driving)
    high = _flows(tree, law, ends * demand.widened[:, None], driving)
    found = []
    for upto in ("stenosis", "end"):
        ffr, calm = (_ratio(tree, law, q, demand.pressure, upto) for q in (high, rest))
        for k, segment in enumerate(tree.segments):
            if upto == "stenosis" and not segment.stenosis:
                continue
            low, top = np.quantile(ffr[1:, k], (0.05, 0.95))
            where = "past the narrowing" if upto == "stenosis" else "end"
            below = float(np.mean(ffr[1:, k] <= CUT))
            reasons = _reasons(tree, law, k, float(ffr[0, k]), below, high[0], demand.pressure[0])
            found.append((k, Place(segment.name, where, float(ffr[0, k]), float(low), float(top), below,
                                   float(calm[0, k]), float(high[0, k]), reasons)))  # fmt: skip
    return tuple(place for _, place in sorted(found, key=lambda pair: pair[0]))


def _reasons(tree: CoronaryTree, law: str, k: int, ffr: float, below: float, flows: Any, pressure: float) -> Any:
    """What made it: the largest losses on the way, how sure it is, where the law is stretched."""
    a, b = losses(tree, law)
    way = [j for j in range(len(a)) if tree.above[k, j]]
    drops = {j: float(a[j] * flows[j] + b[j] * flows[j] ** 2) for j in way}
    told = []
    for j in sorted(drops, key=lambda j: -drops[j])[:2]:
        if drops[j] >= 0.02 * pressure:
            jet = float(b[j] * flows[j] ** 2) / drops[j]
            told.append(
                f"{tree.segments[j].name} loses {drops[j]:.1f} mmHg at {flows[j]:.2f} mL/s, {jet:.0%} of it in the jet"
            )
    if 0.05 < below < 0.95:
        told.append(f"not decided: {below:.0%} of the draws are at or below {CUT:.2f}")
    elif GREY < ffr <= CUT:
        told.append(f"grey zone, {GREY:.2f} to {CUT:.2f}")
    for j in way:
        reynolds = 4.0 * DENSITY * flows[j] * 1e-6 / (np.pi * VISCOSITY * tree.segments[j].throat * 1e-3)
        if reynolds > _TURBULENT:
            told.append(f"{tree.segments[j].name}: Reynolds number {reynolds:.0f} in the throat, beyond the law's data")
    return tuple(told)
