"""QT of one person under a dose: the twin's free peaks, with all that is not known of them, acting on the heart."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitruvian.core import DataError
from vitruvian.model import Schedule
from vitruvian.systems.cardiac_safety import CardiacDrug, QtShift, qt_shift
from vitruvian.twin.twin import Twin

_POINTS = 121


def free_peaks(twin: Twin, schedule: Schedule, *, hours: float = 72.0, seed: int = 0) -> np.ndarray:
    """(draws,) highest free concentration in nM within `hours` from now, under the doses so far and `schedule`.

    Draws of all fitted models, each as often as it weighs. Raises `DataError` where the unbound share is not known.
    """
    twin = twin if twin.fits is not None else twin.calibrate()
    case, drug = twin.case, twin.case.drug
    if drug.unbound is None:
        raise DataError(f"the unbound share of {drug.name} is not known", todo="Give free concentrations to qt_shift.")
    fits = twin.fits or ()
    output = fits[0].model.outputs[0].name
    course = case.given + schedule.shift(case.now)
    times = _times(course, case.now, case.now + hours)
    peaks = [fit.draws.curves([course], [times], output)[0].max(axis=1) for fit in fits]
    weight = np.concatenate([np.full(len(p), fit.weight / len(p)) for p, fit in zip(peaks, fits, strict=True)])
    chosen = np.random.default_rng(seed).choice(np.concatenate(peaks), twin.draws, p=weight / weight.sum())
    return np.asarray(chosen * drug.unbound / drug.molar_mass * 1e6)


def _times(course: Schedule, begin: float, end: float) -> np.ndarray:
    """An even grid, and the end of each dose or infusion, where a level that is not absorbed first is highest."""
    ends = [
        dose.time + k * (dose.interval or 0.0) + (dose.duration or 0.0)
        for dose in course.doses
        for k in range(dose.repeats(end))
    ]
    inside = [at for at in ends if begin <= at <= end]
    return np.union1d(np.linspace(begin, end, _POINTS), inside)


def qt_under(
    twin: Twin, schedule: Schedule, heart: CardiacDrug, *, hours: float = 72.0, seed: int = 0, **asked: Any
) -> QtShift:
    """Shift of this person's QT at the peak of `schedule`; `heart` is the same drug's block, `asked` as for `qt_shift`.

    Raises `DataError` where `heart` is another drug's block.
    """
    if heart.name.casefold() != twin.case.drug.name.casefold():
        raise DataError("block of another drug", got=heart.name, allowed=twin.case.drug.name)
    return qt_shift([heart], [free_peaks(twin, schedule, hours=hours, seed=seed)], seed=seed, **asked)
