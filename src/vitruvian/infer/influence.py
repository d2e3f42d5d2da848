"""What each level did: how surprising it is given the others, and how far it moved the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.infer.importance import predictions
from vitruvian.infer.likelihood import variance
from vitruvian.infer.observation import cumulative, log_cumulative, log_density
from vitruvian.infer.posterior import Posterior, weighted_quantile
from vitruvian.infer.psis import smooth
from vitruvian.model import ResidualError

# two-sided probability, given the other levels, below which a level is pointed out
SURPRISING = 0.01


@dataclass(frozen=True)
class LevelCheck:
    """One measured level of one person.

    `record` is its place in the table, `predicted` the 5, 50 and 95 % quantiles of the posterior prediction (without
    residual error). `p_posterior` is the two-sided posterior predictive probability of a level as extreme; `p_others`
    the same given only the other levels (leave-one-out), which is the fairer test. `shift` says how far the level moved
    the mean of each eta, in posterior standard deviations; `pareto_k` > 0.7: the leave-one-out numbers are rough.
    """

    record: int
    time: float
    output: str
    unit: str
    level: float
    censored: bool
    predicted: tuple[float, float, float]
    p_posterior: float
    p_others: float
    log_density_others: float
    shift: dict[str, float]
    pareto_k: float

    @property
    def surprising(self) -> bool:
        """Whether the other levels and the model make this level improbable (p < 0.01)."""
        return self.p_others < SURPRISING

    def __str__(self) -> str:
        name = max(self.shift, key=lambda k: abs(self.shift[k]), default="")
        value = f"below {self.level:g}" if self.censored else f"{self.level:g}"
        text = f"Level {value} {self.unit} at {self.time:g}: predicted {self.predicted[1]:.3g} "
        text += f"({self.predicted[0]:.3g} to {self.predicted[2]:.3g}), p = {self.p_others:.2g} given the other levels"
        return f"{text}; it moved {name} most, by {self.shift[name]:+.1f} SD." if name else f"{text}."


def check_levels(posterior: Posterior, person: int = 0) -> tuple[LevelCheck, ...]:
    """Check of every measured level of one person (row of the table), in the order of the records."""
    measured = np.flatnonzero(np.asarray(posterior.table.observations.mask)[person])
    f = predictions(posterior)[person]
    return tuple(_check(posterior, person, int(k), f[:, k]) for k in measured)


def overall_check(posterior: Posterior, person: int = 0) -> float:
    """Posterior predictive p of all levels together: P(χ² of new data ≥ χ² of these data), averaged over the draws.

    Small values say that the model cannot describe this person's levels (Gelman, Meng, Stern, Stat Sin 1996;6:733).
    Censored levels do not count; without levels the answer is 1.
    """
    o = posterior.table.observations
    exact = np.flatnonzero(np.asarray(o.mask)[person] & ~np.asarray(o.censored)[person])
    if not len(exact):
        return 1.0
    f = predictions(posterior)[person]
    total = np.zeros(posterior.draws)
    for k in exact:
        error, level = _error(posterior, person, int(k)), float(np.asarray(o.dv)[person, k])
        with np.errstate(over="ignore", invalid="ignore"):
            apart = np.log(level / f[:, k]) if error.form == "log" else level - f[:, k]
            total += apart**2 / variance(error, f[:, k])
    return _mean(posterior.weight[person], _chi2_beyond(total, len(exact)))


def _mean(weight: Float[np.ndarray, " s"], values: Float[np.ndarray, " s"]) -> float:
    """The weighted mean. A draw without weight does not count, also where its prediction is no number."""
    return float(weight @ np.where(weight > 0, values, 0.0))


def _chi2_beyond(x: Float[np.ndarray, " s"], freedom: int) -> Float[np.ndarray, " s"]:
    """P(χ² > x) for whole degrees of freedom, by the recurrence of the incomplete gamma function (DLMF 8.8.6)."""
    half = 0.5 * x
    start = 0.5 if freedom % 2 else 1.0
    found = np.array([math.erfc(math.sqrt(h)) for h in half]) if freedom % 2 else np.exp(-half)
    for k in range((freedom - 1) // 2):
        a = start + k
        found = found + np.exp(a * np.log(np.maximum(half, 1e-300)) - half - math.lgamma(a + 1.0))
    return np.minimum(found, 1.0)


def _error(posterior: Posterior, person: int, record: int) -> ResidualError:
    return posterior.model.outputs[int(np.asarray(posterior.table.observations.output)[person, record])].error


def _check(posterior: Posterior, person: int, record: int, f: Float[np.ndarray, " s"]) -> LevelCheck:
    o = posterior.table.observations
    censored = bool(np.asarray(o.censored)[person, record])
    level = float(np.asarray(o.limit if censored else o.dv)[person, record])
    output = posterior.model.outputs[int(np.asarray(o.output)[person, record])]
    weight, log_weight = posterior.weight[person], posterior.log_weight[person]
    with np.errstate(over="ignore", invalid="ignore"):
        density = (log_cumulative if censored else log_density)(output.error, f, np.asarray(level))
        below = cumulative(output.error, f, np.asarray(level))
    # a draw that the level excludes (density 0) had no weight to begin with
    counts = np.isfinite(density) & np.isfinite(log_weight)
    ratio = np.where(counts, log_weight - np.where(counts, density, 0.0), -np.inf)
    without, k = smooth(ratio[None])
    others = np.exp(without[0])
    eta = posterior.eta[person]
    mean, sd = weight @ eta, np.sqrt(np.maximum(weight @ eta**2 - (weight @ eta) ** 2, 1e-300))
    moved = (mean - others @ eta) / sd
    low, middle, high = weighted_quantile(f, weight, (0.05, 0.5, 0.95))
    return LevelCheck(
        record=record,
        time=float(np.asarray(o.time)[person, record]),
        output=output.name,
        unit=output.unit,
        level=level,
        censored=censored,
        predicted=(float(low), float(middle), float(high)),
        p_posterior=_two_sided(_mean(weight, below), censored),
        p_others=_two_sided(_mean(others, below), censored),
        log_density_others=float(np.log(np.maximum(_mean(others, np.exp(density)), 1e-300))),
        shift={name: float(m) for name, m in zip(posterior.estimate.names, moved, strict=True)},
        pareto_k=float(k[0]),
    )


def _two_sided(below: float, censored: bool) -> float:
    return below if censored else 2.0 * min(below, 1.0 - below)
