"""A drug and its effect: two models joined through a port, units converted, every verb works on the result."""

import jax.numpy as jnp
import numpy as np

import vitruvian as vt
from vitruvian.core import Source
from vitruvian.model import (
    Model,
    Output,
    Parameter,
    Port,
    ResidualError,
    Settled,
    Variability,
    Wire,
    compile_events,
    join,
    simulate,
)
from vitruvian.pharmacology import CompartmentModel

MADE_UP = Source("made up for this example", status="assumption")
ERROR = ResidualError("proportional", proportional=0.1)


class MyDrug(CompartmentModel):
    """One compartment."""

    name, title, source = "mydrug", "My drug", MADE_UP
    parameters = (Parameter("CL", 5.0, "L/h"), Parameter("VC", 20.0, "L"))
    variability = (Variability("CL", 0.09),)
    outputs = (Output("concentration", "mg/L", ERROR),)

    def typical(self, theta, c):
        """Parameters of a person without random effects."""
        return dict(theta)


class Response(Model):
    """Production held back by the drug: dR/dt = kin·(1 − C/(IC50 + C)) − kout·R."""

    name, title, source, linear = "response", "Indirect response", MADE_UP, False
    parameters = (Parameter("KIN", 20.0, "1/h"), Parameter("KOUT", 0.2, "1/h"), Parameter("IC50", 800.0, "ng/mL"))
    compartments = ("response",)
    inputs = (Port("CONC", "ng/mL"),)
    outputs = (Output("response", "1", ERROR),)

    def typical(self, theta, c):
        """As published."""
        return dict(theta)

    def initial(self, p):
        """Baseline."""
        return jnp.stack([p["KIN"] / p["KOUT"]])

    def rhs(self, t, y, p):
        """Turnover."""
        return jnp.stack([p["KIN"] * (1 - p["CONC"] / (p["IC50"] + p["CONC"])) - p["KOUT"] * y[0]])

    def observe(self, t, y, p):
        """The response itself."""
        return {"response": y[0]}


wires = (Wire("concentration", "CONC"),)
for how in (None, Settled()):
    model = join(MyDrug(), Response(), wires, how)
    person = vt.infusion("mydrug", 480, "mg", over="240 h", every="240 h", count=1).to_subject(model, [2.0, 200.0])
    found = simulate(model, compile_events(model, [person]))[0, :2]
    print(f"{how or 'one system'}: response {found[0, 1]:.2f} at 2 h, {found[1, 1]:.2f} at 200 h")
    # 2 mg/h over 5 L/h is 0.4 mg/L, half of IC50: at rest the response is 100/(1 + 0.5)
    np.testing.assert_allclose(found[1], [0.4, 100 / 1.5], rtol=1e-6)
