"""Acting on a model's clearance with stated uncertainty: interactions and genotype effects as extra random effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Model, Parameter, Values, Variability


@dataclass(frozen=True)
class Modifier:
    """A multiplicative effect on clearance: exp(log_ratio ± log_sd) while present.

    `reason` is one sentence for the report.
    """

    name: str
    log_ratio: float
    log_sd: float
    reason: str
    source: Source | None = None


def presence_of(k: int) -> str:
    """Covariate that tells the presence of a model's `k`-th modifier over time: 0 absent … 1 full effect.

    So an interacting drug can start and stop.
    """
    return f"MODIFIER_{k + 1}"


def with_modifiers(model: Model, modifiers: Sequence[Modifier]) -> Model:
    """The same model, its clearance multiplied by each modifier's effect after those that it has.

    The uncertainty of each effect becomes one more random effect of the person, so levels measured under the
    interaction teach it. The numbers enter as fixed effects, and modifiers are told apart by their place: another
    drug, or another size of effect, does not recompile anything.
    """
    if not modifiers:
        return model
    base, held = getattr(type(model), "unmodified", (type(model), 0))
    modified = _modified_class(base, held + len(modifiers))()
    extra = [
        parameter
        for k, m in enumerate(modifiers, held)
        for parameter in (
            Parameter(f"LOG_RATIO_{k + 1}", m.log_ratio, "1", m.reason, source=m.source),
            Parameter(f"LOG_SD_{k + 1}", m.log_sd, "1", "its uncertainty", source=m.source),
        )
    ]
    object.__setattr__(modified, "parameters", (*model.parameters, *extra))
    object.__setattr__(modified, "name", model.name + "".join(f"+{m.name}" for m in modifiers if m.name))
    return modified


@lru_cache(maxsize=256)
def _modified_class(base: type[Model], count: int) -> type[Model]:
    numbers = range(1, count + 1)

    def typical(self: Any, theta: Values, c: Values) -> dict[str, Any]:
        p = base.typical(self, theta, c)
        for k in numbers:
            p[f"Z_{k}"] = jnp.zeros(())
            p[f"LOG_RATIO_{k}"] = theta[f"LOG_RATIO_{k}"]
            p[f"LOG_SD_{k}"] = theta[f"LOG_SD_{k}"]
        return p

    def derive(self: Any, p: dict[str, Any], c: Values) -> dict[str, Any]:
        for k in numbers:
            effect = jnp.exp(c[presence_of(k - 1)] * (p[f"LOG_RATIO_{k}"] + p[f"LOG_SD_{k}"] * p[f"Z_{k}"]))
            for key in self.clearance_keys:
                p = {**p, key: p[key] * effect}
        return base.derive(self, p, c)

    fields = {
        "typical": typical,
        "derive": derive,
        "unmodified": (base, count),
        # effects of other names and sizes are the same program: equal models share what is compiled
        "__eq__": lambda self, other: type(self) is type(other),
        "__hash__": lambda self: hash(type(self)),
        "__doc__": base.__doc__,
        "variability": (*base.variability, *(Variability(f"Z_{k}", 1.0, "normal") for k in numbers)),
        "covariates": (
            *base.covariates,
            *(Covariate(presence_of(k - 1), "1", f"presence of modifier {k}", hard=(0.0, 1.0)) for k in numbers),
        ),
    }
    return type(f"{base.__name__}Modified{count}", (base,), fields)
