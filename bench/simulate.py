"""Speed and memory of simulation: 10,000 people, two compartments by mouth, 7 doses, 200 times, float64, closed form.

Run with `python bench/simulate.py`. Prints people per CPU-second on one core (best round) and the largest memory used.
"""

from __future__ import annotations

import os
import resource
import time

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np

from vitruvian.core import Source
from vitruvian.model import Output, Parameter, ResidualError, Values, Variability, compile_events, oral, simulate
from vitruvian.pharmacology.compartments import CompartmentModel

PEOPLE, ROUNDS, TARGET = 10_000, 7, 150_000


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


def main() -> None:
    """Measure and print."""
    model = TwoCompartmentOral()
    subject = oral("", 100, "mg", every="24 h", count=7).to_subject(model, np.linspace(0.0, 168.0, 200))
    table = compile_events(model, [subject])
    eta = np.random.default_rng(1).normal(size=(PEOPLE, 5)) * 0.3
    simulate(model, table, eta=eta)
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        simulate(model, table, eta=eta)
        seconds.append(time.process_time() - start)
    rate = PEOPLE / min(seconds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"simulate {PEOPLE:,} people, 200 times: {rate:,.0f} people per CPU-second (must reach {TARGET:,})")
    print(f"largest memory: {memory:,.0f} MB")


if __name__ == "__main__":
    main()
