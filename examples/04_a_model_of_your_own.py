"""A drug of your own: one class with its numbers, their source, and one equation; no registration."""

import numpy as np

import vitruvian as vt
from vitruvian.core import Source
from vitruvian.model import Covariate, Output, Parameter, ResidualError, Variability, compile_events, simulate
from vitruvian.pharmacology import CompartmentModel


class MyDrug(CompartmentModel):
    """CL = 5·(CRCL/90); V = 30·(WT/70)."""

    name = "mydrug_author_2026"
    title = "My drug, adults"
    source = Source("made up for this example", status="assumption")
    parameters = (Parameter("CL", 5.0, "L/h"), Parameter("V", 30.0, "L"))
    variability = (Variability("CL", 0.09, stated="SD 0.3"), Variability("VC", 0.04, stated="SD 0.2"))
    covariates = (Covariate("WT", "kg"), Covariate("CRCL", "mL/min"))
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.15)),)

    def typical(self, theta, c):
        """Parameters of a person without random effects."""
        return {"CL": theta["CL"] * c["CRCL"] / 90, "VC": theta["V"] * c["WT"] / 70}


model = MyDrug()
person = vt.bolus("mydrug", 600, "mg").to_subject(model, [1.0, 6.0], {"WT": 84, "CRCL": 45})
level = simulate(model, compile_events(model, [person]))[0, :2, 0]
print(f"1 h: {level[0]:.2f} mg/L, 6 h: {level[1]:.2f} mg/L")

np.testing.assert_allclose(level, 600 / 36 * np.exp(-2.5 / 36 * np.array([1.0, 6.0])), rtol=1e-10)
