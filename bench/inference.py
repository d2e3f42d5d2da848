"""Inference: a thousand people at once, and one alone.

Work: one compartment with absorption (CL 4, V 70, KA 1, Ω 0.2·I, proportional variance 0.05), one oral dose, four
levels per person. The peer (mapbayr, R) does not run in Python; its figure of the paper stands beside.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bench.timing import Row, best
from vitruvian.core import Source
from vitruvian.infer import importance, map_estimate
from vitruvian.model import EventTable, Output, Parameter, ResidualError, Subject, Variability, compile_events
from vitruvian.pharmacology.compartments import CompartmentModel

MAP_S, DRAW_S, PEER_MS = 0.5, 3.0, 60
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


def rows(count: int, draws: int, rounds: int) -> list[Row]:
    """MAP with covariance, and importance draws, of `count` people at once."""
    model = OneOral()
    table = people(model, count)
    estimate = map_estimate(model, table, covariance="exact").require_converged()
    mode = best(lambda: map_estimate(model, table), rounds)
    draw = best(lambda: importance(model, table, estimate, draws=draws, seed=1), rounds)
    each = 1000 * mode.cpu / count
    return [
        Row(
            f"MAP with covariance, {count:,} patients at once, 4 levels each",
            f"<= {MAP_S:g} CPU-s",
            f"{mode.cpu:.3f} CPU-s",
            mode.cpu <= MAP_S,
            f"{each:.2f} ms each; mapbayr (R): about {PEER_MS} ms each, not run here",
        ),
        Row(
            f"importance posterior, the same {count:,} patients x {draws:,} draws",
            f"<= {DRAW_S:g} CPU-s",
            f"{draw.cpu:.2f} CPU-s",
            draw.cpu <= DRAW_S,
            f"{1000 * draw.cpu / count:.2f} ms each",
        ),
    ]
