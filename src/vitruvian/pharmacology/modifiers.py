"""Acting on a model's clearance with stated uncertainty: interactions and genotype effects as extra random effects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Covariate, Model, Parameter, Values, Variability


@dataclass(frozen=True)
class Modifier:
    """A multiplicative effect on clearance: exp(log_ratio ± log_sd) while present.

    Presence is the time-varying covariate `covariate` (0 absent … 1 full effect), so that an interacting drug can
    start and stop. `reason` is one sentence for the report.
    """

    name: str
    log_ratio: float
    log_sd: float
    reason: str
    source: Source | None = None

    @property
    def covariate(self) -> str:
        """Name of the covariate that tells the presence of this modifier."""
        return f"MODIFIER_{self.name.upper()}"


def with_modifiers(model: Model, modifiers: tuple[Modifier, ...]) -> Model:
    """The same model, its clearance multiplied by each modifier's effect.

    The uncertainty of each effect becomes one more random effect of the person, so levels measured under the
    interaction teach it. The numbers enter as fixed effects: another size of effect does not recompile anything.
    """
    if not modifiers:
        return model
    modified = _modified_class(type(model), tuple(m.name for m in modifiers))()
    extra = [
        parameter
        for m in modifiers
        for parameter in (
            Parameter(f"LOG_RATIO_{m.name}", m.log_ratio, "1", m.reason, source=m.source),
            Parameter(f"LOG_SD_{m.name}", m.log_sd, "1", "its uncertainty", source=m.source),
        )
    ]
    object.__setattr__(modified, "parameters", (*model.parameters, *extra))
    return modified


@lru_cache(maxsize=256)
def _modified_class(base: type[Model], names: tuple[str, ...]) -> type[Model]:
    presence = {name: Modifier(name, 0.0, 0.0, "").covariate for name in names}

    def typical(self: Any, theta: Values, c: Values) -> dict[str, Any]:
        p = base.typical(self, theta, c)
        for name in names:
            p[f"Z_{name}"] = jnp.zeros(())
            p[f"LOG_RATIO_{name}"] = theta[f"LOG_RATIO_{name}"]
            p[f"LOG_SD_{name}"] = theta[f"LOG_SD_{name}"]
        return p

    def derive(self: Any, p: dict[str, Any], c: Values) -> dict[str, Any]:
        for name in names:
            effect = jnp.exp(c[presence[name]] * (p[f"LOG_RATIO_{name}"] + p[f"LOG_SD_{name}"] * p[f"Z_{name}"]))
            for key in self.clearance_keys:
                p = {**p, key: p[key] * effect}
        return base.derive(self, p, c)

    fields = {
        "typical": typical,
        "derive": derive,
        # effects of other sizes are the same program: equal models share what is compiled
        "__eq__": lambda self, other: type(self) is type(other),
        "__hash__": lambda self: hash(type(self)),
        "__doc__": base.__doc__,
        "name": base.name + "".join(f"+{name}" for name in names),
        "variability": (*base.variability, *(Variability(f"Z_{name}", 1.0, "normal") for name in names)),
        "covariates": (
            *base.covariates,
            *(Covariate(presence[name], "1", f"presence of {name}", hard=(0.0, 1.0)) for name in names),
        ),
    }
    return type(base.__name__ + "Modified", (base,), fields)
