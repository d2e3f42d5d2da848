"""The model of the simulation benchmarks; a file that `vitruvian population` takes as MODEL."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.model import Output, Parameter, ResidualError, Values, Variability
from vitruvian.pharmacology import CompartmentModel


class TwoCompartmentOral(CompartmentModel):
    """CL 5, VC 50, Q 10, VP 100, KA 1; log-normal variability with SD 0.3 on each."""

    name = "bench_two_compartment_oral"
    title = "Two compartments by mouth"
    source = Source("made up for the benchmark", status="assumption")
    peripherals = 1
    absorption = "first_order"
    parameters = (
        Parameter("CL", 5.0, "L/h"),
        Parameter("VC", 50.0, "L"),
        Parameter("Q", 10.0, "L/h"),
        Parameter("VP", 100.0, "L"),
        Parameter("KA", 1.0, "1/h"),
    )
    variability = tuple(Variability(p.name, 0.09) for p in parameters)
    outputs = (Output("concentration", "mg/L", ResidualError("none")),)

    def typical(self, theta: Values, c: Values) -> dict[str, float]:
        """The fixed effects."""
        return dict(theta)
