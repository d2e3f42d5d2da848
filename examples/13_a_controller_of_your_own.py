"""A controller for insulin of your own against basal–bolus, on the same virtual people and days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from vitruvian.control import BasalBolus, Delivery, Safe, Seen, Therapy
from vitruvian.study import LoopStudy, run_loop_study


@dataclass(frozen=True)
class Proportional:
    """Basal insulin in proportion to glucose, and the usual bolus for a meal; for all people at once."""

    every: int = 5
    traceable: bool = True

    def initial(self, known: Therapy) -> Any:
        return known

    def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
        glucose = jnp.nan_to_num(observed.glucose, nan=120.0)
        basal = state.basal * jnp.clip(1.0 + (glucose - state.target) / 80.0, 0.0, 3.0)
        none = jnp.zeros_like(basal)
        return Delivery(basal, observed.meal / state.carbohydrate_ratio, none, none), state


policies = {"manual": BasalBolus(), "mine": Safe(Proportional())}  # Safe: the independent safety layer around it
result = run_loop_study(LoopStudy(policies, strata=("adult",), people=6, days=1, seed=3))
for (stratum, policy), reached in result.table().items():
    one = reached["in_range"]
    print(f"{stratum}, {policy}: in range {one.mean:.0f} % ({one.low:.0f}–{one.high:.0f})")
more = result.differences("mine", "manual")["adult"]["in_range"]
print(f"difference in the same people: {more.mean:+.1f} points ({more.low:+.1f} to {more.high:+.1f})")

assert more.mean > 0
