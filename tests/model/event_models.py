"""Models that the engine's tests share."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

TESTED = Source("made up for the tests", status="assumption")
NONE = ResidualError("none")


def compartments(peripherals: int, absorption: Any, values: dict[str, float], unit: str = "mg/L", **more: Any) -> Any:
    """A compartment model with the given quantities and variability SD 0.3 on each."""
    fields = {
        "name": "test",
        "title": "test",
        "source": TESTED,
        "peripherals": peripherals,
        "absorption": absorption,
        "parameters": tuple(Parameter(k, v, "") for k, v in values.items()),
        "variability": tuple(Variability(k, 0.09) for k in values),
        "outputs": (Output("concentration", unit, NONE),),
        "typical": lambda self, theta, c: dict(theta),
    }
    return type("Test", (CompartmentModel,), {**fields, **more})()


class EveryEvent(CompartmentModel):
    """Two compartments and a depot; each dose compartment with its own F, lag, duration and rate, by covariates."""

    name = "every_event"
    title = "every event"
    source = TESTED
    peripherals = 1
    absorption = "first_order"
    parameters = (Parameter("CL", 5.0, "L/h"),)
    covariates = tuple(Covariate(c, "1") for c in ("WT", "F1", "F2", "L1", "L2", "D1", "D2", "R1", "R2"))
    outputs = (Output("depot", "mg", NONE), Output("central", "mg", NONE), Output("peripheral", "mg", NONE))

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Clearance grows with weight; everything else comes from the covariates."""
        fixed = {"VC": 20.0, "Q": 4.0, "VP": 30.0, "KA": 0.9}
        return {"CL": theta["CL"] * (c["WT"] / 70) ** 0.75, **fixed, **{k: c[k] for k in self._entries}}

    _entries = ("F1", "F2", "L1", "L2", "D1", "D2", "R1", "R2")

    def dosing(self, p: Values) -> dict[str, dict[str, Any]]:
        """Everything, for depot and central."""
        keys = {"F": "F", "LAG": "L", "DUR": "D", "RATE": "R"}
        return {n: {k: p[f"{v}{i}"] for k, v in keys.items()} for i, n in ((1, "depot"), (2, "central"))}

    def observe(self, t: Any, y: Any, p: Values) -> dict[str, Any]:
        """All amounts."""
        return {"depot": y[0], "central": y[1], "peripheral": y[2]}


def every_event_matrix(p: dict[str, float]) -> np.ndarray:
    """The rate matrix of `EveryEvent`, written once more."""
    k10, k12, k21, ka = p["CL"] / 20.0, 4.0 / 20.0, 4.0 / 30.0, 0.9
    return np.array([[-ka, 0, 0], [ka, -k10 - k12, k21], [0, k12, -k21]])


class Saturable(EveryEvent):
    """As `EveryEvent`, with saturable instead of linear elimination (an ODE model)."""

    name = "saturable"
    linear = False

    def rhs(self, t: Any, y: Any, p: Values) -> Any:
        """Michaelis–Menten elimination: Vmax 20·CL mg/h, Km 400 mg."""
        out = 20 * p["CL"] * y[1] / (400 + y[1])
        return jnp.stack(
            [
                -p["KA"] * y[0],
                p["KA"] * y[0] - out - 0.2 * y[1] + 4 / 30 * y[2],
                0.2 * y[1] - 4 / 30 * y[2],
            ]
        )


def saturable_rhs(t: float, y: np.ndarray, p: dict[str, float]) -> np.ndarray:
    """The same, written once more."""
    out = 20 * p["CL"] * y[1] / (400 + y[1])
    return np.array([-0.9 * y[0], 0.9 * y[0] - out - 0.2 * y[1] + 4 / 30 * y[2], 0.2 * y[1] - 4 / 30 * y[2]])


def quantities(s: Any, i: int) -> dict[str, float]:
    """Individual quantities of `EveryEvent` and `Saturable` at record i."""
    return {"CL": 5.0 * (s.covariates["WT"][i] / 70) ** 0.75}


def entry(s: Any, i: int, cmt: int) -> tuple[float, ...]:
    """F, lag, duration and rate of compartment `cmt` at record i."""
    return tuple(float(s.covariates[f"{k}{cmt + 1}"][i]) for k in ("F", "L", "D", "R"))
