"""Speed of inference in CPU seconds of this process: `python bench/inference.py`.

Work: one compartment with absorption (CL 4, V 70, KA 1, Ω 0.2·I, proportional variance 0.05), one oral dose, four levels
per person. CPU seconds count all threads, so that one core and several compare; best of five after compilation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

import numpy as np

import vitruvian  # noqa: F401  (sets the environment before JAX starts)
from vitruvian.core import Source
from vitruvian.infer import importance, map_estimate, posterior
from vitruvian.model import EventTable, Output, Parameter, ResidualError, Subject, Variability, compile_events
from vitruvian.pharmacology.compartments import CompartmentModel

PEOPLE, DRAWS = 1000, 1000
TIMES = np.array([1.5, 4.4, 7.1, 24.6])


class OneOral(CompartmentModel):
    """The model of mapbayr's example run001."""

    name, title = "bench_one_oral", "One compartment, oral"
    source = Source("mapbayr example model run001", status="assumption")
    peripherals: ClassVar = 0
    absorption: ClassVar = "first_order"
    parameters = (Parameter("CL", 4.0, "L/h"), Parameter("VC", 70.0, "L"), Parameter("KA", 1.0, "1/h"))
    variability = (Variability("CL", 0.2), Variability("VC", 0.2), Variability("KA", 0.2))
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.05**0.5)),)

    def typical(self, theta, c):  # type: ignore[no-untyped-def]
        return dict(theta)


def people(model: OneOral, count: int) -> EventTable:
    """`count` people whose levels are simulated with their own etas and residual error."""
    generator = np.random.default_rng(1)
    cl, v, ka = (np.array([4.0, 70.0, 1.0]) * np.exp(0.2**0.5 * generator.standard_normal((count, 3)))).T[:, :, None]
    f = 10_000.0 * ka / v / (ka - cl / v) * (np.exp(-cl / v * TIMES) - np.exp(-ka * TIMES))
    levels = f * (1 + 0.05**0.5 * generator.standard_normal(f.shape))
    return compile_events(model, [_person(str(k), row) for k, row in enumerate(levels)])


def _person(name: str, levels: np.ndarray) -> Subject:
    rows = 1 + len(levels)
    zero, no = np.zeros(rows), np.zeros(rows, dtype=int)
    dose = np.eye(1, rows)[0]
    return Subject(
        id=name,
        time=np.concatenate([[0.0], TIMES]),
        evid=dose.astype(int),
        amt=10_000.0 * dose,
        rate=zero,
        ii=zero,
        addl=no,
        ss=no,
        cmt=dose.astype(int),
        dv=np.concatenate([[np.nan], levels]),
        mdv=dose.astype(int),
        output=no,
        censored=no.astype(bool),
        limit=np.full(rows, np.nan),
        occasion=no,
    )


def measure(work: Callable[[], object], times: int = 5) -> tuple[float, float, float]:
    """First call in wall seconds (with compilation), then the best CPU and wall seconds of later calls."""
    start = time.perf_counter()
    work()
    first, spent, wall = time.perf_counter() - start, [], []
    for _ in range(times):
        cpu, clock = time.process_time(), time.perf_counter()
        work()
        spent.append(time.process_time() - cpu)
        wall.append(time.perf_counter() - clock)
    return first, min(spent), min(wall)


def main() -> None:
    """Print one row per piece of work."""
    model = OneOral()
    table, one = people(model, PEOPLE), people(model, 1)
    estimate = map_estimate(model, table, covariance="exact")
    work: dict[str, tuple[str, Callable[[], object]]] = {
        f"MAP with covariance, {PEOPLE} people": ("0.5", lambda: map_estimate(model, table)),
        f"importance, {PEOPLE} people x {DRAWS} draws": (
            "3",
            lambda: importance(model, table, estimate, draws=DRAWS, seed=1),
        ),
        f"one person: MAP and {DRAWS} draws": ("0.03", lambda: posterior(model, one, draws=DRAWS, seed=1)),
    }
    print(f"{'work':<44}{'CPU s':>9}{'wall s':>9}{'limit s':>9}{'first s':>9}")
    for name, (limit, task) in work.items():
        first, cpu, wall = measure(task)
        print(f"{name:<44}{cpu:>9.4f}{wall:>9.4f}{limit:>9}{first:>9.2f}")
    share = float(estimate.converged.mean())
    print(f"converged {share:.1%}; most steps {int(estimate.steps.max())}")


if __name__ == "__main__":
    main()
