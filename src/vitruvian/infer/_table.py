"""What inference needs of an event table beyond the model's equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vitruvian.core import DataError
from vitruvian.model import EventTable, Model


def anonymous(table: EventTable) -> EventTable:
    """The table without ids: they are static in it, and a new patient must not cause a new compilation."""
    return replace(table, ids=())


def check_observations(model: Model, table: EventTable) -> None:
    """Raises `DataError` for an observation that is not a number, or that the output's error model cannot have."""
    o = table.observations
    mask, dv, output = np.asarray(o.mask), np.asarray(o.dv), np.asarray(o.output)
    censored, limit = np.asarray(o.censored) & mask, np.asarray(o.limit)
    # NaN says "not measured"; an infinite value is a mistake, also where the table does not count it as measured
    _refuse(table, np.isinf(dv) | (mask & ~censored & np.isnan(dv)), dv, "an observation is not a finite number")
    _refuse(table, censored & ~np.isfinite(limit), limit, "a censored observation has no limit of quantification")
    for index, out in enumerate(model.outputs):
        here = mask & (output == index)
        e = out.error
        if e.form == "none" or (e.additive == 0 and e.proportional == 0):
            _refuse(
                table, here, dv, f"output {out.name} of model {model.name} has no residual error to weigh data with"
            )
        if e.form == "log":
            _refuse(
                table, here & ~censored & ~(dv > 0), dv, f"output {out.name} is compared as logarithm; not positive"
            )
            _refuse(table, here & censored & ~(limit > 0), limit, f"the limit of output {out.name} is not positive")
    if (mask & ((output < 0) | (output >= len(model.outputs)))).any():
        raise DataError("an observation of an output that the model does not have", allowed=len(model.outputs))


def _refuse(table: EventTable, bad: np.ndarray, values: np.ndarray, what: str) -> None:
    if bad.any():
        person, record = np.argwhere(bad)[0]
        time = float(np.asarray(table.observations.time)[person, record])
        raise DataError(
            what,
            got=f"{values[person, record]} for person {table.ids[person]} at time {time:g}",
            todo="Correct the value, or mark it as missing (MDV = 1) or as censored with its limit.",
        )
