"""People made by hand for the twin: no record, plain numbers; few shapes, so that few programs are compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vitruvian.model import Model
from vitruvian.model.schedule import Schedule, infusion
from vitruvian.pharmacology import find
from vitruvian.twin import Case, Measured, Twin
from vitruvian.twin.calibrate import Fit

VANCOMYCIN = find("vancomycin")
GOTI, THOMSON = (
    next(m for m in VANCOMYCIN.models if m.name == f"vancomycin_{n}") for n in ("goti_2018", "thomson_2009")
)
ADULT = {"CRCL": 65.0, "WT": 70.0, "DIALYSIS": 0.0, "AGE": 60.0, "SCR": 1.0, "FEMALE": 0.0, "BSA": 1.8, "HT": 172.0}
DRAWS = 200
NEVER = Schedule((), "vancomycin")
FOUR = infusion("vancomycin", 1000, "mg", over=1, every=12, count=4)
TIMES = (2.0, 11.5, 26.0, 47.5)


def case(levels: Sequence[tuple[float, float]] = (), given: Schedule = FOUR, now: float = 60.0, **more: float) -> Case:
    """A person on vancomycin with levels (h, mg/L); `more` are covariates."""
    measured = tuple(Measured(t, v, "mg/L", "concentration") for t, v in levels)
    return Case("p", VANCOMYCIN, "iv", now, 0, None, given, measured, ADULT | more)


def twin(person: Case, *models: Model, seed: int = 0) -> Twin:
    """A calibrated twin, by default under Goti 2018 alone."""
    return Twin(person, models=models or (GOTI,), draws=DRAWS, seed=seed).calibrate()


def fits(calibrated: Twin) -> tuple[Fit, ...]:
    assert calibrated.fits is not None
    return calibrated.fits


def known(fit: Fit, eta: Sequence[float]) -> Fit:
    """The same fit, but everything is known of the person: each draw has these random effects."""
    everyone = np.tile(np.asarray(eta, dtype=float), (DRAWS, 1))
    return replace(fit, draws=replace(fit.draws, eta=everyone))


def simulated(eta: Sequence[float], times: Sequence[float] = TIMES, model: Model = GOTI, **more: float) -> Case:
    """A person whose levels are the model's own, without residual error, for these random effects."""
    person = case(**more)
    from vitruvian.twin.draws import Draws

    truth = Draws(
        model, model.theta, np.asarray([eta], dtype=float), np.zeros(1, dtype=int), person.covariates_for(model)
    )
    curve = truth.curves([FOUR], [np.asarray(times, dtype=float)], "concentration")[0][0]
    return case(tuple(zip(times, curve.tolist(), strict=True)), **more)
