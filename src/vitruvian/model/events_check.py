"""What a person's records must fulfil before they are compiled: refused whole, by name."""

from __future__ import annotations

import numpy as np

from vitruvian.core import DataError, UnsupportedError
from vitruvian.model.model import Model
from vitruvian.model.subject import Subject


def check_subject(model: Model, s: Subject, keys: dict[str, set[str]]) -> None:
    """Raises `DataError` where records contradict themselves or the model, `UnsupportedError` for what is not done."""
    if not len(s):
        raise DataError(f"person {s.id} has no records")
    _check_times(s)
    evid = np.asarray(s.evid)
    _refuse(s, ~np.isin(evid, (0, 1, 2, 3, 4)), "EVID", evid, "0, 1, 2, 3, 4")
    _refuse(s, np.asarray(s.occasion) < 0, "occasion", s.occasion, "0, 1, 2, …")
    seen = (evid == 0) & ((s.output < 0) | (s.output >= len(model.outputs)))
    _refuse(s, seen, "output of an observation", s.output, f"0 to {len(model.outputs) - 1}")
    _refuse(s, (evid == 0) & np.isinf(np.asarray(s.dv, dtype=float)), "DV", s.dv, "finite, or missing")
    dose = np.isin(evid, (1, 4))
    if (np.asarray(s.cmt) < 0).any():
        raise UnsupportedError(
            f"person {s.id}: negative CMT (turning a compartment off)", got=int(np.min(s.cmt)), allowed="0 or more"
        )
    n = len(model.compartments)
    _refuse(s, dose & (s.cmt > n), "CMT of a dose", s.cmt, f"1 to {n}: {', '.join(model.compartments)}")
    _check_doses(s, dose)
    for i in np.flatnonzero(dose & (s.rate < 0)):
        name, key = model.compartments[max(int(s.cmt[i]), 1) - 1], {-1: "RATE", -2: "DUR"}[int(s.rate[i])]
        if key not in keys[name]:
            raise DataError(
                f"person {s.id}, record {i + 1}: RATE {s.rate[i]:g} asks the model for {key} of {name}",
                allowed="a model whose `dosing` gives it",
            )


def _check_times(s: Subject) -> None:
    time = np.asarray(s.time, dtype=float)
    _refuse(s, ~np.isfinite(time), "TIME", time, "finite numbers")
    back = np.append(False, np.diff(time) < 0)
    if (back & np.isin(s.evid, (3, 4))).any():
        raise UnsupportedError(
            f"person {s.id}: time that starts anew at a reset", todo="Let time run on through the reset."
        )
    _refuse(s, back, "TIME (it runs backwards)", time, "records in order of time")


def _check_doses(s: Subject, dose: np.ndarray) -> None:
    amt, rate, ii, ss, addl = (np.asarray(x, dtype=float) for x in (s.amt, s.rate, s.ii, s.ss, s.addl))
    _refuse(s, dose & ~(np.isfinite(amt) & (amt >= 0)), "AMT of a dose", amt, "0 or more")
    _refuse(s, dose & ~(np.isfinite(rate) & ((rate >= 0) | (rate == -1) | (rate == -2))), "RATE", rate, "≥ 0, -1, -2")
    _refuse(s, dose & ~np.isin(ss, (0, 1, 2)), "SS", ss, "0, 1, 2")
    _refuse(s, dose & ((addl < 0) | (addl != np.round(addl))), "ADDL", addl, "0, 1, 2, …")
    _refuse(s, dose & ~(np.isfinite(ii) & (ii >= 0)), "II", ii, "0 or more")
    constant = (ss > 0) & (amt == 0) & (rate > 0) & (ii == 0)
    _refuse(s, dose & (addl > 0) & (ii <= 0), "II with ADDL", ii, "above 0")
    _refuse(s, dose & (ss > 0) & (ii <= 0) & ~constant, "II with SS", ii, "above 0 (0 only with AMT 0 and RATE > 0)")
    _refuse(s, dose & (amt == 0) & (rate != 0) & ~constant, "AMT 0 with RATE", rate, "only with SS and II 0")
    _refuse(s, dose & constant & (addl > 0), "ADDL with a constant infusion", addl, "0")


def _refuse(s: Subject, bad: np.ndarray, what: str, values: object, allowed: str) -> None:
    if np.any(bad):
        i = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"person {s.id}, record {i + 1}: {what}", got=f"{float(np.asarray(values)[i]):g}", allowed=allowed
        )
