"""The settled beat as a model with ports: APD90 that follows a drug's plasma level and potassium, for `join`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from vitruvian.core import InputError, SolveError
from vitruvian.model import Model, Output, Parameter, Port, ResidualError, Values
from vitruvian.systems.cardiac_safety.drug import CardiacDrug
from vitruvian.systems.cardiac_safety.exposed import exposed
from vitruvian.systems.cardiac_safety.qnet import SOURCE, ranked_in, settled_beats
from vitruvian.systems.cardiac_safety.qt import NORMAL_POTASSIUM, POTASSIUM
from vitruvian.systems.cardiac_safety.uncertainty import published


class Repolarisation(Model):
    """APD90 of the cell under one drug; `concentration` is the total level, the free share of which blocks.

    The beats at `doses` (nM, free, ascending) and `potassium` (mmol/L in plasma, ascending) are settled once when the
    model is made; between them APD90 is linear in the logarithm of the concentration and in potassium, beyond them it
    keeps the value at the edge. Join it by `Settled()`: a heart is settled within minutes, a level moves over hours.
    Raises `InputError` for grids, `SolveError` where a beat of the grid is abnormal.
    """

    name = "repolarisation"
    title = "APD90 of a settled ventricular cell under a drug"
    source = SOURCE
    linear = False
    compartments = ("APD90",)
    inputs = (
        Port("concentration", "mg/L", 0.0, "total plasma concentration"),
        Port("potassium", "mmol/L", NORMAL_POTASSIUM, "in plasma"),
    )
    outputs = (
        Output("APD90", "ms", ResidualError("none")),
        Output("APD90_change", "ms", ResidualError("none"), "against no drug and normal potassium"),
    )

    def __init__(
        self,
        drug: CardiacDrug,
        *,
        unbound: float,
        molar_mass: float,
        doses: tuple[float, ...],
        potassium: tuple[float, ...] = (3.0, NORMAL_POTASSIUM, 5.5),
        cycle_length: float = 1000.0,
    ) -> None:
        if list(doses) != sorted({*doses}) or not doses or doses[0] <= 0.0:
            raise InputError("concentrations to settle at (nM)", got=doses, allowed="ascending, above 0")
        if list(potassium) != sorted({*potassium}) or NORMAL_POTASSIUM not in potassium:
            raise InputError("potassium to settle at", got=potassium, allowed=f"ascending, with {NORMAL_POTASSIUM}")
        self.parameters = (
            Parameter("UNBOUND", unbound, "1", "free share of the plasma level", 0.0),
            Parameter("MOLAR_MASS", molar_mass, "g/mol", "of what is measured", 0.0),
            Parameter("RATE", 60.0, "1/h", "of settling", 0.0),
        )
        levels = (doses[0] * 1e-3, *doses)  # the first stands for no drug
        self._levels, self._potassium = np.log(levels), np.asarray(potassium)
        self._table = _settled(drug, (0.0, *doses), potassium, cycle_length)
        self._base = float(self._table[potassium.index(NORMAL_POTASSIUM), 0])

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """The same in all people."""
        return dict(theta)

    def initial(self, p: Values) -> Any:
        """Without the drug."""
        return jnp.array([self._base])

    def rhs(self, t: Any, y: Any, p: Values) -> Any:
        """Towards the settled beat."""
        return p["RATE"] * (jnp.stack([self.apd90(p)]) - y)

    def apd90(self, p: Values) -> Any:
        """Of the settled beat at the ports' values, ms."""
        free = p["concentration"] * p["UNBOUND"] / p["MOLAR_MASS"] * 1e6  # nM
        log = jnp.log(jnp.maximum(free, jnp.exp(self._levels[0])))
        each = jnp.stack([jnp.interp(log, self._levels, row) for row in self._table])
        return jnp.interp(p["potassium"], self._potassium, each)

    def observe(self, t: Any, y: Any, p: Values) -> dict[str, Any]:
        """APD90 and its change."""
        return {"APD90": y[0], "APD90_change": y[0] - self._base}


def _settled(
    drug: CardiacDrug, doses: tuple[float, ...], potassium: tuple[float, ...], cycle_length: float
) -> np.ndarray:
    """APD90 at (potassium, dose)."""
    cell, once = ranked_in(), published(drug)
    parts = [
        exposed(cell, once, dose) | {"Ko": np.array([POTASSIUM * level / NORMAL_POTASSIUM])}
        for level in potassium
        for dose in doses
    ]
    found = settled_beats(
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, cycle_length=cycle_length
    )
    if not found.normal.all():
        at = int(np.argmin(found.normal))
        level, dose = potassium[at // len(doses)], doses[at % len(doses)]
        raise SolveError(
            f"the beat under {drug.name} is abnormal at {dose:g} nM and potassium {level:g} mmol/L",
            todo="Leave out this concentration.",
        )
    return found.apd90.reshape(len(potassium), len(doses))
