"""Visual predictive check: observed percentiles beside those of data simulated from the model.

Prediction correction: M. Bergstrand et al., AAPS J 13:143 (2011), doi:10.1208/s12248-011-9255-z.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError
from vitruvian.infer.observation import draw_level
from vitruvian.model import EventTable, Model, simulate

PERCENTILES = (5.0, 50.0, 95.0)


@dataclass(frozen=True)
class PredictiveCheck:
    """One output's check over B bins of time; percentiles are 5, 50, 95.

    `observed` are the data's percentiles; `low`, `median`, `high` the 5 %, 50 % and 95 % quantiles over replicates of
    the simulated ones. `inside` is the share of observed percentiles within low to high.
    """

    output: str
    unit: str
    time_unit: str
    corrected: bool
    replicates: int
    centre: Float[np.ndarray, " b"]
    observed: Float[np.ndarray, "b 3"]
    low: Float[np.ndarray, "b 3"]
    median: Float[np.ndarray, "b 3"]
    high: Float[np.ndarray, "b 3"]
    times: Float[np.ndarray, " m"]
    values: Float[np.ndarray, " m"]

    @property
    def inside(self) -> float:
        """Share of observed percentiles inside their simulated band (about 0.9 is expected of a true model)."""
        return float(((self.observed >= self.low) & (self.observed <= self.high)).mean())


def predictive_check(
    model: Model,
    table: EventTable,
    *,
    theta: Mapping[str, float] | None = None,
    replicates: int = 500,
    seed: int,
    bins: int = 10,
    corrected: bool = False,
    output: int = 0,
    progress: Callable[[int], object] = lambda done: None,
) -> PredictiveCheck:
    """Simulate the data set `replicates` times with new people and residual errors, and compare percentiles.

    Censored and missing values are left out. Bins hold about equal numbers of observations; `progress` is told after
    each replicate. Raises `DataError` without observations of the output.
    """
    o = table.observations
    use = np.asarray(o.mask) & ~np.asarray(o.censored) & (np.asarray(o.output) == output)
    times, values = np.asarray(o.time)[use], np.asarray(o.dv)[use]
    if not use.any():
        raise DataError(f"no observations of {model.outputs[output].name}", todo="A check needs observed values (DV).")
    which, centre = _bins(times, bins)
    rng = np.random.default_rng(seed)
    omega = model.omega(table.n_occasions)
    factor = np.linalg.cholesky(omega) if len(omega) else omega
    scale = _correction(simulate(model, table, theta)[..., output][use], which) if corrected else np.ones_like(values)
    simulated = np.empty((replicates, len(centre), 3))
    for k in range(replicates):
        eta = rng.standard_normal((len(table.ids), len(omega))) @ factor.T
        f = simulate(model, table, theta, eta)[..., output][use]
        drawn = draw_level(model.outputs[output].error, f, rng.standard_normal(len(f)))
        simulated[k] = _percentiles(drawn * scale, which, len(centre))
        progress(k + 1)
    low, median, high = np.quantile(simulated, (0.05, 0.5, 0.95), axis=0)
    observed = _percentiles(values * scale, which, len(centre))
    out = model.outputs[output]
    return PredictiveCheck(
        output=out.name,
        unit=out.unit,
        time_unit=model.time_unit,
        corrected=corrected,
        replicates=replicates,
        centre=centre,
        observed=observed,
        low=low,
        median=median,
        high=high,
        times=times,
        values=values * scale,
    )


def _bins(times: Float[np.ndarray, " m"], bins: int) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " b"]]:
    """Bin of each observation and each bin's median time; few distinct times make one bin each."""
    distinct = np.unique(times)
    inner = np.quantile(times, np.linspace(0, 1, bins + 1)[1:-1])
    edges = (distinct[1:] + distinct[:-1]) / 2 if len(distinct) <= bins else np.unique(inner)
    which = np.unique(np.searchsorted(edges, times, side="left"), return_inverse=True)[1]
    return which, np.array([np.median(times[which == b]) for b in range(which.max() + 1)])


def _correction(pred: Float[np.ndarray, " m"], which: Int[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    typical = np.array([np.median(pred[which == b]) for b in range(which.max() + 1)])[which]
    zero: Bool[np.ndarray, " m"] = pred == 0
    return np.where(zero, 1.0, typical / np.where(zero, 1.0, pred))


def _percentiles(values: Float[np.ndarray, " m"], which: Int[np.ndarray, " m"], count: int) -> Float[np.ndarray, "b 3"]:
    return np.array([np.percentile(values[which == b], PERCENTILES) for b in range(count)])
